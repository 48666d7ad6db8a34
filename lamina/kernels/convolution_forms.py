"""Ways to compute a convolution and its two gradients that are fast inside a loop body on the CPU.

Arrays are (batch, *space, channels), kernels (*window, in, out), without groups unless the name says so. Each form
computes one of three bilinear maps: the convolution of x and kernel, its gradient for x, its gradient for the kernel.
What they gain is printed by `benchmarks/kernels.py`; `docs/design/0101-convolution.md` explains.
"""

import math
from functools import reduce

import jax
import jax.numpy as jnp
from jax import lax

from lamina.kernels import native_product as products
from lamina.kernels.geometry import Windows

# Rows of the product (batch slice × output positions) above which the kernel gradient is summed over batch slices.
ROWS_PER_SLICE = 8192
# Half as many rows are better still, but for slices of fewer examples: they fill the lanes of a vector.
EXAMPLES_PER_SLICE = 16
MOST_SLICES = 16
# Taps above which the kernel gradient of a depthwise convolution goes through the batch one example after the other:
# all taps then read it from cache.
MOST_DEPTHWISE_TAPS = 9
# Taps × numbers of an example up to which that gradient is added up position by position: they stay in cache.
MOST_ACCUMULATED = 2**19


def direct(x: jax.Array, kernel: jax.Array, windows: Windows) -> jax.Array:
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
    )


# One product of matrices: columns of patches, or the pixels themselves where the window is a single tap.


def patches(x: jax.Array, windows: Windows) -> jax.Array:
    """Return a matrix with a row for each window: (batch × output positions, taps × channels)."""
    padded = windows.pad(x)
    columns = [windows.gather(padded, tap) for tap in windows.taps]
    return _rows(jnp.concatenate(columns, axis=-1) if len(columns) > 1 else columns[0])


def matmul(x: jax.Array, kernel: jax.Array, windows: Windows) -> jax.Array:
    """Convolve as patches @ kernel."""
    product = products.matmul(patches(x, windows), _rows(kernel))
    return product.reshape(x.shape[0], *windows.output_size, kernel.shape[-1])


def matmul_input_gradient(g: jax.Array, kernel: jax.Array, windows: Windows) -> jax.Array:
    """Spread g @ kernelᵀ over the inputs of each window, tap by tap."""
    columns = products.matmul(_rows(g), _rows(kernel), transpose_b=True).reshape(*g.shape[:-1], -1)
    inputs = kernel.shape[-2]
    return reduce(
        jnp.add,
        (
            windows.scatter(columns[..., index * inputs : (index + 1) * inputs], tap)
            for index, tap in enumerate(windows.taps)
        ),
    )


def matmul_kernel_gradient(x: jax.Array, g: jax.Array, windows: Windows) -> jax.Array:
    """Return patchesᵀ @ g."""
    return products.matmul(patches(x, windows), _rows(g), transpose_a=True).reshape(
        *windows.window, x.shape[-1], g.shape[-1]
    )


# Convolutions in canonical layout.


def turn_round(kernel: jax.Array, windows: Windows) -> tuple[jax.Array, Windows]:
    """Return the kernel and windows whose convolution with g is the input gradient, where windows move by one."""
    turned = jnp.flip(kernel, tuple(range(len(windows.window))))
    return jnp.swapaxes(turned, -1, -2), input_gradient_windows(windows)


def input_gradient_windows(windows: Windows) -> Windows:
    """Return the windows over g that see, at each input, the outputs it has a part in, where windows move by one."""
    padding = tuple(
        (extent - 1 - low, length + low - count)
        for extent, (low, _), length, count in zip(
            windows.extents, windows.padding, windows.size, windows.output_size, strict=True
        )
    )
    return Windows(windows.output_size, windows.window, windows.strides, padding, windows.dilation)


