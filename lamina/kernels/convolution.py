"""Convolution, depthwise and transposed convolution in one, two or three dimensions.

XLA's gradients of a convolution are 10 to 30 times slower inside a loop body than outside on the CPU, because their
layouts are not canonical there. The three bilinear maps below are each other's gradients, so that derivatives of any
order in reverse mode stay in forms that are fast: the convolution, its gradient for the input (which is also the
transposed convolution) and its gradient for the kernel.
"""

import math
from collections.abc import Callable, Sequence
from functools import wraps

import jax
import jax.numpy as jnp
from jax import lax

from lamina.kernels import convolution_plan as plan
from lamina.kernels.geometry import Padding, Windows, check_data_format, per_axis
from lamina.kernels.platform import fast_on_cpu

# Taps of a window above which XLA's own form is taken: some of ours write out one after the other, and a file may name
# a thousand million.
MOST_TAPS = 4096


def conv(
    x: jax.Array,
    kernel: jax.Array,
    *,
    strides: int | Sequence[int] = 1,
    padding: Padding = "valid",
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
    data_format: str = "channels_last",
    rectified: bool = False,
) -> jax.Array:
    """Cross-correlate `x` with `kernel` (the convolution of neural networks).

    On the CPU only reverse-mode derivatives exist, of any order; forward mode needs `reference_kernels`.

    Args:
        x: (batch, *space, channels), or (batch, channels, *space) for channels first; one to three spatial axes.
        kernel: (*window, channels / groups, outputs).
        strides: Steps between windows, one for all axes or one for each.
        padding: "valid", "same", "causal" (one dimension: zeros only before), or a pair (before, after) for each axis.
        dilation: Distance between neighbouring taps of a window.
        groups: Number of groups that channels and outputs are divided into; a group of outputs sees its own channels.
        data_format: "channels_last" or "channels_first".
        rectified: Whether `relu_of_convolution` comes next, with nothing but a bias between: the form is chosen by it.

    Returns:
        (batch, *positions, outputs), or channels first, in the common type of `x` and `kernel`.

    Raises:
        ValueError: If shapes or arguments do not fit together.

    Example:
        >>> import jax.numpy as jnp
        >>> conv(jnp.ones((8, 28, 28, 1)), jnp.ones((3, 3, 1, 32)), padding="same", strides=2).shape
        (8, 14, 14, 32)
    """
    channels_last = check_data_format(data_format)
    x, kernel = _promote(x, kernel)
    rank = _check_ranks(x, kernel)
    channels = x.shape[-1 if channels_last else 1]
    if groups < 1 or channels != kernel.shape[-2] * groups or kernel.shape[-1] % groups:
        raise ValueError(
            f"{channels} input channels in {groups} group(s) need a kernel (*window, {channels} / groups, outputs) "
            f"with outputs divisible by groups, got kernel shape {kernel.shape}."
        )
    size = x.shape[1:-1] if channels_last else x.shape[2:]
    windows = Windows.make(size, kernel.shape[:rank], strides, padding, dilation)
    if not _can_be_fast(x, kernel, windows):
        return _plain(x, kernel, windows, groups, channels_last)
    return _with_channels_last(lambda x: _convolve_alone(x, kernel, windows, groups, rectified), x, channels_last)


def depthwise_conv(
    x: jax.Array,
    kernel: jax.Array,
    *,
    strides: int | Sequence[int] = 1,
    padding: Padding = "valid",
    dilation: int | Sequence[int] = 1,
    data_format: str = "channels_last",
) -> jax.Array:
    """Convolve every channel with its own kernels.

    Args:
        x: As for `conv`.
        kernel: (*window, channels, multiplier).
        strides: As for `conv`.
        padding: As for `conv`.
        dilation: As for `conv`.
        data_format: As for `conv`.

    Returns:
        As `conv`, with channels × multiplier outputs; those of one channel lie together.

    Raises:
        ValueError: If shapes or arguments do not fit together.

    Example:
        >>> import jax.numpy as jnp
        >>> depthwise_conv(jnp.ones((8, 16, 16, 4)), jnp.ones((3, 3, 4, 2))).shape
        (8, 14, 14, 8)
    """
    *window, channels, multiplier = kernel.shape
    return conv(
        x,
        kernel.reshape(*window, 1, channels * multiplier),
        strides=strides,
        padding=padding,
        dilation=dilation,
        groups=channels,
        data_format=data_format,
    )


