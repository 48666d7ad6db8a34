from concurrent.futures import ThreadPoolExecutor

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from jax import lax

import lamina as keras
from lamina.kernels import conv, conv_transpose, convolution_plan, native_convolution

quick = settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
MIXED = {"padding": [(1, 0), (2, 1)], "dilation": (1, 2)}


@pytest.fixture(autouse=True)
def every_convolution_is_worth_a_call(monkeypatch):
    monkeypatch.setattr(native_convolution, "FEWEST_MULTIPLICATIONS", 1)
    monkeypatch.setattr(native_convolution, "FEWEST_TERMS", 1)
    monkeypatch.setattr(convolution_plan, "FEW_COLUMNS", 0)
    monkeypatch.setattr(convolution_plan, "FEW_CHANNELS", 0)


def calls(function, *arguments):
    """Return how often the compiled program calls the extension: for convolutions, and for kernel gradients."""
    text = jax.jit(lambda *arguments: function(*arguments)).lower(*arguments).as_text()
    return text.count("@lamina_convolution("), text.count("@lamina_convolution_kernel_gradient(")


def with_gradients(function):
    """Return (value, (gradient for x, for the kernel)), seen through a fixed cotangent."""

    def both(x, kernel):
        value, pull = jax.vjp(function, x, kernel)
        return value, pull(jnp.cos(jnp.arange(value.size, dtype=value.dtype)).reshape(value.shape))

    return both


def some(random_arrays, *more, **options):
    return random_arrays(0, (3, 6, 13, 9), (3, 2, 9, 18), *more, **options)


@st.composite
def convolutions(draw):
    """Shapes and arguments: around the edges of tiles of 6 or 12 positions and panels of 16 or 32 outputs."""
    rank = draw(st.sampled_from([1, 2, 2]))
    size = (*(draw(st.integers(1, 6)) for _ in range(rank - 1)), draw(st.integers(1, 30)))
    window, strides, dilation, padding = [], [], [], []
    for length in size:
        step = draw(st.sampled_from([1, 1, 2, 3]))
        taps = draw(st.integers(1, 4))
        reach = (taps - 1) * step
        low, high = draw(st.integers(0, reach)), draw(st.integers(0, 3))
        window.append(taps), dilation.append(step), strides.append(draw(st.integers(1, 3)))
        padding.append((low, max(high, reach + 1 - length - low)))
    assume(max(window) > 1)
    if draw(st.booleans()):
        strides = [1] * rank
    channels, outputs = draw(st.sampled_from([8, 11, 16, 33, 70])), draw(st.sampled_from([1, 7, 16, 17, 32, 33, 70]))
    arguments = {"strides": strides, "padding": padding, "dilation": dilation}
    return (draw(st.integers(1, 3)), *size, channels), (*window, channels, outputs), arguments


@quick
@given(convolutions())
def test_values_and_gradients(check_levels, random_arrays, case):
    x_shape, kernel_shape, arguments = case
    x, kernel = random_arrays(0, x_shape, kernel_shape)
    function = with_gradients(lambda x, kernel: conv(x, kernel, **arguments))
    found = calls(function, x, kernel)
    # Gradients of windows that jump are those of smaller dense ones, of which some are products.
    assert found == (2, 1) if max(arguments["strides"]) == 1 else found[0] >= 1
    check_levels(function, x, kernel)


