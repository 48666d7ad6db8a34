"""The largest number or the mean of each window, as plain `jax.lax`."""

from __future__ import annotations

import jax.numpy as jnp
from jax import lax

from lamina.typing import Array


def max_pool(x: Array, window: tuple[int, ...], *, strides: tuple[int, ...], padding: str, data_format: str) -> Array:
    """Return the largest number of each window."""
    lowest = -jnp.inf if jnp.issubdtype(x.dtype, jnp.floating) else jnp.iinfo(x.dtype).min
    sizes, steps = _full(window, strides, data_format)
    return lax.reduce_window(x, jnp.array(lowest, x.dtype), lax.max, sizes, steps, padding.upper())


def average_pool(
    x: Array, window: tuple[int, ...], *, strides: tuple[int, ...], padding: str, data_format: str
) -> Array:
    """Return the mean of each window; padding does not count."""
    x = x if jnp.issubdtype(x.dtype, jnp.floating) else x.astype("float32")
    sizes, steps = _full(window, strides, data_format)

    def total(numbers: Array) -> Array:
        return lax.reduce_window(numbers, jnp.array(0, numbers.dtype), lax.add, sizes, steps, padding.upper())

    return total(x) / total(jnp.ones((1, *x.shape[1:]), x.dtype))


def _full(
    window: tuple[int, ...], strides: tuple[int, ...], data_format: str
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return window and strides for all axes, batch and channels included."""
    if data_format == "channels_last":
        return (1, *window, 1), (1, *strides, 1)
    return (1, 1, *window), (1, 1, *strides)
