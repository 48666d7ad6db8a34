from concurrent.futures import ThreadPoolExecutor

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import lamina as keras
from lamina.kernels import depthwise_conv, native_depthwise

quick = settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@pytest.fixture(autouse=True)
def everything_is_worth_a_call(monkeypatch):
    monkeypatch.setattr(native_depthwise, "FEWEST_MULTIPLICATIONS", 1)
    monkeypatch.setattr(native_depthwise, "FUSED_TAPS", 0)
    monkeypatch.setattr(native_depthwise, "FEWEST_CHANNELS", 1)


def calls(function, *arguments):
    """Return how often the compiled program calls the extension."""
    return jax.jit(lambda *arguments: function(*arguments)).lower(*arguments).as_text().count("@lamina_depthwise")


def with_gradients(**arguments):
    """Return a function that gives (value, (gradient for x, for the kernel)), seen through a fixed cotangent."""

    def both(x, kernel):
        value, pull = jax.vjp(lambda x, kernel: depthwise_conv(x, kernel, **arguments), x, kernel)
        return value, pull(jnp.cos(jnp.arange(value.size, dtype=value.dtype)).reshape(value.shape))

    return both


@quick
@given(data=st.data())
def test_agrees_with_lax(data, check_levels, random_arrays):
    rank = data.draw(st.sampled_from([1, 2, 2]))
    sizes = lambda most: tuple(data.draw(st.lists(st.integers(1, most), min_size=rank, max_size=rank)))
    size, window, strides, dilation = sizes(12), sizes(5), sizes(3), sizes(2)
    pairs = st.lists(st.tuples(st.integers(-1, 4), st.integers(-1, 4)), min_size=rank, max_size=rank)
    padding = data.draw(st.one_of(st.sampled_from(["valid", "same"]), pairs))
    channels, images = data.draw(st.integers(2, 40)), data.draw(st.integers(1, 3))
    x, kernel = random_arrays(0, (images, *size, channels), (*window, channels, 1))
    function = with_gradients(strides=strides, padding=padding, dilation=dilation)
    assume(0 not in jax.eval_shape(function, x, kernel)[0].shape)
    assert calls(function, x, kernel) == 3
    check_levels(function, x, kernel)


@pytest.mark.parametrize(
    ("x", "window", "arguments"),
    [
        ((2, 5, 3, 20), (3, 3), {"padding": [(4, 0), (5, 0)], "strides": (1, 9)}),  # windows that see zeros only
        ((2, 2, 2, 20), (5, 4), {"padding": [(2, 3), (1, 2)]}),  # larger than the image
        ((1, 3, 300, 17), (3, 3), {"padding": "same"}),
        ((40, 9, 8, 33), (3, 3), {"padding": "same"}),  # several parts of the rows
        ((2, 9, 40, 16), (1, 16), {"padding": "same", "dilation": (1, 2)}),
        ((2, 7, 7, 16), (1, 1), {"strides": 2}),
    ],
)
def test_edges(check_levels, random_arrays, x, window, arguments):
    x, kernel = random_arrays(0, x, (*window, x[-1], 1))
    assert calls(with_gradients(**arguments), x, kernel) == 3
    check_levels(with_gradients(**arguments), x, kernel)


def test_second_order(check_levels, random_arrays):
    x, kernel = random_arrays(0, (2, 5, 7, 18), (3, 2, 18, 1))

    def slope(x, kernel):
        loss = lambda x, kernel: jnp.sum(jnp.sin(depthwise_conv(x, kernel, strides=2, padding="same")))
        return sum(jnp.sum(part**2) for part in jax.grad(loss, (0, 1))(x, kernel))

    assert calls(jax.grad(slope, (0, 1)), x, kernel) > 3
    check_levels(jax.grad(slope, (0, 1)), x, kernel, tolerance=5e-5)


