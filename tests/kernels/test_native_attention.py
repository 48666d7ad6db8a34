import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import lamina as keras
from lamina import kernels
from lamina.kernels import native_attention
from lamina.kernels.attention import attend, flash_attention

quick = settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
lengths = st.one_of(st.integers(1, 20), st.sampled_from([31, 48, 49, 97, 130]))
widths = st.one_of(st.integers(1, 20), st.sampled_from([32, 33, 64]))


@pytest.fixture(autouse=True)
def every_attention_is_worth_a_call(monkeypatch):
    monkeypatch.setattr(native_attention, "FEWEST_MULTIPLICATIONS", 1)


def heads(batch, queries, keys, together, shared, size, value_size, seed=0):
    """Return queries, keys, values, and a gradient for the outputs."""
    random = np.random.default_rng(seed)
    shapes = [
        (batch, queries, together * shared, size),
        (batch, keys, shared, size),
        (batch, keys, shared, value_size),
        (batch, queries, together * shared, value_size),
    ]
    return [jnp.asarray(random.standard_normal(shape), jnp.float32) for shape in shapes]


def seen_keys(kind, batch, together, queries, keys):
    random = np.random.default_rng(1)
    if kind == "none":
        return None
    if kind == "causal":
        return jnp.tril(jnp.ones((1, 1, queries, keys), bool))
    if kind == "lengths":
        ends = random.integers(0, keys + 1, (batch, 1, 1, 1))
        return jnp.broadcast_to(jnp.arange(keys) < ends, (batch, 1, queries, keys))
    return jnp.asarray(random.random((batch if kind == "any" else 1, together, queries, keys)) < 0.3)


def with_gradients(function, query, key, value, g, visible):
    outputs, gradient = jax.vjp(lambda *arrays: function(*arrays, visible), query, key, value)
    return outputs, *gradient(g)


def exact(query, key, value, g, visible):
    """The formulas in float64, with the gradients worked out by hand."""
    together = query.shape[2] // key.shape[2]
    query, key, value, g = (np.asarray(array, np.float64) for array in (query, key, value, g))
    key, value = (np.repeat(array, together, 2) for array in (key, value))
    scale = query.shape[-1] ** -0.5
    scores = np.einsum("bthd,bshd->bhts", query, key) * scale
    visible = np.ones_like(scores, bool) if visible is None else np.broadcast_to(visible, scores.shape)
    largest = np.max(np.where(visible, scores, -1e30), -1, keepdims=True)
    weights = np.where(visible, np.exp(np.minimum(scores - largest, 0)), 0)
    weights = weights / np.maximum(weights.sum(-1, keepdims=True), 1e-300)
    dweights = np.einsum("bthd,bshd->bhts", g, value)
    dscores = weights * (dweights - np.sum(weights * dweights, -1, keepdims=True)) * scale
    dquery = np.einsum("bhts,bshd->bthd", dscores, key)
    dkey, dvalue = np.einsum("bhts,bthd->bshd", dscores, query), np.einsum("bhts,bthd->bshd", weights, g)
    shared = [array.reshape(*array.shape[:2], -1, together, array.shape[-1]).sum(3) for array in (dkey, dvalue)]
    return np.einsum("bhts,bshd->bthd", weights, value), dquery, *shared


