import os

os.environ.setdefault("KERAS_BACKEND", "jax")

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lamina.kernels import gru, lstm, reference_kernels

quick = settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
options = st.fixed_dictionaries(
    {
        "reverse": st.booleans(),
        "return_sequences": st.booleans(),
        "zero_output_for_mask": st.booleans(),
        "time_major": st.booleans(),
    }
)
masks = st.sampled_from([None, "ragged", "scattered"])


def make_mask(kind, batch, steps, time_major):
    if kind is None:
        return None
    if kind == "ragged":
        mask = np.arange(steps) < np.arange(1, batch + 1)[:, None]
    else:
        mask = np.random.default_rng(1).random((batch, steps)) < 0.6
        mask[0, [0, -1]] = False
    return jnp.asarray(mask.T if time_major else mask)


def lstm_arguments(random_arrays, batch, steps, features, units, bias, time_major, dtype=jnp.float32):
    shapes = [(steps, batch, features) if time_major else (batch, steps, features), (features, 4 * units)]
    shapes += [(units, 4 * units), (4 * units,), (batch, units), (batch, units)]
    x, kernel, recurrent, offset, h, c = random_arrays(0, *shapes, dtype=dtype)
    return x, 0.4 * kernel, 0.4 * recurrent, offset if bias else None, h, c


def gru_arguments(random_arrays, batch, steps, features, units, bias, reset_after, time_major, dtype=jnp.float32):
    shapes = [(steps, batch, features) if time_major else (batch, steps, features), (features, 3 * units)]
    shapes += [(units, 3 * units), (2, 3 * units) if reset_after else (3 * units,), (batch, units)]
    x, kernel, recurrent, offset, h = random_arrays(0, *shapes, dtype=dtype)
    return x, 0.4 * kernel, 0.4 * recurrent, offset if bias else None, h


def flat(function):
    """Return all results side by side, for one cotangent to see them all."""
    return lambda *arguments: jnp.concatenate([jnp.ravel(leaf) for leaf in jax.tree.leaves(function(*arguments))])


@quick
@given(st.integers(1, 3), st.integers(1, 6), st.integers(1, 4), st.booleans(), masks, options, st.booleans())
def test_lstm_agrees_with_plain_scan(assert_agrees, random_arrays, batch, steps, units, bias, mask, options, loop):
    arguments = lstm_arguments(random_arrays, batch, steps, 3, units, bias, options["time_major"])
    mask = make_mask(mask, batch, steps, options["time_major"])
    assert_agrees(flat(lambda *arguments: lstm(*arguments, mask=mask, **options)), *arguments, loop=loop)


@quick
@given(st.integers(1, 6), st.integers(1, 4), st.booleans(), st.booleans(), masks, options, st.booleans())
def test_gru_agrees_with_plain_scan(assert_agrees, random_arrays, steps, units, bias, reset_after, mask, options, loop):
    arguments = gru_arguments(random_arrays, 2, steps, 3, units, bias, reset_after, options["time_major"])
    mask = make_mask(mask, 2, steps, options["time_major"])
    function = flat(lambda *arguments: gru(*arguments, reset_after=reset_after, mask=mask, **options))
    assert_agrees(function, *arguments, loop=loop)


@pytest.mark.parametrize(
    ("mask", "zeros"), [(None, False), ("ragged", False), ("ragged", True), ("scattered", False), ("scattered", True)]
)
@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("kind", ["lstm", "gru", "gru_before"])
def test_keras_agrees(assert_close, random_arrays, kind, mask, backwards, zeros):
    mask = make_mask(mask, 3, 5, False)
    settings = {"return_sequences": True, "return_state": True, "go_backwards": backwards, "unroll": False}
    if kind == "lstm":
        layer, function = keras.layers.LSTM(4, **settings), lstm
        x, *weights, h, c = lstm_arguments(random_arrays, 3, 5, 2, 4, True, False)
        state = [h, c]
    else:
        reset_after = kind == "gru"
        layer = keras.layers.GRU(4, reset_after=reset_after, **settings)
        x, *weights, h = gru_arguments(random_arrays, 3, 5, 2, 4, True, reset_after, False)
        state = [h]

        def function(*arguments, **keywords):
            outputs, state = gru(*arguments, reset_after=reset_after, **keywords)
            return outputs, [state]

    layer.zero_output_for_mask = zeros
    layer.build(x.shape)
    layer.set_weights(weights)
    for sequences in (True, False):
        layer.return_sequences = sequences
        expected, *expected_state = layer(x, initial_state=state, mask=mask)
        keywords = {"mask": mask, "reverse": backwards, "zero_output_for_mask": zeros, "return_sequences": sequences}
        outputs, states = function(x, *weights, *state, **keywords)
        assert_close([outputs, *states], [expected, *expected_state], 1e-5)


