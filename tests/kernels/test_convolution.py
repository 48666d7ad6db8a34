import os

os.environ.setdefault("KERAS_BACKEND", "jax")

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lamina.kernels import conv, conv_transpose, depthwise_conv, reference_kernels
from lamina.kernels import convolution_forms as forms

quick = settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@st.composite
def convolutions(draw):
    """Shapes and arguments of a convolution that makes at least one output."""
    rank = draw(st.integers(1, 3))
    groups = draw(st.sampled_from([1, 1, 2, 3]))
    channels = groups * draw(st.integers(1, 5))
    outputs = groups * draw(st.integers(1, 3))
    window = tuple(draw(st.integers(1, 4)) for _ in range(rank))
    strides = tuple(draw(st.integers(1, 3)) for _ in range(rank))
    dilation = tuple(draw(st.integers(1, 2)) for _ in range(rank))
    paddings = ["valid", "same", [tuple(draw(st.integers(0, 2)) for _ in range(2)) for _ in range(rank)]]
    padding = draw(st.sampled_from(paddings + (["causal"] if rank == 1 else [])))
    size = tuple((taps - 1) * step + draw(st.integers(1, 6)) for taps, step in zip(window, dilation, strict=True))
    data_format = draw(st.sampled_from(["channels_last", "channels_last", "channels_first"]))
    batch = draw(st.integers(1, 3))
    x = (batch, *size, channels) if data_format == "channels_last" else (batch, channels, *size)
    arguments = dict(strides=strides, padding=padding, dilation=dilation, data_format=data_format)
    return x, (*window, channels // groups, outputs), dict(arguments, groups=groups)


@quick
@given(convolutions(), st.sampled_from(["float32", "float32", "bfloat16", "float16"]), st.booleans())
def test_conv_agrees_with_lax(assert_agrees, random_arrays, case, dtype, loop):
    x_shape, kernel_shape, arguments = case
    x, kernel = random_arrays(0, x_shape, kernel_shape, dtype=dtype)
    assert_agrees(lambda x, kernel: conv(x, kernel, **arguments), x, kernel, loop=loop)


@pytest.mark.parametrize("multiplier", [1, 3])
@pytest.mark.parametrize("strides", [1, 2])
@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("loop", [False, True])
def test_depthwise_agrees_with_lax(assert_agrees, random_arrays, multiplier, strides, padding, loop):
    x, kernel = random_arrays(0, (2, 7, 6, 4), (3, 2, 4, multiplier))
    assert_agrees(lambda x, kernel: depthwise_conv(x, kernel, strides=strides, padding=padding), x, kernel, loop=loop)


@pytest.mark.parametrize("most", [0, forms.MOST_ACCUMULATED])
@pytest.mark.parametrize("strides, dilation", [((2, 1), 1), (1, (1, 2))])
def test_depthwise_adds_up_by_position_or_not(monkeypatch, assert_agrees, random_arrays, most, strides, dilation):
    monkeypatch.setattr(forms, "MOST_ACCUMULATED", most)
    x, kernel = random_arrays(0, (3, 7, 6, 4), (3, 2, 4, 2))
    arguments = {"strides": strides, "dilation": dilation, "padding": [(1, 1), (0, 1)]}
    assert_agrees(lambda x, kernel: depthwise_conv(x, kernel, **arguments), x, kernel)


@pytest.mark.parametrize("strides", [1, 2])
def test_depthwise_with_many_taps(assert_agrees, random_arrays, strides):
    x, kernel = random_arrays(0, (3, 9, 8, 4), (5, 4, 4, 2))
    assert_agrees(lambda x, kernel: depthwise_conv(x, kernel, strides=strides, padding="same"), x, kernel)


@pytest.mark.parametrize(
    ("x", "kernel", "groups"),
    [
        ((3, 6, 7, 32), (3, 3, 2, 32), 16),  # small groups, bundled
        ((2, 6, 5, 6, 12), (3, 2, 3, 12, 10), 1),  # three dimensions, folded
        ((3, 8, 8, 12), (3, 3, 12, 2), 1),  # few outputs
        ((3, 8, 8, 8), (5, 5, 8, 16), 1),  # few inputs, many columns
    ],
)
@pytest.mark.parametrize("strides", [1, 2])
def test_every_rule_of_the_plan(assert_agrees, random_arrays, x, kernel, groups, strides):
    arguments = {"groups": groups, "strides": strides, "padding": "same"}
    assert_agrees(lambda x, kernel: conv(x, kernel, **arguments), *random_arrays(0, x, kernel))


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_depthwise_of_every_rank(assert_agrees, random_arrays, rank):
    x, kernel = random_arrays(0, (2, *(5, 6, 4)[:rank], 3), (*(2, 3, 2)[:rank], 3, 2))
    assert_agrees(lambda x, kernel: depthwise_conv(x, kernel, dilation=2, padding="same"), x, kernel)


def test_kernel_gradient_in_uneven_batch_slices(assert_agrees, random_arrays, monkeypatch):
    monkeypatch.setattr(forms, "ROWS_PER_SLICE", 80)
    x, kernel = random_arrays(0, (11, 6, 6, 5), (3, 3, 5, 4))
    assert_agrees(conv, x, kernel)


@quick
@given(
    st.integers(1, 3),
    st.integers(1, 5),
    st.integers(1, 3),
    st.sampled_from(["valid", "same"]),
    st.sampled_from([None, 0, 1, 2]),
    st.integers(1, 2),
    st.sampled_from(["channels_last", "channels_first"]),
)
def test_conv_transpose_agrees_with_keras(
    assert_close, random_arrays, rank, taps, stride, padding, output_padding, dilation, data_format
):
    if stride > 1:
        dilation = 1  # Keras takes one of the two
    if output_padding is not None:
        output_padding = min(output_padding, stride - 1)
    shape = (2, 4, 5, 3)[: rank + 1]
    x, kernel = random_arrays(0, (*shape, 4), (*(taps,) * rank, 3, 4))
    if data_format == "channels_first":
        x = jnp.moveaxis(x, -1, 1)
    arguments = dict(strides=stride, padding=padding, output_padding=output_padding, data_format=data_format)
    actual = conv_transpose(x, kernel, dilation=dilation, **arguments)
    expected = keras.ops.conv_transpose(x, kernel, dilation_rate=dilation, **arguments)
    assert_close(actual, expected, 2e-5)


@quick
@given(
    st.integers(1, 3),
    st.integers(1, 4),
    st.integers(1, 3),
    st.integers(1, 2),
    st.sampled_from(["valid", "same"]),
    st.sampled_from(["float32", "bfloat16"]),
    st.booleans(),
)
def test_conv_transpose_agrees_with_lax(
    assert_agrees, random_arrays, rank, taps, stride, dilation, padding, dtype, loop
):
    shape = (2, 4, 5, 3)[: rank + 1]
    x, kernel = random_arrays(0, (*shape, 4), (*(taps,) * rank, 3, 4), dtype=dtype)
    assert_agrees(
        lambda x, kernel: conv_transpose(x, kernel, strides=stride, padding=padding, dilation=dilation),
        x,
        kernel,
        loop=loop,
    )


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("strides", [1, 2])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_conv_agrees_with_keras(assert_close, random_arrays, padding, strides, data_format):
    x, kernel = random_arrays(0, (2, 9, 8, 4), (3, 2, 2, 6))
    if data_format == "channels_first":
        x = jnp.moveaxis(x, -1, 1)
    expected = keras.ops.conv(x, kernel, strides=strides, padding=padding, data_format=data_format)
    actual = conv(x, kernel, strides=strides, padding=padding, groups=2, data_format=data_format)
    assert_close(actual, expected, 2e-5)


@pytest.mark.parametrize("groups", [1, 2, 4])
@pytest.mark.parametrize("strides", [1, 2])
@pytest.mark.parametrize("window", [1, 3])
def test_gradient_of_a_gradient_norm(assert_close, random_arrays, groups, strides, window):
    """The gradient penalty of a critic: differentiate the norm of an input gradient for the kernel."""
    x, kernel = random_arrays(0, (2, 6, 6, 4), (window, window, 4 // groups, 8))

    def penalty(kernel, x):
        def score(x):
            return jnp.sum(jnp.tanh(conv(x, kernel, strides=strides, padding="same", groups=groups)))

        return jnp.sum(jax.grad(score)(x) ** 2)

    actual = jax.jit(jax.grad(penalty, argnums=(0, 1)))(kernel, x)
    with reference_kernels():
        expected = jax.jit(lambda *a: jax.grad(penalty, argnums=(0, 1))(*a))(kernel, x)
    assert_close(actual, expected, 1e-4)


def test_third_derivative(assert_close, random_arrays):
    x, kernel = random_arrays(0, (1, 5, 4), (2, 4, 3))

    def first(kernel):
        return jnp.sum(jnp.sin(conv(x, kernel)))

    def second(kernel):
        return jnp.sum(jax.grad(first)(kernel) ** 2)

    def third(kernel):
        return jnp.sum(jax.grad(second)(kernel) ** 2)

    actual = jax.grad(third)(kernel)
    with reference_kernels():
        expected = jax.grad(third)(kernel)
    assert_close(actual, expected, 1e-4)


def test_vmap_over_kernels(assert_close, random_arrays):
    x, kernels = random_arrays(0, (2, 6, 6, 3), (4, 3, 3, 3, 5))

    def loss(kernel):
        return jnp.sum(conv(x, kernel) ** 2)

    actual = jax.vmap(jax.grad(loss))(kernels)
    expected = jnp.stack([jax.grad(loss)(kernel) for kernel in kernels])
    assert_close(actual, expected, 2e-5)


def test_float64(assert_agrees, random_arrays):
    with jax.enable_x64(True):
        x, kernel = random_arrays(0, (2, 7, 7, 4), (3, 3, 4, 5), dtype=jnp.float64)
        assert_agrees(lambda x, kernel: conv(x, kernel, strides=2), x, kernel)


def test_mixed_types_are_promoted():
    x, kernel = jnp.ones((1, 4, 1), jnp.bfloat16), jnp.ones((2, 1, 1), jnp.float32)
    assert conv(x, kernel).dtype == jnp.float32
    assert conv(jnp.ones((1, 4, 1), jnp.int32), kernel).dtype == jnp.float32


@pytest.mark.parametrize("shape", [(0, 5, 5, 2), (2, 2, 2, 2)])
def test_empty_results(shape):
    kernel = jnp.ones((3, 3, 2, 4))
    assert conv(jnp.ones(shape), kernel).size == 0
    assert jnp.all(jax.grad(lambda kernel: jnp.sum(conv(jnp.ones(shape), kernel)))(kernel) == 0)


def test_forward_mode_with_reference_kernels(random_arrays):
    x, kernel = random_arrays(0, (1, 5, 5, 4), (3, 3, 4, 2))
    with reference_kernels():
        _, slope = jax.jvp(lambda x: conv(x, kernel), (x,), (x,))
    np.testing.assert_allclose(slope, conv(x, kernel), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x, k: conv(x, k, groups=2), "need a kernel"),
        (lambda x, k: conv(x, k[..., 0]), "same one to three spatial axes"),
        (lambda x, k: conv(x, k, padding="causal"), "padding must be 'valid', 'same' or 2 pairs"),
        (lambda x, k: conv(x, k, padding=[(1, 1)]), "padding must be"),
        (lambda x, k: conv(x, k, strides=0), "strides must be"),
        (lambda x, k: conv(x, k, strides=(1, 2, 3)), "strides must be"),
        (lambda x, k: conv(x, k, dilation=1.5), "dilation must be"),
        (lambda x, k: conv(x, k, data_format="NHWC"), "data_format must be"),
        (lambda x, k: conv_transpose(x, k), "transposed convolution of 4 channels"),
        (lambda x, k: conv_transpose(x, k.swapaxes(2, 3), padding="causal"), "padding must be 'valid' or 'same'"),
        (lambda x, k: conv_transpose(x, k.swapaxes(2, 3), strides=2, output_padding=2), "less than strides"),
    ],
)
def test_bad_arguments(call, message):
    x, kernel = jnp.ones((1, 6, 6, 4)), jnp.ones((3, 3, 4, 2))
    with pytest.raises(ValueError, match=message):
        call(x, kernel)


@pytest.mark.parametrize("channels, outputs", [(1, 32), (1, 8), (64, 4)])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("loop", [False, True])
def test_without_a_gradient(assert_close, random_arrays, channels, outputs, dtype, loop):
    x, kernel = random_arrays(0, (2, 6, 5, channels), (3, 3, channels, outputs), dtype=dtype)
    x = x.at[0, 5, 4, 0].set(jnp.nan).at[1, 5, 4, 0].set(jnp.inf)  # seen by the windows in one corner
    with reference_kernels():
        expected = jax.jit(lambda x: conv(x, kernel))(x)
    once = lambda x: conv(x, kernel)
    looped = lambda x: jax.lax.fori_loop(0, 2, lambda i, y: conv(x + (i - i).astype(x.dtype), kernel), once(x) * 0)
    found = jax.jit(looped if loop else once)(x)
    tolerance = 2e-2 if dtype == "bfloat16" else 1e-5
    corner = (slice(None), slice(0, 3), slice(0, 2))
    assert_close(found[corner], expected[corner], tolerance)
    assert not np.isfinite(np.asarray(found[:, 3, 2], "float32")).any()
