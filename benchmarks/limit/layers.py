"""Layers whose plain `jax.lax` form is slow on a CPU, or slow inside a loop, with faster gradients."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

LAYOUT = ("NHWC", "HWIO", "NHWC")

# The weight gradient of a convolution is summed over slices of the batch until a slice has at most this many rows of
# its matrix product: measured, smaller slices stay in the cache.
ROWS_OF_A_SLICE = 8192


def mix(key: jax.Array, shape: tuple[int, ...]) -> jax.Array:
    """Random 32-bit words by hashing (key, position): a tenth of threefry's time.

    The rounds are those of MurmurHash3's finalizer. Enough for dropout in a measurement; it has not passed a
    statistical test suite.
    """
    position = lax.iota(jnp.uint32, int(np.prod(shape))).reshape(shape)
    word = position * jnp.uint32(0x9E3779B9) ^ key
    word = (word ^ (word >> 16)) * jnp.uint32(0x85EBCA6B)
    word = (word ^ (word >> 13)) * jnp.uint32(0xC2B2AE35) + key
    return word ^ (word >> 15)


def dropout(x: jax.Array, rate: float, noise: jax.Array | None, position: int) -> jax.Array:
    """Inverted dropout; `position` tells the dropouts of one model apart. Without noise, or at rate 0, x itself."""
    if noise is None or rate == 0:
        return x
    key = (noise ^ jnp.uint32((position + 1) * 0x9E3779B1 % 2**32)) * jnp.uint32(0x27D4EB2F)
    return jnp.where(mix(key, x.shape) >= np.uint32(rate * 2**32), x / (1 - rate), 0)


def convolve(x, kernel, padding):
    return lax.conv_general_dilated(x, kernel, (1, 1), padding, dimension_numbers=LAYOUT)


def window_columns(x, height: int, width: int, padding):
    """Every window of x as a row: (rows, out height, out width, height · width · channels)."""
    x = jnp.pad(x, ((0, 0), *padding, (0, 0)))
    rows_out, columns_out = x.shape[1] - height + 1, x.shape[2] - width + 1
    return jnp.concatenate(
        [x[:, i : i + rows_out, j : j + columns_out] for i in range(height) for j in range(width)], axis=-1
    )


def convolution(x, kernel, padding: str):
    """Convolution of x (rows, height, width, channels), stride 1, `padding` "valid" or "same"."""
    height, width = kernel.shape[:2]
    sides = ((0, 0), (0, 0))
    if padding == "same":
        sides = (((height - 1) // 2, height // 2), ((width - 1) // 2, width // 2))
    return padded_convolution(x, kernel, sides)


@partial(jax.custom_vjp, nondiff_argnums=(2,))
def padded_convolution(x, kernel, padding):
    height, width, channels, filters = kernel.shape
    if channels > 3:
        return convolve(x, kernel, padding)
    columns = window_columns(x, height, width, padding)
    return columns @ kernel.reshape(height * width * channels, filters)


def _convolution_forward(x, kernel, padding):
    return padded_convolution(x, kernel, padding), (x, kernel)


def _convolution_backward(padding, kept, gradient):
    # Both gradients are convolutions in the layout of the forward one. XLA's own transpose is not, and inside a loop
    # body that costs a factor of ten and more.
    x, kernel = kept
    height, width = kernel.shape[:2]
    (top, _), (left, _) = padding
    around = (
        (height - 1 - top, x.shape[1] - gradient.shape[1] + top),
        (width - 1 - left, x.shape[2] - gradient.shape[2] + left),
    )
    of_x = convolve(gradient, jnp.flip(kernel, (0, 1)).swapaxes(2, 3), around)
    rows = x.shape[0]
    slices = 1
    while rows // slices * gradient.shape[1] * gradient.shape[2] > 2 * ROWS_OF_A_SLICE and rows % (2 * slices) == 0:
        slices *= 2
    of_kernel = sum(
        convolve(part.transpose(3, 1, 2, 0), part_gradient.transpose(1, 2, 0, 3), padding)
        for part, part_gradient in zip(jnp.split(x, slices), jnp.split(gradient, slices))
    )
    return of_x, of_kernel.transpose(1, 2, 0, 3)


padded_convolution.defvjp(_convolution_forward, _convolution_backward)


def convolution_1d(x, kernel, padding: str):
    """Convolution of x (rows, length, channels) by a kernel (width, channels, filters), as an image of height 1."""
    return convolution(x[:, None], kernel[None], padding)[:, 0]


def _window_members(x, size):
    """The members of each window of `size` = (height, width), in reading order."""
    height, width = size
    rows, columns = x.shape[1] // height * height, x.shape[2] // width * width
    return [x[:, i:rows:height, j:columns:width] for i in range(height) for j in range(width)]


@partial(jax.custom_vjp, nondiff_argnums=(1,))
def max_pool(x, size):
    """Maximum of windows of `size` that do not overlap; a ragged edge is left out."""
    members = _window_members(x, size)
    largest = members[0]
    for member in members[1:]:
        largest = jnp.maximum(largest, member)
    return largest


def _max_pool_forward(x, size):
    largest = max_pool(x, size)
    return largest, (x, largest)


def _max_pool_backward(size, kept, gradient):
    # The first maximum of a window takes the gradient, as the transpose of `reduce_window` does.
    x, largest = kept
    height, width = size
    rows, rows_out, columns_out, channels = x.shape[0], *gradient.shape[1:]
    taken = jnp.zeros(largest.shape, bool)
    parts = []
    for member in _window_members(x, size):
        first = (member == largest) & ~taken
        taken = taken | first
        parts.append(jnp.where(first, gradient, 0))
    lines = [jnp.stack(parts[i * width : (i + 1) * width], axis=3) for i in range(height)]
    whole = jnp.stack(lines, axis=2).reshape(rows, rows_out * height, columns_out * width, channels)
    edges = ((0, 0), (0, x.shape[1] - whole.shape[1]), (0, x.shape[2] - whole.shape[2]), (0, 0))
    return (jnp.pad(whole, edges),)


max_pool.defvjp(_max_pool_forward, _max_pool_backward)


def max_pool_1d(x, size: int):
    return max_pool(x[:, None], (1, size))[:, 0]


BATCH_NORM_EPSILON = 1e-3


@jax.custom_vjp
def normalize_batch(x, scale, offset):
    """Batch normalization in training: (outputs, mean, variance) over all axes but the last.

    One pass for both statistics (E[x²] − mean²), and a backward pass of two sums: half the time of autodiff's. The
    statistics pass no gradient on.
    """
    return _normalize_batch_forward(x, scale, offset)[0]


def _normalize_batch_forward(x, scale, offset):
    flat = x.reshape(-1, x.shape[-1])
    mean = flat.mean(0)
    variance = jnp.maximum((flat * flat).mean(0) - mean * mean, 0)
    inverse = lax.rsqrt(variance + BATCH_NORM_EPSILON)
    slope = inverse * scale
    return (x * slope + (offset - mean * slope), mean, variance), (x, mean, inverse, scale)


def _normalize_batch_backward(kept, gradients):
    x, mean, inverse, scale = kept
    gradient = gradients[0]
    channels = x.shape[-1]
    flat, flat_gradient = x.reshape(-1, channels), gradient.reshape(-1, channels)
    count = flat.shape[0]
    of_offset = flat_gradient.sum(0)
    of_scale = ((flat_gradient * flat).sum(0) - mean * of_offset) * inverse
    slope = scale * inverse
    per_x = slope * inverse * of_scale / count
    of_x = slope * gradient - x * per_x + (mean * per_x - slope * of_offset / count)
    return of_x, of_scale, of_offset


normalize_batch.defvjp(_normalize_batch_forward, _normalize_batch_backward)


def batch_norm(x, scale, offset, moving_mean, moving_variance, training: bool):
    """Batch normalization with Keras's momentum 0.99: (outputs, new moving mean, new moving variance)."""
    if not training:
        slope = lax.rsqrt(moving_variance + BATCH_NORM_EPSILON) * scale
        return x * slope + (offset - moving_mean * slope), moving_mean, moving_variance
    outputs, mean, variance = normalize_batch(x, scale, offset)
    return outputs, 0.99 * moving_mean + 0.01 * mean, 0.99 * moving_variance + 0.01 * variance