@pytest.mark.parametrize("dtype", [jnp.bfloat16, jnp.float16])
def test_low_precision(assert_agrees, random_arrays, dtype):
    arguments = lstm_arguments(random_arrays, 2, 4, 3, 4, True, False, dtype)
    assert_agrees(flat(lstm), *arguments)
    outputs, (h, c) = lstm(*arguments)
    assert outputs.dtype == h.dtype == c.dtype == dtype


@pytest.mark.parametrize("cell", ["lstm", "gru", "gru_before"])
def test_second_derivative(assert_close, random_arrays, cell):
    if cell == "lstm":
        arguments, function = lstm_arguments(random_arrays, 2, 4, 3, 4, True, False), flat(lstm)
    else:
        after = cell == "gru"
        arguments = gru_arguments(random_arrays, 2, 4, 3, 4, True, after, False)
        function = flat(lambda *arguments: gru(*arguments, reset_after=after))

    def penalty(*arguments):
        slope = jax.grad(lambda x: jnp.sum(function(x, *arguments[1:]) ** 2))(arguments[0])
        return jnp.sum(slope**2)

    actual = jax.jit(jax.grad(penalty, argnums=(0, 1, 2)))(*arguments)
    with reference_kernels():
        expected = jax.jit(lambda *a: jax.grad(penalty, argnums=(0, 1, 2))(*a))(*arguments)
    assert_close(actual, expected, 1e-4)


def test_vmap(assert_close, random_arrays):
    x, kernel, recurrent, bias, h, c = lstm_arguments(random_arrays, 2, 4, 3, 4, True, False)
    kernels = jnp.stack([kernel, 2 * kernel])

    def slope(kernel):
        return jax.grad(lambda kernel: jnp.sum(lstm(x, kernel, recurrent, bias, h, c)[0] ** 2))(kernel)

    assert_close(jax.vmap(slope)(kernels), jnp.stack([slope(kernel) for kernel in kernels]), 1e-5)


def test_saturated_gates_stay_finite(random_arrays):
    x, kernel, recurrent, bias, h, c = lstm_arguments(random_arrays, 2, 6, 3, 4, True, False)
    slopes = jax.grad(lambda kernel: jnp.sum(lstm(1e4 * x, kernel, recurrent, bias, h, c)[0]))(kernel)
    assert np.all(np.isfinite(slopes))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": jnp.ones((2, 3))}, "three axes"),
        ({"kernel": jnp.ones((3, 12))}, "kernel must have shape"),
        ({"recurrent_kernel": jnp.ones((4, 12))}, "recurrent_kernel must have shape"),
        ({"h0": jnp.ones((5, 4))}, "h0 must have shape"),
        ({"mask": jnp.ones((4, 2), bool)}, "mask must have shape"),
        ({"bias": jnp.ones((2, 16))}, "bias must have shape"),
        ({"c0": jnp.ones((2, 5))}, "c0 must have shape"),
    ],
)
def test_bad_shapes(random_arrays, change, message):
    names = ("x", "kernel", "recurrent_kernel", "bias", "h0", "c0")
    arguments = dict(zip(names, lstm_arguments(random_arrays, 2, 4, 3, 4, True, False), strict=True))
    with pytest.raises(ValueError, match=message):
        lstm(**(arguments | change))
    with pytest.raises(ValueError, match="bias must have shape"):
        gru(*gru_arguments(random_arrays, 2, 4, 3, 4, True, True, False), reset_after=False)
