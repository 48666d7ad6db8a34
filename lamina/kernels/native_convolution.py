"""Convolutions of images and sequences, and their kernel gradients, by the compiled extension where it is faster.

They need no patches and no padded images in memory (`lamina/kernels/csrc/direct.c`, and `winograd.c` for windows of
3 × 3). Their derivatives are those of `lamina/kernels/convolution.py`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend.core import Primitive
from jax.interpreters import batching

from lamina.kernels import native
from lamina.kernels.convolution_forms import direct, transposed_kernel_gradient
from lamina.kernels.geometry import Windows

# Multiplications from which a call is worth it, and taps × channels of a row of the window: what a tile sums at once.
FEWEST_MULTIPLICATIONS = 2e6
FEWEST_TERMS = 24
# Floats that a row of a padded image may have: a few rows have to stay in the second cache.
WIDEST_ROW = 2**16
# And all the rows from a window's first tap to its last, which each thread sets memory aside for.
MOST_ROWS = 2**22


def takes(x: jax.Array, kernel: jax.Array, windows: Windows) -> bool:
    """Return whether the extension can and should compute the convolution of x and kernel."""
    return native.available(_convolution.name) and _fits(x, kernel, kernel.shape[-1], windows.in_plane)


def convolve(x: jax.Array, kernel: jax.Array, windows: Windows) -> jax.Array:
    """Return the convolution of x and kernel; `takes` has to be true."""
    plane = windows.in_plane
    result = _convolution.bind(image(x), kernel.reshape(*plane.window, *kernel.shape[-2:]), windows=plane)
    return result.reshape(x.shape[0], *windows.output_size, kernel.shape[-1])


def takes_gradient(x: jax.Array, g: jax.Array, windows: Windows) -> bool:
    """Return whether it can and should compute the gradient for the kernel, given g, that for the result."""
    return native.available(_kernel_gradient.name) and _gradient_fits(x, g, windows.in_plane)


def kernel_gradient(x: jax.Array, g: jax.Array, windows: Windows) -> jax.Array:
    """Return the gradient for the kernel; `takes_gradient` has to be true."""
    result = _kernel_gradient.bind(image(x), image(g), windows=windows.in_plane)
    return result.reshape(*windows.window, x.shape[-1], g.shape[-1])


def image(x: jax.Array) -> jax.Array:
    """Return a sequence as an image of one row, an image as it is."""
    return x[:, None] if x.ndim == 3 else x


def _fits(x: Any, other: Any, outputs: int, windows: Windows) -> bool:
    """Whether a call of the extension is possible, and faster."""
    known = all(isinstance(size, int) for size in (*x.shape, *other.shape))  # programs for export may leave sizes open
    if len(windows.size) != 2 or not known or not x.dtype == other.dtype == jnp.float32:
        return False
    channels, ((top, _), (left, right)) = x.shape[-1], windows.padding
    row = (windows.size[1] + left + max(right, 0)) * channels
    if min(top, left) < 0 or row > WIDEST_ROW or windows.extents[0] * row > MOST_ROWS:
        return False
    terms = channels * (windows.window[1] if windows.dilation[1] == 1 else 1)
    multiplications = x.shape[0] * math.prod(windows.output_size) * math.prod(windows.window) * channels * outputs
    return terms >= FEWEST_TERMS and multiplications >= FEWEST_MULTIPLICATIONS


def _gradient_fits(x: Any, g: Any, windows: Windows) -> bool:
    return windows.is_dense and _fits(x, g, g.shape[-1], windows)


def options(windows: Windows) -> tuple[int, ...]:
    """Return what a handler is told of windows: strides, padding before the first row and column, dilation."""
    return (*windows.strides, *(low for low, _ in windows.padding), *windows.dilation)


def _batched(primitive: Primitive, plain: Callable, arrays: Any, axes: Any, windows: Windows) -> tuple[jax.Array, int]:
    """Fold what is batched into the images where there is one kernel for all; else leave it to XLA."""
    (x, kernel), (axis, kernel_axis) = arrays, axes
    if primitive is _convolution and kernel_axis is None:
        x = jnp.moveaxis(x, axis, 0)
        result = primitive.bind(x.reshape(-1, *x.shape[2:]), kernel, windows=windows)
        return result.reshape(*x.shape[:2], *result.shape[1:]), 0
    return jax.vmap(partial(plain, windows=windows), axes)(*arrays), 0


_convolution = native.primitive(
    "lamina_convolution", direct, options, lambda x, kernel, windows: _fits(x, kernel, kernel.shape[-1], windows)
)
_kernel_gradient = native.primitive(
    "lamina_convolution_kernel_gradient", transposed_kernel_gradient, options, _gradient_fits
)
batching.primitive_batchers[_convolution] = partial(_batched, _convolution, direct)
batching.primitive_batchers[_kernel_gradient] = partial(_batched, _kernel_gradient, transposed_kernel_gradient)
