import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import lamina as keras
from lamina.kernels import layer_norm, layer_normalization, native

quick = settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@pytest.fixture
def any_size(monkeypatch):
    """Let the extension normalize few elements as well."""
    monkeypatch.setattr(layer_normalization, "FEWEST_ELEMENTS", 1)


def with_gradients(function, order=1):
    """Return results, and gradients for all arguments of a wave over them."""

    def loss(*arguments):
        results = function(*arguments)
        weights = jnp.cos(jnp.arange(results.size, dtype=jnp.float32)).reshape(results.shape)
        return jnp.sum(jnp.sin(results) * weights), results

    def slopes(*arguments):
        (_, results), gradients = jax.value_and_grad(loss, range(len(arguments)), has_aux=True)(*arguments)
        return results, gradients

    if order == 1:
        return slopes

    def curve(*arguments):
        return sum(jnp.sum(jnp.sin(gradient)) for gradient in slopes(*arguments)[1])

    return lambda *arguments: jax.grad(curve, range(len(arguments)))(*arguments)


def calls(function, *arguments):
    """Return how often the compiled program calls the normalization of the extension."""
    return jax.jit(lambda *arguments: function(*arguments)).lower(*arguments).as_text().count("@lamina_layer_norm")


@quick
@given(
    rows=st.one_of(st.integers(1, 20), st.sampled_from([64, 200])),
    width=st.one_of(st.integers(2, 40), st.sampled_from([64, 127, 300, 1030])),
    scaled=st.booleans(),
    shifted=st.booleans(),
)
def test_values_and_gradients(
    beside_lax, any_size, each_level, assert_close, random_arrays, rows, width, scaled, shifted
):
    x, scale, offset = random_arrays(0, (rows, width), (width,), (width,))
    function = with_gradients(
        lambda x, scale, offset: layer_norm(x + 2, scale if scaled else None, offset if shifted else None)
    )
    assert calls(function, x, scale, offset) == 2
    both = beside_lax(function)
    for actual, expected in each_level(both, x, scale, offset):
        assert_close(actual, expected, 2e-5)


@pytest.mark.parametrize("rows, width", [(700, 130), (5, 20_000)])
def test_rows_shared_by_threads(beside_lax, each_level, assert_close, random_arrays, rows, width):
    arguments = random_arrays(0, (rows, width), (width,), (width,))
    function = with_gradients(layer_norm)
    assert calls(function, *arguments) == 2
    both = beside_lax(function)
    for actual, expected in each_level(both, *arguments):
        assert_close(actual, expected, 2e-5)
        again = both(*arguments)[0]
        jax.tree.map(np.testing.assert_array_equal, actual, again)


@pytest.mark.parametrize(
    "shape, axes", [((6, 5, 40), (1, 2)), ((6, 5, 40), (-1,)), ((200,), (0,)), ((3, 4, 5, 4), (1, 2, 3))]
)
def test_last_axes_are_rows(beside_lax, any_size, assert_close, random_arrays, shape, axes):
    inner = tuple(shape[axis] for axis in axes)
    x, scale, offset = random_arrays(0, shape, inner, inner)
    function = with_gradients(lambda *arguments: layer_norm(*arguments, axes=axes))
    assert calls(function, x, scale, offset) == 2
    both = beside_lax(function)
    assert_close(*both(x, scale, offset), 2e-5)


@pytest.mark.parametrize(
    "shape, axes", [((6, 50, 40), (1,)), ((9, 50, 40), (0, 2)), ((6000, 1), (1,)), ((10, 10), (1,))]
)
def test_what_stays_with_xla(random_arrays, shape, axes):
    (x,) = random_arrays(0, shape)
    assert calls(with_gradients(lambda x: layer_norm(x, axes=axes)), x) == 0


@pytest.mark.parametrize("offset", [0.0, 30.0, -1e4, 1e6])
def test_precision_beside_a_large_mean(each_level, offset):
    x = (np.random.default_rng(0).normal(size=(40, 700)) + offset).astype(np.float32)
    exact = x.astype(np.float64)
    exact = (exact - exact.mean(1, keepdims=True)) / np.sqrt(exact.var(1, keepdims=True) + 1e-3)
    # The mean is kept as a float: half of its last place is what may be missing, beside a deviation of 1.
    unit = np.spacing(np.float32(abs(offset)))
    for outputs in each_level(jax.jit(lambda x: layer_norm(x)), x):
        np.testing.assert_allclose(outputs, exact, atol=2e-6 + unit, rtol=0)


def test_constant_rows(each_level):
    x = jnp.full((50, 100), 7.7)
    for outputs, (slope,) in each_level(jax.jit(with_gradients(layer_norm)), x):
        np.testing.assert_allclose(outputs, 0, atol=1e-6)
        assert np.isfinite(slope).all()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_stays_in_its_row(each_level, random_arrays, value):
    x, scale, offset = random_arrays(0, (50, 100), (100,), (100,))
    program = jax.jit(with_gradients(layer_norm))
    wrong = x.at[3, 99].set(value)
    for right, (outputs, (dx, dscale, _)) in zip(
        list(each_level(program, x, scale, offset)), each_level(program, wrong, scale, offset), strict=True
    ):
        for one, other in ((outputs, right[0]), (dx, right[1][0])):
            assert np.isnan(one[3]).all()
            np.testing.assert_array_equal(np.delete(one, 3, 0), np.delete(other, 3, 0))
        assert np.isnan(dscale).all()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_gradient_that_is_not_finite_stays_in_its_row_and_column(each_level, random_arrays, value):
    x, g = random_arrays(0, (50, 100), (50, 100))
    g = g.at[4, 7].set(value)
    program = jax.jit(lambda x, g: jax.vjp(layer_norm, x, jnp.ones(100), jnp.zeros(100))[1](g))
    for dx, dscale, doffset in each_level(program, x, g):
        assert not np.isfinite(dx[4]).any()
        assert np.isfinite(np.delete(dx, 4, 0)).all()
        assert np.isfinite(np.delete(dscale, 7)).all() and np.isfinite(np.delete(doffset, 7)).all()
        assert not np.isfinite(dscale[7]) and not np.isfinite(doffset[7])