def conv_transpose(
    x: jax.Array,
    kernel: jax.Array,
    *,
    strides: int | Sequence[int] = 1,
    padding: str = "valid",
    output_padding: int | Sequence[int] | None = None,
    dilation: int | Sequence[int] = 1,
    data_format: str = "channels_last",
) -> jax.Array:
    """Transposed convolution: the gradient of a convolution for its input, used as a layer.

    Args:
        x: (batch, *space, channels), or channels first.
        kernel: (*window, outputs, channels): outputs before channels, as in Keras.
        strides: By how much an output is larger than its input.
        padding: "valid" or "same"; "same" gives an output of space × strides.
        output_padding: Positions to add at the end of each axis to the smallest output that fits, less than the
            stride; None for the default of the padding, for "valid" (space - 1) × stride + max(window, stride).
        dilation: Distance between neighbouring taps of a window.
        data_format: "channels_last" or "channels_first".

    Returns:
        (batch, *outputs space, outputs), or channels first.

    Raises:
        ValueError: If shapes or arguments do not fit together.

    Example:
        >>> import jax.numpy as jnp
        >>> conv_transpose(jnp.ones((8, 7, 7, 64)), jnp.ones((3, 3, 32, 64)), strides=2, padding="same").shape
        (8, 14, 14, 32)

    Reference:
        Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016.
    """
    channels_last = check_data_format(data_format)
    x, kernel = _promote(x, kernel)
    rank = _check_ranks(x, kernel)
    channels = x.shape[-1 if channels_last else 1]
    if channels != kernel.shape[-1]:
        raise ValueError(
            f"A transposed convolution of {channels} channels needs a kernel (*window, outputs, {channels}), "
            f"got shape {kernel.shape}."
        )
    size = x.shape[1:-1] if channels_last else x.shape[2:]
    windows = _transposed_windows(size, kernel.shape[:rank], strides, padding, output_padding, dilation)
    if not _can_be_fast(x, kernel, windows):
        return _plain_transpose(x, kernel, windows, channels_last)
    return _with_channels_last(lambda x: _input_gradient(x, kernel, windows, 1), x, channels_last)


def _transposed_windows(size, window, strides, padding, output_padding, dilation) -> Windows:
    """Return the windows of the convolution whose input gradient is the transposed convolution."""
    rank = len(size)
    strides = per_axis(strides, rank, "strides")
    dilation = per_axis(dilation, rank, "dilation")
    if padding not in ("valid", "same"):
        raise ValueError(f"padding must be 'valid' or 'same', got {padding!r}.")
    extra = (None,) * rank if output_padding is None else per_axis(output_padding, rank, "output_padding", least=0)
    outputs, pads = [], []
    for length, taps, stride, step, more in zip(size, window, strides, dilation, extra, strict=True):
        if more is not None and more >= stride:
            raise ValueError(f"output_padding must be less than strides, got {output_padding!r} for {strides!r}.")
        extent = (taps - 1) * step + 1
        full = (length - 1) * stride + extent
        if padding == "valid":
            output = max(full, length * stride) if more is None else full + more
        else:
            output = length * stride if more is None else full - extent // 2 * 2 + more
        low = max(full - output, 0) // 2 if padding == "same" else 0
        outputs.append(output)
        pads.append((low, full - output - low))
    return Windows(tuple(outputs), tuple(window), strides, tuple(pads), dilation)


# The three bilinear maps, the first also as it is where nobody asks for a gradient. Each returns the type of its
# arguments; low precision is computed in float32.


def _in_float32(function: Callable) -> Callable:
    """Compute bfloat16 and float16 in float32 and round once: XLA's CPU code has no faster way."""

    @wraps(function)
    def widened(first, second, *rest):
        if first.dtype.itemsize > 2:
            return function(first, second, *rest)
        result = function(first.astype(jnp.float32), second.astype(jnp.float32), *rest)
        return result.astype(first.dtype)

    return widened