@st.composite
def convolutions_by_winograd(draw):
    """Windows of 3 × 3 and so many results that 2 × 2 of them are computed at once; some squares are not full."""
    height, width = draw(st.sampled_from([(2, 2), (2, 3), (3, 3), (2, 8), (5, 2), (4, 7), (9, 6), (5, 11)]))
    size, padding = [], []
    for results in (height, width):
        low = draw(st.integers(0, min(results, 4)))
        high = draw(st.integers(0, results + 1 - low))
        size.append(results + 2 - low - high), padding.append((low, high))
    channels = draw(st.sampled_from([16, 17, 31, 40, 70]))
    outputs = draw(st.sampled_from([17, 24, 31, 33, 40, 64, 70, 97]))
    squares = -(-height // 2) * -(-width // 2)
    return (-(-70 // squares), *size, channels), (3, 3, channels, outputs), padding


@quick
@given(convolutions_by_winograd())
def test_winograd(check_levels, random_arrays, case):
    x_shape, kernel_shape, padding = case
    x, kernel = random_arrays(0, x_shape, kernel_shape)
    function = with_gradients(lambda x, kernel: conv(x, kernel, padding=padding))
    assert min(calls(function, x, kernel)) >= 1  # gradients for x are cropped where the padding is wide
    check_levels(function, x, kernel)


@pytest.mark.parametrize(
    ("x", "kernel"),
    [
        ((3, 11, 10, 300), (3, 3, 300, 20)),  # sums in several pieces
        ((6, 8, 9, 16), (3, 3, 16, 300)),  # several groups of outputs
        ((40, 9, 14, 16), (3, 3, 16, 20)),  # all parts of the batch, in several blocks
        ((2, 400, 2, 16), (3, 3, 16, 17)),
    ],
)
def test_edges_of_winograd(check_levels, random_arrays, x, kernel):
    x, kernel = random_arrays(0, x, kernel)
    check_levels(with_gradients(lambda x, kernel: conv(x, kernel, padding="same")), x, kernel)


@pytest.mark.parametrize(
    ("x", "kernel", "arguments"),
    [
        ((1, 300, 2, 9), (3, 2, 9, 5), {"padding": "same"}),  # tall
        ((2, 3, 300, 8), (3, 3, 8, 33), {}),  # wide: the gradient's blocks have one row
        ((19, 4, 3, 8), (2, 2, 8, 40), {"padding": "same"}),  # more images than parts of the batch
        ((2, 2, 3, 300), (2, 3, 300, 9), {"padding": "same"}),  # a row of the window in several pieces
        ((2, 2, 2, 8), (4, 3, 8, 6), {"padding": [(2, 3), (1, 2)]}),  # a window larger than the image
        ((2, 5, 3, 8), (2, 1, 8, 6), {"padding": [(0, 0), (5, 0)], "strides": (1, 9)}),  # windows that see zeros only
        ((2, 5, 3, 8), (2, 2, 8, 6), {"padding": [(0, 0), (6, -4)]}),
        ((2, 19, 5, 8), (3, 2, 8, 6), {"padding": "same", "dilation": (7, 1)}),  # rows that no window sees
        ((2, 7, 9, 8), (2, 2, 8, 6), {"padding": [(1, -2), (0, -3)]}),  # cropped at the end
    ],
)
def test_edges(check_levels, random_arrays, x, kernel, arguments):
    x, kernel = random_arrays(0, x, kernel)
    function = with_gradients(lambda x, kernel: conv(x, kernel, **arguments))
    assert min(calls(function, x, kernel)) >= 1
    check_levels(function, x, kernel)


@pytest.mark.parametrize("arguments", [{"strides": 2, "padding": "same"}, {"dilation": 2}])
def test_transposed_convolutions(check_levels, random_arrays, arguments):
    x, kernel = random_arrays(0, (2, 5, 7, 11), (3, 3, 18, 11))
    function = with_gradients(lambda x, kernel: conv_transpose(x, kernel, **arguments))
    assert min(calls(function, x, kernel)) >= 1
    check_levels(function, x, kernel)


def test_three_axes_are_folded_to_two(check_levels, random_arrays):
    x, kernel = random_arrays(0, (2, 4, 5, 7, 8), (2, 3, 2, 8, 10))
    function = with_gradients(lambda x, kernel: conv(x, kernel, padding="same"))
    assert calls(function, x, kernel) == (2, 1)
    check_levels(function, x, kernel)


def test_in_loops(assert_agrees, random_arrays):
    x, kernel = some(random_arrays)
    function = with_gradients(lambda x, kernel: conv(x, kernel, **MIXED))
    looped = lambda x, kernel: lax.fori_loop(0, 2, lambda _, x: x + jnp.tanh(function(x, kernel)[1][0]), x)
    assert calls(looped, x, kernel) == (1, 0)  # all but the gradient for x is dead
    assert_agrees(lambda x, kernel: conv(x, kernel, **MIXED), x, kernel, loop=True)


@pytest.mark.parametrize("axes", [(0, None), (None, 0), (0, 0), (2, None)])
def test_vmap(check_levels, random_arrays, axes):
    x, kernel = random_arrays(0, (2, 3, 5, 7, 8), (2, 3, 2, 8, 9))
    x, kernel = x if axes[0] is not None else x[0], kernel if axes[1] is not None else kernel[0]
    if axes[0]:
        x = jnp.moveaxis(x, 0, axes[0])
    batched = jax.vmap(with_gradients(lambda x, kernel: conv(x, kernel, padding="same")), axes)
    # With one kernel for all, what is batched becomes more images.
    assert calls(batched, x, kernel)[0] == (2 if axes[1] is None else 0)
    check_levels(batched, x, kernel)


@pytest.mark.parametrize(
    ("x", "kernel", "strides"),
    [
        ((2, 5, 7, 8), (3, 2, 8, 10), 1),
        ((2, 5, 7, 8), (3, 2, 8, 10), 2),
        ((6, 5, 7, 17), (3, 3, 17, 20), 1),  # by Winograd's form
    ],
)
def test_second_order(check_levels, random_arrays, x, kernel, strides):
    x, kernel = random_arrays(0, x, kernel)

    def loss(x, kernel):
        return jnp.sum(jnp.sin(conv(x, kernel, strides=strides, padding="same")))

    def slope(x, kernel):
        return sum(jnp.sum(part**2) for part in jax.grad(loss, (0, 1))(x, kernel))

    assert min(calls(jax.grad(slope, (0, 1)), x, kernel)) >= 2
    check_levels(jax.grad(slope, (0, 1)), x, kernel, tolerance=5e-5)


def test_low_precision_is_computed_in_float32(check_levels, random_arrays):
    x, kernel = some(random_arrays, dtype=jnp.bfloat16)
    function = with_gradients(lambda x, kernel: conv(x, kernel, **MIXED))
    assert calls(function, x, kernel) == (2, 1)
    check_levels(function, x, kernel, tolerance=2e-2)
    exact = conv(x.astype(jnp.float32), kernel.astype(jnp.float32), **MIXED)
    np.testing.assert_array_equal(conv(x, kernel, **MIXED), exact.astype(jnp.bfloat16))


def test_channels_first(check_levels, random_arrays):
    x, kernel = random_arrays(0, (2, 9, 5, 7), (3, 2, 9, 10))
    function = with_gradients(lambda x, kernel: conv(x, kernel, data_format="channels_first", **MIXED))
    assert calls(function, x, kernel) == (2, 1)
    check_levels(function, x, kernel)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_comes_out_where_it_is_seen(beside_lax, random_arrays, value):
    x, kernel = some(random_arrays)
    x = x.at[1, 2, 3, 4].set(value).at[2, 5, 12, 0].set(value)
    function = lambda x, kernel: conv(x, kernel, **MIXED)
    actual, expected = beside_lax(function)(x, kernel)
    assert 0 < np.isfinite(actual).sum() < actual.size
    np.testing.assert_array_equal(np.isnan(actual), np.isnan(expected))
    np.testing.assert_array_equal(np.isinf(actual), np.isinf(expected))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_by_winograd_what_is_not_finite_is_nan_at_the_latest(beside_lax, random_arrays, value):
    x, kernel = random_arrays(0, (6, 5, 8, 17), (3, 3, 17, 20))
    x = x.at[1, 2, 3, 4].set(value).at[2, 4, 7, 0].set(value).at[4, 1, 0, 16].set(value)
    function = with_gradients(lambda x, kernel: conv(x, kernel, padding="same"))
    both = beside_lax(function)(x, kernel)
    (actual, (_, gradient)), (expected, (_, expected_gradient)) = both
    assert 0 < np.isfinite(actual).sum() < actual.size
    np.testing.assert_array_equal(np.isfinite(actual), np.isfinite(expected))
    finite, expected_finite = np.isfinite(gradient), np.isfinite(expected_gradient)
    assert not (finite & ~expected_finite).any()  # but beside the edge of an image it reaches all taps
    np.testing.assert_array_equal(finite, np.broadcast_to(expected_finite.all((0, 1)), finite.shape))


FORMS = pytest.mark.parametrize("window", [(3, 3), (2, 3)])  # Winograd's, and the direct one


@FORMS
def test_same_result_each_time(random_arrays, window):
    x, kernel = random_arrays(0, (17, 9, 14, 20), (*window, 20, 40))
    function = with_gradients(lambda x, kernel: conv(x, kernel, padding="same"))
    run = jax.jit(function)
    first, *others = (run(x, kernel) for _ in range(4))
    for other in others:
        jax.tree.map(np.testing.assert_array_equal, first, other)
    # Nor does what else is in the batch count.
    np.testing.assert_array_equal(run(x.at[4:].set(0), kernel)[0][3], first[0][3])


@FORMS
def test_programs_of_several_threads(random_arrays, window):
    kernel, *images = random_arrays(0, (*window, 20, 40), *[(17, 9, 14, 20)] * 4)
    run = jax.jit(with_gradients(lambda x, kernel: conv(x, kernel, padding="same")))
    expected = [run(x, kernel) for x in images]
    with ThreadPoolExecutor(4) as threads:
        for actual, other in zip(threads.map(lambda x: run(x, kernel), images * 10), expected * 10, strict=True):
            jax.tree.map(np.testing.assert_array_equal, actual, other)


@pytest.mark.parametrize(
    ("x", "kernel", "arguments"),
    [
        ((1, 6, 6, 8), (2, 2, 8, 6), {"padding": [(-1, 0), (1, 1)]}),  # cropped at the start
        ((1, 6, 6, 8), (2, 2, 8, 6), {"padding": [(0, 0), (-2, 3)]}),
        ((1, 4000, 20), (2, 20, 1), {}),  # a row too large for the second cache
        ((1, 2, 60, 8), (2, 1, 8, 1), {"padding": [(9999, 0), (0, 0)], "dilation": (9999, 1)}),  # or many of them
        ((2, 6, 6, 8), (1, 1, 8, 6), {}),  # a product
    ],
)
def test_what_is_left_to_other_forms(beside_lax, assert_close, random_arrays, x, kernel, arguments):
    x, kernel = random_arrays(0, x, kernel)
    function = lambda x, kernel: conv(x, kernel, **arguments)
    assert calls(function, x, kernel) == (0, 0)
    assert_close(*beside_lax(function)(x, kernel), 2e-5)


def test_small_convolutions_are_left_to_xla(monkeypatch, random_arrays):
    monkeypatch.undo()
    small, large, kernel = random_arrays(0, (8, 8, 8, 16), (32, 8, 8, 16), (3, 3, 16, 16))
    assert calls(with_gradients(conv), small, kernel) == (0, 0)
    assert calls(with_gradients(conv), large, kernel) == (2, 1)
    assert calls(lambda x, kernel: conv(x, kernel, dilation=2), large, kernel) == (0, 0)  # few terms side by side


def test_without_the_extension(assert_close, random_arrays, lose_the_extension):
    x, kernel = some(random_arrays)
    function = with_gradients(lambda x, kernel: conv(x, kernel, **MIXED))
    assert calls(function, x, kernel) == (2, 1)
    expected = jax.jit(function)(x, kernel)
    lose_the_extension()
    again = with_gradients(lambda x, kernel: conv(x, kernel, **MIXED))
    assert calls(again, x, kernel) == (0, 0)
    assert_close(jax.jit(again)(x, kernel), expected, 2e-5)


def test_exported_programs_hold_no_calls(assert_close, random_arrays):
    model = keras.Sequential([keras.Input((6, 13, 9)), keras.layers.Conv2D(18, 3, padding="same")])
    (x,) = random_arrays(0, (3, 6, 13, 9))
    run = jax.jit(lambda x: model(x))
    assert calls(lambda x: model(x), x) == (1, 0)
    exported = jax.export.export(run)(x)
    assert "lamina_convolution" not in exported.mlir_module()
    assert_close(exported.call(x), run(x), 2e-5)
    rows = jax.ShapeDtypeStruct(jax.export.symbolic_shape("rows, 6, 13, 9"), jnp.float32)
    assert "lamina_convolution" not in jax.export.export(run)(rows).mlir_module()