def test_gradients_of_second_order(beside_lax, any_size, assert_close, random_arrays):
    arguments = random_arrays(0, (7, 19), (19,), (19,))
    function = with_gradients(layer_norm, order=2)
    both = beside_lax(function)
    assert_close(*both(*arguments), 2e-5)


@pytest.mark.parametrize("axes", [(0, None, None), (1, None, None), (None, 0, 0)])
def test_vmap(beside_lax, any_size, assert_close, random_arrays, axes):
    shapes = [(7, 19), (19,), (19,)]
    arguments = random_arrays(
        0,
        *(
            shape if axis is None else (*shape[:axis], 3, *shape[axis:])
            for shape, axis in zip(shapes, axes, strict=True)
        ),
    )
    function = jax.vmap(with_gradients(layer_norm), axes)
    both = beside_lax(function)
    assert_close(*both(*arguments), 2e-5)


def test_without_the_extension(assert_close, random_arrays, lose_the_extension):
    arguments = random_arrays(0, (50, 100), (100,), (100,))
    function = with_gradients(layer_norm)
    expected = jax.jit(function)(*arguments)
    lose_the_extension()
    assert calls(function, *arguments) == 0
    assert_close(jax.jit(lambda *arguments: function(*arguments))(*arguments), expected, 1e-5)


def test_types(random_arrays):
    x, scale = (one.astype(jnp.bfloat16) for one in random_arrays(0, (50, 100), (100,)))
    function = with_gradients(layer_norm)
    assert calls(function, x, scale) == 2  # what is computed in float32 in any case
    assert {leaf.dtype.name for leaf in jax.tree.leaves(function(x, scale))} == {"bfloat16"}
    with jax.enable_x64(True):
        assert calls(function, np.ones((50, 100)), np.ones(100)) == 0


@pytest.mark.parametrize("epsilon", [1, np.float64(0.1), np.array(0.1), jnp.float32(0.1)])
def test_epsilon_of_any_kind(beside_lax, assert_close, random_arrays, epsilon):
    (x,) = random_arrays(0, (50, 100))
    expected = beside_lax(lambda x: layer_norm(x, epsilon=float(epsilon)))(x)[1]
    assert_close(layer_norm(x, epsilon=epsilon), expected, 1e-5)


def test_without_jit(assert_close, random_arrays):
    (x,) = random_arrays(0, (50, 100))
    expected = jax.jit(layer_norm)(x)
    with jax.disable_jit():
        assert_close(layer_norm(x), expected, 1e-6)


def test_exported_programs_hold_no_calls(assert_close, random_arrays):
    model = keras.Sequential([keras.Input((100,)), keras.layers.LayerNormalization(epsilon=0.5)])
    (x,) = random_arrays(0, (50, 100))
    program = jax.jit(lambda x: model(x))
    assert calls(program, x) == 1
    exported = jax.export.export(program)(x)
    assert "@lamina_" not in exported.mlir_module()
    assert_close(exported.call(x), program(x), 1e-5)
    rows = jax.ShapeDtypeStruct(jax.export.symbolic_shape("rows, 100"), jnp.float32)
    assert "@lamina_" not in jax.export.export(program)(rows).mlir_module()


X, ROW, COLUMN, WRONG = jnp.ones((3, 4)), jnp.ones((1, 4)), jnp.ones((3, 1)), jnp.ones((2, 5))
HANDLERS = {
    "lamina_layer_norm": ([X, ROW, ROW], [X, COLUMN, COLUMN], [0]),
    "lamina_layer_norm_gradient": ([X, X, ROW, COLUMN, COLUMN], [X, ROW, ROW], None),
}


@pytest.mark.parametrize("target", HANDLERS)
def test_handlers_refuse_what_does_not_fit(target):
    """They rely on nobody: sizes are checked before memory is touched."""

    def call(operands, results, options):
        shapes = [jax.ShapeDtypeStruct(one.shape, one.dtype) for one in results]
        given = {} if options is None else {"options": np.array(options, np.int64)}
        program = jax.jit(lambda *operands: jax.ffi.ffi_call(target, shapes)(*operands, **given))
        return jax.block_until_ready(program(*operands))

    def replaced(arrays, place, array):
        return [*arrays[:place], array, *arrays[place + 1 :]]

    assert native.available(target)
    operands, results, options = HANDLERS[target]
    call(operands, results, options)
    cases = [(operands[1:], results, options), ([*operands, X], results, options), ([], results, options)]
    cases += [(operands, results[:-1], options), (operands, [*results, X], options)]
    cases += [] if options is None else [(operands, results, options[:-1])]
    for place, operand in enumerate(operands):
        wrong = (WRONG, WRONG[0], operand.astype("int32"))
        cases += [(replaced(operands, place, array), results, options) for array in wrong]
    cases += [(operands, replaced(results, place, WRONG), options) for place in range(len(results))]
    for case in cases:
        with pytest.raises(jax.errors.JaxRuntimeError, match=f"{target}: the shapes do not fit"):
            call(*case)