_convolve_alone = jax.custom_vjp(_in_float32(plan.convolve_alone), nondiff_argnums=(2, 3, 4))
_convolve, _input_gradient, _kernel_gradient = (
    jax.custom_vjp(_in_float32(function), nondiff_argnums=(2, 3))
    for function in (plan.convolve, plan.input_gradient, plan.kernel_gradient)
)


def _define_gradients() -> None:
    """Tie the maps together: each is linear in both arguments, and the others are its transposes."""

    def keep(function):
        return lambda first, second, windows, groups: (function(first, second, windows, groups), (first, second))

    def convolve_backward(windows, groups, kept, g):
        x, kernel = kept
        return _input_gradient(g, kernel, windows, groups), _kernel_gradient(x, g, windows, groups)

    def input_gradient_backward(windows, groups, kept, x):
        g, kernel = kept
        return _convolve(x, kernel, windows, groups), _kernel_gradient(x, g, windows, groups)

    def kernel_gradient_backward(windows, groups, kept, kernel):
        x, g = kept
        return _input_gradient(g, kernel, windows, groups), _convolve(x, kernel, windows, groups)

    _convolve_alone.defvjp(
        lambda x, kernel, windows, groups, rectified: keep(_convolve)(x, kernel, windows, groups),
        lambda windows, groups, rectified, kept, g: convolve_backward(windows, groups, kept, g),
    )
    _convolve.defvjp(keep(_convolve), convolve_backward)
    _input_gradient.defvjp(keep(_input_gradient), input_gradient_backward)
    _kernel_gradient.defvjp(keep(_kernel_gradient), kernel_gradient_backward)


_define_gradients()


# The plain formulations.


def _plain(x: jax.Array, kernel: jax.Array, windows: Windows, groups: int, channels_last: bool) -> jax.Array:
    return lax.conv_general_dilated(
        x,
        kernel,
        windows.strides,
        windows.padding,
        rhs_dilation=windows.dilation,
        dimension_numbers=_dimension_numbers(len(windows.size), channels_last),
        feature_group_count=groups,
    )


def _plain_transpose(x: jax.Array, kernel: jax.Array, windows: Windows, channels_last: bool) -> jax.Array:
    rank = len(windows.size)
    padding = [
        (extent - 1 - low, extent - 1 - high)
        for extent, (low, high) in zip(windows.extents, windows.padding, strict=True)
    ]
    return lax.conv_general_dilated(
        x,
        jnp.swapaxes(jnp.flip(kernel, tuple(range(rank))), -1, -2),
        (1,) * rank,
        padding,
        lhs_dilation=windows.strides,
        rhs_dilation=windows.dilation,
        dimension_numbers=_dimension_numbers(rank, channels_last),
    )


def _dimension_numbers(rank: int, channels_last: bool) -> tuple[str, str, str]:
    space = "DHW"[-rank:]
    image = f"N{space}C" if channels_last else f"NC{space}"
    return image, f"{space}IO", image


def _can_be_fast(x: jax.Array, kernel: jax.Array, windows: Windows) -> bool:
    """Whether the fast forms cover this call: on the CPU, for floating types and arrays that are not empty."""
    full = x.size and kernel.size and all(windows.output_size) and all(windows.size)
    few = math.prod(windows.window) <= MOST_TAPS
    return bool(full) and few and jnp.issubdtype(x.dtype, jnp.floating) and fast_on_cpu()


def _with_channels_last(function: Callable, x: jax.Array, channels_last: bool) -> jax.Array:
    if channels_last:
        return function(x)
    return jnp.moveaxis(function(jnp.moveaxis(x, 1, -1)), -1, 1)


def _promote(x: jax.Array, kernel: jax.Array) -> tuple[jax.Array, jax.Array]:
    dtype = jnp.result_type(x, kernel)
    return jnp.asarray(x, dtype), jnp.asarray(kernel, dtype)


def _check_ranks(x: jax.Array, kernel: jax.Array) -> int:
    """Return the number of spatial axes."""
    if x.ndim not in (3, 4, 5) or kernel.ndim != x.ndim:
        raise ValueError(
            "A convolution takes x (batch, *space, channels) and kernel (*window, channels, outputs) with the same "
            f"one to three spatial axes, got shapes {x.shape} and {kernel.shape}."
        )
    return x.ndim - 2
