"""Ways to compute a convolution and its two gradients that are fast inside a loop body on the CPU.

Arrays are (batch, *space, channels), kernels (*window, in, out), without groups unless the name says so. Each form
computes one of three bilinear maps: the convolution of x and kernel, its gradient for x, its gradient for the kernel.
What they gain is printed by `benchmarks/kernels.py`; `docs/design/0101-convolution.md` explains.
"""

import math

import jax
import jax.numpy as jnp
from jax import lax

from lamina.kernels.geometry import Windows

# Rows of the product (batch slice × output positions) above which the kernel gradient is summed over batch slices.
ROWS_PER_SLICE = 8192
MOST_SLICES = 16


def direct(x: jax.Array, kernel: jax.Array, windows: Windows, groups: int = 1) -> jax.Array:
    """Convolve with `jax.lax`, in the one layout that XLA treats as canonical."""
    rank = len(windows.size)
    space = "DHW"[-rank:]
    return lax.conv_general_dilated(
        x,
        kernel,
        windows.strides,
        windows.padding,
        rhs_dilation=windows.dilation,
        dimension_numbers=(f"N{space}C", f"{space}IO", f"N{space}C"),
        feature_group_count=groups,
    )


# One product of matrices: columns of patches, or the pixels themselves where the window is a single tap.


def patches(x: jax.Array, windows: Windows) -> jax.Array:
    """Return a matrix with a row for each window: (batch × output positions, taps × channels)."""
    padded = windows.pad(x)
    columns = [windows.gather(padded, tap) for tap in windows.taps]
    return _rows(jnp.concatenate(columns, axis=-1) if len(columns) > 1 else columns[0])


def matmul(x: jax.Array, kernel: jax.Array, windows: Windows) -> jax.Array:
    """Convolve as patches @ kernel."""
    product = patches(x, windows) @ _rows(kernel)
    return product.reshape(x.shape[0], *windows.output_size, kernel.shape[-1])


def matmul_input_gradient(g: jax.Array, kernel: jax.Array, windows: Windows) -> jax.Array:
    """Spread g @ kernelᵀ over the inputs of each window, tap by tap."""
    columns = (_rows(g) @ _rows(kernel).T).reshape(*g.shape[:-1], -1)
    inputs = kernel.shape[-2]
    parts = (
        windows.scatter(columns[..., index * inputs : (index + 1) * inputs], tap)
        for index, tap in enumerate(windows.taps)
    )
    return sum(parts, start=next(parts))


def matmul_kernel_gradient(x: jax.Array, g: jax.Array, windows: Windows) -> jax.Array:
    """Return patchesᵀ @ g."""
    return (patches(x, windows).T @ _rows(g)).reshape(*windows.window, x.shape[-1], g.shape[-1])


# Convolutions in canonical layout.


def flipped_input_gradient(g: jax.Array, kernel: jax.Array, windows: Windows, groups: int = 1) -> jax.Array:
    """Convolve g with the kernel turned round: the input gradient where windows move by one."""
    space = tuple(range(len(windows.window)))
    padding = tuple(
        (extent - 1 - low, length + low - count)
        for extent, (low, _), length, count in zip(
            windows.extents, windows.padding, windows.size, windows.output_size, strict=True
        )
    )
    backward = Windows(windows.output_size, windows.window, (1,) * len(space), padding, windows.dilation)
    turned = _swap_channels(jnp.flip(kernel, space), groups)
    return direct(g, turned, backward, groups)


def transposed_kernel_gradient(x: jax.Array, g: jax.Array, windows: Windows) -> jax.Array:
    """Convolve x with g: channels take the place of the batch, the batch that of channels.

    Strides and dilation change roles as well. Summing over batch slices keeps the working set of a slice in cache.
    """
    rows = max(ROWS_PER_SLICE // math.prod(windows.output_size), -(-x.shape[0] // MOST_SLICES), 1)
    cuts = list(range(rows, x.shape[0], rows))
    parts = (
        _transposed_kernel_gradient(*piece, windows)
        for piece in zip(jnp.split(x, cuts), jnp.split(g, cuts), strict=True)
    )
    return sum(parts, start=next(parts))


def _transposed_kernel_gradient(x: jax.Array, g: jax.Array, windows: Windows) -> jax.Array:
    rank = len(windows.window)
    space = tuple(range(1, rank + 1))
    padding = tuple(
        (low, (taps - 1) * step + (count - 1) * stride + 1 - length - low)
        for (low, _), taps, step, count, stride, length in zip(
            windows.padding,
            windows.window,
            windows.dilation,
            windows.output_size,
            windows.strides,
            windows.size,
            strict=True,
        )
    )
    # What moved by strides is now dilated by them, and the other way round.
    backward = Windows(windows.size, windows.output_size, windows.dilation, padding, windows.strides)
    taps = direct(x.transpose(rank + 1, *space, 0), g.transpose(*space, 0, rank + 1), backward)
    return taps.transpose(*space, 0, rank + 1)


# One multiply-add for each tap: every channel on its own, (*window, 1, channels × multiplier).


def depthwise(x: jax.Array, kernel: jax.Array, windows: Windows) -> jax.Array:
    """Convolve each channel with its own kernels, as sum of shifted products."""
    padded = _repeat(windows.pad(x), kernel)
    parts = (windows.gather(padded, tap) * kernel[tap][0] for tap in windows.taps)
    return sum(parts, start=next(parts))


def depthwise_input_gradient(g: jax.Array, kernel: jax.Array, windows: Windows, inputs: int) -> jax.Array:
    """Return the gradient for x, which has `inputs` channels."""
    parts = (windows.scatter(_fold(g * kernel[tap][0], inputs), tap) for tap in windows.taps)
    return sum(parts, start=next(parts))


def depthwise_kernel_gradient(x: jax.Array, g: jax.Array, windows: Windows) -> jax.Array:
    """Return the gradient for the kernel."""
    padded = _repeat(windows.pad(x), g)
    everything_but_channels = tuple(range(g.ndim - 1))
    parts = [(windows.gather(padded, tap) * g).sum(everything_but_channels) for tap in windows.taps]
    return jnp.stack(parts).reshape(*windows.window, 1, g.shape[-1])


def _rows(x: jax.Array) -> jax.Array:
    return x.reshape(-1, x.shape[-1])


def _swap_channels(kernel: jax.Array, groups: int) -> jax.Array:
    """Exchange input and output channels of a kernel inside of each group."""
    *window, inputs, outputs = kernel.shape
    apart = kernel.reshape(*window, inputs, groups, outputs // groups)
    return jnp.swapaxes(apart, -1, -3).reshape(*window, outputs // groups, groups * inputs)


def _repeat(x: jax.Array, like: jax.Array) -> jax.Array:
    """Repeat each channel of `x` as often as `like` has kernels for it."""
    multiplier = like.shape[-1] // x.shape[-1]
    return x if multiplier == 1 else jnp.repeat(x, multiplier, axis=-1)


def _fold(x: jax.Array, channels: int) -> jax.Array:
    """Sum the channels that `_repeat` made of one."""
    return x if x.shape[-1] == channels else x.reshape(*x.shape[:-1], channels, -1).sum(-1)
