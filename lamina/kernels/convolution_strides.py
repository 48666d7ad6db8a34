"""Windows that jump, seen as windows that move by one: positions between two jumps become channels.

An input (batch, s·n, channels) read with strides of s is an input (batch, n, s·channels) read step by step, by a kernel
whose taps are regrouped in the same way and filled up with zeros to a multiple of s. So the gradients of a convolution
with strides are those of a dense one, which takes a fraction of the time of spreading taps or of dilating. For the
kernel's gradient the positions are not merged, but taken one after the other, which multiplies no zeros.
"""

import math
from collections.abc import Iterator
from itertools import product

import jax
import jax.numpy as jnp

from lamina.kernels.geometry import Windows


def can_merge(windows: Windows) -> bool:
    """Tell whether windows jump, and their taps lie side by side."""
    return not windows.is_dense and all(step == 1 for step in windows.dilation)


def merged_windows(windows: Windows) -> Windows:
    """Return the dense windows over the merged input."""
    window = tuple(-(-taps // stride) for taps, stride in zip(windows.window, windows.strides, strict=True))
    size = tuple(count + taps - 1 for count, taps in zip(windows.output_size, window, strict=True))
    ones = (1,) * len(size)
    return Windows(size, window, ones, ((0, 0),) * len(size), ones)


def split_input(merged: jax.Array, windows: Windows) -> jax.Array:
    """Return (batch, *size, channels), given (batch, *merged size, strides × channels)."""
    x = _split(merged, windows)
    edges = [
        (-low, length + low - covered, 0)
        for (low, _), length, covered in zip(windows.padding, windows.size, x.shape[1:-1], strict=True)
    ]
    return jax.lax.pad(x, jnp.zeros((), x.dtype), [(0, 0, 0), *edges, (0, 0, 0)])


def merge_kernel(kernel: jax.Array, windows: Windows) -> jax.Array:
    """Return (*merged window, strides × in, out), zeros where a tap was missing."""
    filled = [(0, -taps % stride) for taps, stride in zip(windows.window, windows.strides, strict=True)]
    kernel = jnp.moveaxis(jnp.pad(kernel, [*filled, (0, 0), (0, 0)]), -1, 0)
    return jnp.moveaxis(_merge(kernel, windows), 0, -1)


def phases(x: jax.Array, windows: Windows) -> Iterator[tuple[tuple[slice, ...], jax.Array, Windows]]:
    """Give, for each offset within a jump, the taps that fall on it, the part of `x` they see, and their windows."""
    padded = windows.pad(x)
    for offset in product(
        *(range(min(jump, taps)) for jump, taps in zip(windows.strides, windows.window, strict=True))
    ):
        every = tuple(slice(start, None, jump) for start, jump in zip(offset, windows.strides, strict=True))
        part = padded[(slice(None), *every)]
        window = tuple(len(range(taps)[which]) for taps, which in zip(windows.window, every, strict=True))
        padding = tuple(
            (0, count + taps - 1 - length)
            for count, taps, length in zip(windows.output_size, window, part.shape[1:-1], strict=True)
        )
        ones = (1,) * len(window)
        yield every, part, Windows(part.shape[1:-1], window, ones, padding, ones)


def _merge(array: jax.Array, windows: Windows) -> jax.Array:
    """Move what lies between two jumps along each axis but the first and the last into the last."""
    rank = len(windows.strides)
    pairs = [
        part
        for size, stride in zip(array.shape[1:-1], windows.strides, strict=True)
        for part in (size // stride, stride)
    ]
    apart = array.reshape(array.shape[0], *pairs, array.shape[-1])
    order = (0, *range(1, 2 * rank, 2), *range(2, 2 * rank + 1, 2), 2 * rank + 1)
    return apart.transpose(order).reshape(array.shape[0], *pairs[::2], -1)


def _split(array: jax.Array, windows: Windows) -> jax.Array:
    """Undo `_merge`."""
    rank, sizes = len(windows.strides), array.shape[1:-1]
    channels = array.shape[-1] // math.prod(windows.strides)
    apart = array.reshape(array.shape[0], *sizes, *windows.strides, channels)
    order = (0, *(axis for pair in range(1, rank + 1) for axis in (pair, pair + rank)), 2 * rank + 1)
    spread = [size * stride for size, stride in zip(sizes, windows.strides, strict=True)]
    return apart.transpose(order).reshape(array.shape[0], *spread, channels)
