"""The mean or the maximum of windows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp

from lamina import config, kernels
from lamina.core.recording import operation
from lamina.typing import Array, ArrayLike

__all__ = [
    "adaptive_average_pool", "adaptive_max_pool", "average_pool", "max_pool",
]  # fmt: skip


@operation
def average_pool(
    inputs: ArrayLike, pool_size: Any, strides: Any = None, padding: str = "valid", data_format: str | None = None
) -> Array:
    """Return the mean of every window; padding does not count."""
    return kernels.average_pool(
        inputs, pool_size, strides, padding.lower(), config.standardize_data_format(data_format)
    )


@operation
def max_pool(
    inputs: ArrayLike, pool_size: Any, strides: Any = None, padding: str = "valid", data_format: str | None = None
) -> Array:
    """Return the maximum of every window."""
    return kernels.max_pool(inputs, pool_size, strides, padding.lower(), config.standardize_data_format(data_format))


@operation
def adaptive_average_pool(inputs: ArrayLike, output_size: Any, data_format: str | None = None) -> Array:
    """Return the means of as many windows as the output is to have; their lengths may differ by one."""
    return _adaptive(inputs, output_size, data_format, _mean_of_parts)


@operation
def adaptive_max_pool(inputs: ArrayLike, output_size: Any, data_format: str | None = None) -> Array:
    """Return the maxima of as many windows as the output is to have; their lengths may differ by one."""
    return _adaptive(inputs, output_size, data_format, _max_of_parts)


def _adaptive(
    x: Array, output_size: int | Sequence[int | None], data_format: str | None, reduce: Callable[..., Array]
) -> Array:
    first = 1 if config.standardize_data_format(data_format) == "channels_last" else 2
    sizes = (output_size,) * (x.ndim - 2) if isinstance(output_size, int) else tuple(output_size)
    if len(sizes) != x.ndim - 2:
        raise ValueError(
            f"Adaptive pooling: output_size must be a number or {x.ndim - 2} numbers, got {output_size!r} for "
            f"inputs of shape {x.shape}."
        )
    for axis, size in enumerate(sizes, start=first):
        if size is not None:
            x = jnp.moveaxis(reduce(jnp.moveaxis(x, axis, -1), _parts(x.shape[axis], size)), -1, axis)
    return x


def _parts(length: int, count: int) -> Array:
    """Return which positions belong to which part, (parts, positions)."""
    index, position = jnp.arange(count)[:, None], jnp.arange(length)
    return (position >= index * length // count) & (position < -(-(index + 1) * length // count))


def _mean_of_parts(x: Array, parts: Array) -> Array:
    weights = parts / parts.sum(1, keepdims=True)
    return jnp.matmul(x, weights.T.astype(x.dtype), precision="highest")


def _max_of_parts(x: Array, parts: Array) -> Array:
    least = -jnp.inf if jnp.issubdtype(x.dtype, jnp.floating) else jnp.iinfo(x.dtype).min
    return jnp.max(jnp.where(parts, x[..., None, :], least), axis=-1)