def transposed_kernel_gradient(x: jax.Array, g: jax.Array, windows: Windows) -> jax.Array:
    """Convolve x with g: channels take the place of the batch, the batch that of channels.

    Strides and dilation change roles as well. Summing over batch slices keeps the working set of a slice in cache.
    """
    most = ROWS_PER_SLICE // math.prod(windows.output_size)
    rows = max(min(most, EXAMPLES_PER_SLICE), most // 2, -(-x.shape[0] // MOST_SLICES), 1)
    cuts = list(range(rows, x.shape[0], rows))
    pieces = zip(jnp.split(x, cuts), jnp.split(g, cuts), strict=True)
    return reduce(jnp.add, (_transposed_kernel_gradient(*piece, windows) for piece in pieces))


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


# The first spatial axis folded away: its taps become channels of a convolution with one axis less.


def fold_input(x: jax.Array, windows: Windows) -> jax.Array:
    """Return (batch × first positions, *other axes, first taps × channels)."""
    first = _only_first(windows)
    padded = first.pad(x.reshape(*x.shape[:2], -1))
    merged = (x.shape[0] * first.output_size[0], *x.shape[2:])
    return jnp.concatenate([first.gather(padded, tap).reshape(merged) for tap in first.taps], axis=-1)


def unfold_input(folded: jax.Array, windows: Windows, batch: int) -> jax.Array:
    """Add what `fold_input` copied: its transpose, for a gradient."""
    first = _only_first(windows)
    pieces = jnp.split(folded, windows.window[0], axis=-1)
    parts = [
        first.scatter(piece.reshape(batch, first.output_size[0], -1), tap)
        for piece, tap in zip(pieces, first.taps, strict=True)
    ]
    return reduce(jnp.add, parts).reshape(batch, windows.size[0], *pieces[0].shape[1:])


def fold_kernel(kernel: jax.Array) -> jax.Array:
    """Return (*other taps, first taps × in, out)."""
    return jnp.concatenate(list(kernel), axis=-2)


def unfold_kernel(folded: jax.Array, windows: Windows) -> jax.Array:
    """Undo `fold_kernel`."""
    return jnp.stack(jnp.split(folded, windows.window[0], axis=-2))


def fold_output(g: jax.Array) -> jax.Array:
    """Return (batch × first positions, *other positions, channels)."""
    return g.reshape(-1, *g.shape[2:])


def _only_first(windows: Windows) -> Windows:
    return windows.axes(slice(0, 1))


# Groups as one: a kernel with zeros between groups.


def dense_kernel(kernel: jax.Array, groups: int) -> jax.Array:
    """Return the kernel (*window, in, out) that does without groups what `kernel` does with them."""
    *window, inputs, outputs = kernel.shape
    apart = kernel.reshape(*window, 1, inputs, groups, outputs // groups)
    own_group = jnp.eye(groups, dtype=kernel.dtype)[:, None, :, None]
    return (apart * own_group).reshape(*window, groups * inputs, outputs)


def grouped_kernel(dense: jax.Array, groups: int) -> jax.Array:
    """Return the blocks of a dense kernel (or gradient) that belong to groups: the transpose of `dense_kernel`."""
    *window, inputs, outputs = dense.shape
    apart = dense.reshape(*window, groups, inputs // groups, groups, outputs // groups)
    own_group = jnp.eye(groups, dtype=dense.dtype)[:, None, :, None]
    return (apart * own_group).sum(-4).reshape(*window, inputs // groups, outputs)


# One multiply-add for each tap: every channel on its own, (*window, 1, channels × multiplier).


def depthwise(x: jax.Array, kernel: jax.Array, windows: Windows) -> jax.Array:
    """Convolve each channel with its own kernels, as sum of shifted products."""
    padded = _repeat(windows.pad(x), kernel)
    return reduce(jnp.add, (windows.gather(padded, tap) * kernel[tap][0] for tap in windows.taps))


def depthwise_input_gradient(g: jax.Array, kernel: jax.Array, windows: Windows, inputs: int) -> jax.Array:
    """Return the gradient for x, which has `inputs` channels."""
    if windows.is_dense:
        # One fused sum of shifted slices again; adding up spread parts takes a pass over memory for each tap.
        backward = input_gradient_windows(windows)
        return _fold(depthwise(g, jnp.flip(kernel, tuple(range(len(windows.window)))), backward), inputs)
    return reduce(jnp.add, (windows.scatter(_fold(g * kernel[tap][0], inputs), tap) for tap in windows.taps))


def depthwise_kernel_gradient(x: jax.Array, g: jax.Array, windows: Windows) -> jax.Array:
    """Return the gradient for the kernel: for each tap and channel the sum of what the window sees times g."""
    padded = _repeat(windows.pad(x), g)
    taps = math.prod(windows.window)

    def sums(padded: jax.Array, g: jax.Array) -> jax.Array:
        everything_but_channels = tuple(range(g.ndim - 1))
        return jnp.stack([(windows.gather(padded, tap) * g).sum(everything_but_channels) for tap in windows.taps])

    many_axes = len(windows.window) > 1
    if many_axes and windows.strides[-1] == 1 and taps * math.prod(g.shape[1:]) <= MOST_ACCUMULATED:
        total = _accumulated(padded, g, windows)
    elif taps <= MOST_DEPTHWISE_TAPS:
        total = sums(padded, g)
    else:
        start = jnp.zeros((taps, g.shape[-1]), g.dtype)
        total, _ = lax.scan(lambda total, pair: (total + sums(*pair), None), start, (padded[:, None], g[:, None]))
    return total.reshape(*windows.window, 1, g.shape[-1])


def _accumulated(padded: jax.Array, g: jax.Array, windows: Windows) -> jax.Array:
    """Add up products for each tap and position, one example after the other, and those of all positions at the end.

    What is added to stays in cache. The last axis and the channels are one here, for long vectors.
    """
    channels = g.shape[-1]
    padded, g = (array.reshape(*array.shape[:-2], -1) for array in (padded, g))

    def seen(example: jax.Array, tap: tuple[int, ...]) -> jax.Array:
        starts = [at * step for at, step in zip(tap, windows.dilation, strict=True)]
        limits = [
            start + (count - 1) * stride + 1
            for start, count, stride in zip(starts, windows.output_size, windows.strides, strict=True)
        ]
        starts[-1], limits[-1] = starts[-1] * channels, limits[-1] * channels
        return lax.slice(example, starts, limits, windows.strides)

    def add(totals: list[jax.Array], pair: tuple[jax.Array, jax.Array]) -> tuple[list[jax.Array], None]:
        example, its_g = pair
        return [total + seen(example, tap) * its_g for total, tap in zip(totals, windows.taps, strict=True)], None

    totals, _ = lax.scan(add, [jnp.zeros(g.shape[1:], g.dtype) for _ in windows.taps], (padded, g))
    return jnp.stack([total.reshape(-1, channels).sum(0) for total in totals])


def _rows(x: jax.Array) -> jax.Array:
    return x.reshape(-1, x.shape[-1])


def _repeat(x: jax.Array, like: jax.Array) -> jax.Array:
    """Repeat each channel of `x` as often as `like` has kernels for it."""
    multiplier = like.shape[-1] // x.shape[-1]
    return x if multiplier == 1 else jnp.repeat(x, multiplier, axis=-1)


def _fold(x: jax.Array, channels: int) -> jax.Array:
    """Sum the channels that `_repeat` made of one."""
    return x if x.shape[-1] == channels else x.reshape(*x.shape[:-1], channels, -1).sum(-1)
