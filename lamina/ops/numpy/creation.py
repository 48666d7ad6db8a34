"""New arrays: filled, counted, of windows; conversion from and to other types."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from lamina import config
from lamina.core.recording import as_array, operation
from lamina.ops.core import convert_to_tensor
from lamina.typing import Array, ArrayLike

__all__ = [
    "arange", "array", "bartlett", "blackman", "empty", "empty_like", "eye", "full", "full_like", "geomspace",
    "hamming", "hanning", "identity", "kaiser", "linspace", "logspace", "meshgrid", "ones", "ones_like", "tri",
    "vander", "zeros", "zeros_like",
]  # fmt: skip


@operation
def arange(start: Any, stop: Any = None, step: Any = None, dtype: Any = None) -> Array:
    """Return numbers from `start` (default 0) up to, not including, `stop`."""
    return jnp.arange(*_bounds(start, stop, step), dtype=_range_dtype(dtype, start, stop, step))


def array(x: ArrayLike, dtype: Any = None) -> Array:
    """Return `x` as an array."""
    return convert_to_tensor(x, dtype)


@operation
def bartlett(x: ArrayLike) -> Array:
    """Return the triangular window of `x` points."""
    return jnp.bartlett(int(x)).astype(config.floatx())


@operation
def blackman(x: ArrayLike) -> Array:
    """Return the Blackman window of `x` points."""
    return jnp.blackman(int(x)).astype(config.floatx())


def empty(shape: Any, dtype: Any = None) -> Array:
    """Return an array of unspecified values (zeros, in fact)."""
    return jnp.empty(shape, config.standardize_dtype(dtype))


@operation
def empty_like(x: ArrayLike, dtype: Any = None) -> Array:
    """Return an array of unspecified values, shaped as `x`."""
    return jnp.empty_like(x, dtype=_or_none(dtype))


def eye(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Array:
    """Return an N by M matrix with ones on its `k`-th diagonal."""
    return jnp.eye(N, M, k, dtype=config.standardize_dtype(dtype))


def full(shape: Any, fill_value: ArrayLike, dtype: Any = None) -> Array:
    """Return an array filled with one value."""
    return jnp.full(shape, as_array(fill_value), config.standardize_dtype(dtype))


@operation
def full_like(x: ArrayLike, fill_value: ArrayLike, dtype: Any = None) -> Array:
    """Return an array filled with one value, shaped as `x`."""
    return jnp.full_like(x, fill_value, dtype=_or_none(dtype))


@operation
def geomspace(
    start: ArrayLike, stop: ArrayLike, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0
) -> Array:
    """Return numbers from `start` to `stop` with equal quotients."""
    return jnp.geomspace(start, stop, num, endpoint, _or_none(dtype), axis)


@operation
def hamming(x: ArrayLike) -> Array:
    """Return the Hamming window of `x` points."""
    return jnp.hamming(int(x)).astype(config.floatx())


@operation
def hanning(x: ArrayLike) -> Array:
    """Return the Hann window of `x` points."""
    return jnp.hanning(int(x)).astype(config.floatx())


def identity(n: int, dtype: Any = None) -> Array:
    """Return the n by n identity matrix."""
    return jnp.identity(n, config.standardize_dtype(dtype))


@operation
def kaiser(x: ArrayLike, beta: Any) -> Array:
    """Return the Kaiser window of `x` points with the shape parameter `beta`."""
    return jnp.kaiser(int(x), beta).astype(config.floatx())


@operation
def linspace(
    start: ArrayLike,
    stop: ArrayLike,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
) -> Any:
    """Return numbers from `start` to `stop` with equal distances, and that distance if `retstep`."""
    return jnp.linspace(start, stop, num, endpoint, retstep, _or_none(dtype), axis)


@operation
def logspace(
    start: ArrayLike,
    stop: ArrayLike,
    num: int = 50,
    endpoint: bool = True,
    base: Any = 10,
    dtype: Any = None,
    axis: int = 0,
) -> Array:
    """Return `base` to the powers from `start` to `stop`."""
    return jnp.logspace(start, stop, num, endpoint, base, _or_none(dtype), axis)


@operation
def meshgrid(*x: ArrayLike, indexing: str = "xy") -> list[Array]:
    """Return the coordinates of the points of a grid, an array an axis."""
    return jnp.meshgrid(*x, indexing=indexing)


def ones(shape: Any, dtype: Any = None) -> Array:
    """Return an array of ones."""
    return jnp.ones(shape, config.standardize_dtype(dtype))


@operation
def ones_like(x: ArrayLike, dtype: Any = None) -> Array:
    """Return an array of ones, shaped as `x`."""
    return jnp.ones_like(x, dtype=_or_none(dtype))


def tri(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Array:
    """Return an N by M matrix with ones on and below its `k`-th diagonal."""
    return jnp.tri(N, M, k, dtype=config.standardize_dtype(dtype))


@operation
def vander(x: ArrayLike, N: int | None = None, increasing: bool = False) -> Array:
    """Return the powers of `x` as columns, the highest first unless `increasing`."""
    return jnp.vander(x, N, increasing)


def zeros(shape: Any, dtype: Any = None) -> Array:
    """Return an array of zeros."""
    return jnp.zeros(shape, config.standardize_dtype(dtype))


@operation
def zeros_like(x: ArrayLike, dtype: Any = None) -> Array:
    """Return an array of zeros, shaped as `x`."""
    return jnp.zeros_like(x, dtype=_or_none(dtype))


def _or_none(dtype: Any) -> str | None:
    return None if dtype is None else config.standardize_dtype(dtype)


def _bounds(start: Any, stop: Any, step: Any) -> tuple[Any, ...]:
    start, stop = (0, start) if stop is None else (start, stop)
    return (start, stop) if step is None else (start, stop, step)


def _range_dtype(dtype: Any, *bounds: Any) -> str:
    if dtype is not None:
        return config.standardize_dtype(dtype)
    kinds = [getattr(bound, "dtype", type(bound)) for bound in bounds if bound is not None]
    return config.standardize_dtype(config.floatx() if float in kinds else jnp.result_type(*kinds))