@pytest.mark.parametrize("axes", [(0, None), (None, 0), (0, 0)])
def test_vmap(check_levels, random_arrays, axes):
    x, kernel = random_arrays(0, (2, 3, 5, 7, 8), (2, 3, 2, 8, 1))
    x, kernel = x if axes[0] is not None else x[0], kernel if axes[1] is not None else kernel[0]
    check_levels(jax.vmap(with_gradients(padding="same"), axes), x, kernel)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_comes_out_where_it_is_seen(beside_lax, random_arrays, value):
    x, kernel = random_arrays(0, (3, 6, 13, 20), (3, 2, 20, 1))
    x = x.at[1, 2, 3, 4].set(value).at[2, 5, 12, 0].set(value)
    function = with_gradients(padding="same", strides=(1, 2))
    actual, expected = beside_lax(function)(x, kernel)
    assert 0 < np.isfinite(actual[0]).sum() < actual[0].size
    for one, other in zip(jax.tree.leaves(actual), jax.tree.leaves(expected), strict=True):
        np.testing.assert_array_equal(np.isfinite(one), np.isfinite(other))


def test_programs_of_several_threads(random_arrays):
    kernel, *images = random_arrays(0, (3, 3, 40, 1), *[(17, 9, 14, 40)] * 4)
    run = jax.jit(with_gradients(padding="same", strides=2))
    expected = [run(x, kernel) for x in images]
    with ThreadPoolExecutor(4) as threads:
        for actual, other in zip(threads.map(lambda x: run(x, kernel), images * 10), expected * 10, strict=True):
            jax.tree.map(np.testing.assert_array_equal, actual, other)


@pytest.mark.parametrize(
    ("x", "window", "multiplier"),
    [
        ((2, 7, 7, 16), (3, 3), 2),  # several outputs of a channel
        ((2, 4, 4, 4, 16), (2, 2, 2), 1),  # three axes
        ((2, 20, 16), (257,), 1),  # more than 256 taps
    ],
)
def test_what_is_left_to_xla(beside_lax, assert_close, random_arrays, x, window, multiplier):
    x, kernel = random_arrays(0, x, (*window, x[-1], multiplier))
    function = with_gradients(padding="same")
    assert calls(function, x, kernel) == 0
    assert_close(*beside_lax(function)(x, kernel), 2e-5)


def test_what_xla_does_better_is_left_to_it(monkeypatch, random_arrays):
    monkeypatch.undo()
    x, narrow, small, large, wide = random_arrays(
        0, (8, 16, 16, 32), (8, 16, 16, 3), (3, 3, 32, 1), (5, 5, 32, 1), (5, 5, 3, 1)
    )
    assert calls(depthwise_conv, x, small) == 0  # fused with what comes next
    assert calls(depthwise_conv, jax.ShapeDtypeStruct((64, 24, 24, 32), x.dtype), small) == 1
    assert calls(with_gradients(), x, small) == 1  # the gradient for the kernel
    assert calls(with_gradients(strides=2), x, small) == 2
    assert calls(with_gradients(), x, large) == 3
    assert calls(with_gradients(), narrow, wide) == 1
    assert calls(with_gradients(), x[:1, :4, :4], small) == 0


def test_without_the_extension(assert_close, random_arrays, lose_the_extension):
    x, kernel = random_arrays(0, (3, 6, 13, 20), (3, 2, 20, 1))
    expected = jax.jit(with_gradients(padding="same"))(x, kernel)
    lose_the_extension()
    again = with_gradients(padding="same")
    assert calls(again, x, kernel) == 0
    assert_close(jax.jit(again)(x, kernel), expected, 2e-5)


def test_exported_programs_hold_no_calls(random_arrays):
    model = keras.Sequential([keras.Input((6, 13, 20)), keras.layers.DepthwiseConv2D(3, padding="same")])
    (x,) = random_arrays(0, (3, 6, 13, 20))
    assert calls(lambda x: model(x), x) == 1
    assert "@lamina_depthwise" not in jax.export.export(jax.jit(lambda x: model(x)))(x).mlir_module()