def plain(query, key, value, visible):
    key, value = (jnp.repeat(array, query.shape[2] // key.shape[2], 2) for array in (key, value))
    with kernels.reference_kernels():
        return attend(query, key, value, visible, (1,), lambda weights: weights)[0]


def calls(function, *arguments):
    """Return how often the compiled program calls the extension."""
    return jax.jit(lambda *arguments: function(*arguments)).lower(*arguments).as_text().count("@lamina_attention")


@quick
@given(
    batch=st.integers(1, 3),
    queries=lengths,
    keys=lengths,
    together=st.integers(1, 3),
    shared=st.integers(1, 2),
    size=widths,
    value_size=widths,
    kind=st.sampled_from(["none", "causal", "lengths", "any", "by head"]),
)
def test_values_and_gradients(level, batch, queries, keys, together, shared, size, value_size, kind):
    arrays = heads(batch, queries, keys, together, shared, size, value_size)
    visible = seen_keys(kind, batch, together * shared, queries, keys)
    actual = jax.jit(lambda *arrays: with_gradients(flash_attention, *arrays, visible))(*arrays)
    for one, expected in zip(actual, exact(*arrays, visible), strict=True):
        assert one.dtype == jnp.float32
        np.testing.assert_allclose(one, expected, rtol=1e-4, atol=1e-5 * np.abs(expected).max() + 1e-6)


@pytest.mark.parametrize("size", [1e-3, 1.0, 30.0, 1e4])
def test_scores_of_any_size(level, size):
    query, key, value, g = heads(2, 20, 40, 1, 2, 16, 8)
    arrays = query * size, key, value, g
    actual = with_gradients(flash_attention, *arrays, None)
    for one, expected in zip(actual, exact(*arrays, None), strict=True):
        # Scores are rounded to 24 bits before the exponential, so errors of the weights grow with them.
        np.testing.assert_allclose(one, expected, rtol=0, atol=1e-6 * max(size, 1) * max(np.abs(expected).max(), 1))


def test_weights_add_up_to_1(level):
    query, key, value, _ = heads(2, 33, 70, 1, 2, 16, 8)
    np.testing.assert_allclose(flash_attention(5 * query, key, jnp.ones_like(value)), 1, rtol=1e-6)


def test_a_query_that_sees_nothing_gives_0_and_no_gradient(level):
    arrays = heads(2, 50, 60, 2, 1, 16, 8)
    visible = jnp.ones((2, 1, 50, 60), bool).at[0, :, 7].set(False).at[1].set(False)
    outputs, dquery, dkey, dvalue = with_gradients(flash_attention, *arrays, visible)
    for array in (outputs, dquery):
        assert (array[0, 7] == 0).all() and (array[1] == 0).all() and (array[0, 8] != 0).all()
    assert (dkey[1] == 0).all() and (dvalue[1] == 0).all() and (dvalue[0] != 0).all()


def test_what_is_not_finite_stays_in_its_rows(level):
    query, key, value, g = heads(1, 60, 40, 1, 2, 16, 8)
    outputs = flash_attention(query.at[0, 3, 1, 2].set(jnp.nan), key, value)
    assert np.isnan(outputs[0, 3, 1]).all()
    assert np.isfinite(outputs.at[0, 3, 1].set(0)).all()
    visible = jnp.tril(jnp.ones((60, 40), bool))[None]
    outputs = flash_attention(query, key.at[0, 20].set(jnp.nan), value, visible)
    assert np.isfinite(outputs[0, :20]).all() and np.isnan(outputs[0, 20:]).all()


def test_derivatives_of_second_order(assert_close):
    query, key, value, _ = heads(2, 9, 11, 2, 1, 8, 6)
    visible = seen_keys("any", 2, 2, 9, 11)

    def slope(function):
        def loss(*arrays):
            return jnp.sum(jnp.sin(function(*arrays, visible)))

        return lambda *arrays: sum(jnp.sum(part**2) for part in jax.grad(loss, (0, 1, 2))(*arrays))

    second = [jax.jit(jax.grad(slope(one), (0, 1, 2)))(query, key, value) for one in (flash_attention, plain)]
    assert_close(*second, 5e-5)


def test_vmap(assert_close):
    query, key, value, _ = heads(6, 9, 11, 1, 2, 8, 6)
    query, key, value = (array.reshape(2, 3, *array.shape[1:]) for array in (query, key, value))
    assert_close(
        jax.vmap(flash_attention)(query, key, value), jax.vmap(lambda *a: plain(*a, None))(query, key, value), 1e-5
    )


def test_same_result_each_time_and_whatever_else_is_in_the_batch(level):
    query, key, value, g = heads(5, 100, 70, 2, 2, 16, 8)
    visible = jnp.tril(jnp.ones((1, 100, 70), bool))
    run = jax.jit(lambda *arrays: with_gradients(flash_attention, *arrays, visible))
    first = run(query, key, value, g)
    for other in (run(query, key, value, g) for _ in range(3)):
        jax.tree.map(np.testing.assert_array_equal, first, other)


@pytest.mark.parametrize("name", ["MultiHeadAttention", "GroupQueryAttention"])
def test_layers_take_it(assert_close, lose_the_extension, name):
    if name == "MultiHeadAttention":
        layer = keras.layers.MultiHeadAttention(4, 8, value_dim=6)
    else:
        layer = keras.layers.GroupQueryAttention(8, 4, 2)
    x = jnp.asarray(np.random.default_rng(0).standard_normal((2, 12, 10)), jnp.float32)

    def run(x, **arguments):
        return layer(x, x, use_causal_mask=True, **arguments)

    expected = run(x)
    assert calls(run, x) == 1
    assert calls(lambda x: run(x, return_attention_scores=True), x) == 0
    assert calls(lambda x: layer(x.astype("bfloat16"), x), x) == 1  # computed in float32
    keras.config.disable_flash_attention()
    try:
        assert calls(run, x) == 0
        assert_close(run(x), expected, 1e-5)
    finally:
        keras.config.enable_flash_attention()
    lose_the_extension()
    assert calls(run, x) == 0
    assert_close(run(x), expected, 1e-5)


def test_dropout_while_training_takes_the_plain_formula(monkeypatch):
    layer = keras.layers.MultiHeadAttention(2, 8, dropout=0.5)
    x = jnp.ones((2, 12, 10))
    layer.build(x.shape, x.shape)
    assert calls(lambda x: layer(x, x, training=False), x) == 1
    monkeypatch.setattr(native_attention, "attend", None)
    assert layer(x, x, training=True).shape == x.shape


def test_small_attention_is_left_to_xla(monkeypatch):
    monkeypatch.undo()
    small, large = heads(4, 8, 8, 1, 2, 8, 8)[:3], heads(8, 16, 16, 1, 2, 8, 8)[:3]
    assert flash_attention(*small) is None
    assert calls(flash_attention, *large) == 1


def test_exported_programs_hold_no_calls(assert_close):
    query, key, value, g = heads(2, 9, 11, 1, 2, 8, 6)
    run = jax.jit(lambda *arrays: with_gradients(flash_attention, *arrays, None))
    exported = jax.export.export(run)(query, key, value, g)
    assert "lamina_attention" not in exported.mlir_module()
    assert_close(exported.call(query, key, value, g), run(query, key, value, g), 1e-5)
