"""The hand-written gradients agree with autodiff of the plain formulation."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from benchmarks.limit import layers, recurrent

generator = np.random.default_rng(0)


def normal(*shape):
    return jnp.asarray(generator.normal(size=shape), jnp.float32)


def assert_same_gradients(function, reference, arguments, tolerance=2e-5):
    """Values and gradients of both, the gradients for random cotangents."""
    cotangent = normal(*jax.eval_shape(function, *arguments).shape)

    @partial(jax.jit, static_argnums=0)
    def both(function, arguments):
        value, pull = jax.vjp(function, *arguments)
        return value, pull(cotangent)

    value, gradients = both(function, arguments)
    expected, expected_gradients = both(reference, arguments)
    np.testing.assert_allclose(value, expected, rtol=1e-5, atol=tolerance)
    for one, other in zip(gradients, expected_gradients):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=tolerance * max(1, float(jnp.abs(other).max())))


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(("window", "channels"), [((3, 3), 1), ((3, 3), 5), ((2, 4), 4), ((1, 9), 4)])
def test_convolution(padding, window, channels):
    x, kernel = normal(4, 7, 11, channels), normal(*window, channels, 6)

    def reference(x, kernel):
        return lax.conv_general_dilated(x, kernel, (1, 1), padding.upper(), dimension_numbers=layers.LAYOUT)

    assert_same_gradients(lambda x, kernel: layers.convolution(x, kernel, padding), reference, (x, kernel))


def test_convolution_sums_the_weight_gradient_over_slices(monkeypatch):
    monkeypatch.setattr(layers, "ROWS_OF_A_SLICE", 10)
    test_convolution("valid", (3, 3), 5)


def test_convolution_1d():
    x, kernel = normal(3, 20, 4), normal(9, 4, 5)

    def reference(x, kernel):
        return lax.conv_general_dilated(x, kernel, (1,), "SAME", dimension_numbers=("NHC", "HIO", "NHC"))

    assert_same_gradients(lambda x, kernel: layers.convolution_1d(x, kernel, "same"), reference, (x, kernel))


@pytest.mark.parametrize("size", [(2, 2), (1, 4), (3, 2)])
def test_max_pool_gives_the_gradient_to_the_first_maximum(size):
    # Whole numbers from a small range: many ties.
    x = jnp.asarray(generator.integers(0, 3, (2, 7, 9, 3)), jnp.float32)

    def reference(x):
        return lax.reduce_window(x, -jnp.inf, lax.max, (1, *size, 1), (1, *size, 1), "VALID")

    assert_same_gradients(lambda x: layers.max_pool(x, size), reference, (x,), tolerance=0)


def test_batch_norm():
    x, scale, offset = normal(6, 3, 3, 4) * 2 + 1, normal(4), normal(4)
    moving_mean, moving_variance = jnp.zeros(4), jnp.ones(4)

    def reference(x, scale, offset):
        mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2))
        return (x - mean) / jnp.sqrt(variance + layers.BATCH_NORM_EPSILON) * scale + offset

    def function(x, scale, offset):
        return layers.batch_norm(x, scale, offset, moving_mean, moving_variance, training=True)[0]

    assert_same_gradients(function, reference, (x, scale, offset))
    _, mean, variance = layers.batch_norm(x, scale, offset, moving_mean, moving_variance, training=True)
    np.testing.assert_allclose(mean, 0.01 * x.mean((0, 1, 2)), rtol=1e-5)
    np.testing.assert_allclose(variance, 0.99 + 0.01 * x.var((0, 1, 2)), rtol=1e-5)
    still, *moving = layers.batch_norm(x, scale, offset, mean, variance, training=False)
    expected = (x - mean) / jnp.sqrt(variance + layers.BATCH_NORM_EPSILON) * scale + offset
    np.testing.assert_allclose(still, expected, rtol=1e-4, atol=1e-5)
    assert moving[0] is mean and moving[1] is variance


def test_dropout_keeps_the_mean_and_differs_between_steps_and_layers():
    x = jnp.ones((100, 1000))
    masks = [layers.dropout(x, 0.2, jnp.uint32(step), layer) for step in (1, 2) for layer in (0, 1)]
    for mask in masks:
        assert float(mask.mean()) == pytest.approx(1, abs=0.01)
        np.testing.assert_allclose(jnp.unique(mask), [0, 1.25])
    for one in range(4):
        for other in range(one):
            together = float(((masks[one] > 0) & (masks[other] > 0)).mean())
            assert together == pytest.approx(0.64, abs=0.01)
    assert layers.dropout(x, 0.2, None, 0) is x


def test_lstm():
    time, rows, inputs, units = 5, 3, 4, 6
    arguments = normal(time, rows, inputs), normal(inputs, 4 * units), normal(units, 4 * units), normal(4 * units)

    def reference(x, kernel, weights, bias):
        def step(carry, moment):
            h, c = carry
            i, f, g, o = jnp.split(moment @ kernel + h @ weights + bias, 4, axis=-1)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
            return (jax.nn.sigmoid(o) * jnp.tanh(c), c), None

        return lax.scan(step, (jnp.zeros((rows, units)),) * 2, x)[0][0]

    assert_same_gradients(recurrent.lstm, reference, arguments)


@pytest.mark.parametrize("sequences", [False, True])
def test_gru(sequences):
    time, rows, inputs, units = 5, 3, 4, 6
    arguments = normal(time, rows, inputs), normal(inputs, 3 * units), normal(units, 3 * units), normal(2, 3 * units)

    def reference(x, kernel, weights, bias):
        def step(h, moment):
            z, r, new = jnp.split(moment @ kernel + bias[0], 3, axis=-1)
            hz, hr, hnew = jnp.split(h @ weights + bias[1], 3, axis=-1)
            z, r = jax.nn.sigmoid(z + hz), jax.nn.sigmoid(r + hr)
            h = z * h + (1 - z) * jnp.tanh(new + r * hnew)
            return h, h

        last, states = lax.scan(step, jnp.zeros((rows, units)), x)
        return states if sequences else last

    assert_same_gradients(lambda *a: recurrent.gru(*a, sequences), reference, arguments)
