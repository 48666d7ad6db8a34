"""Sums, means, extremes and other summaries along axes; `axis=None` is over all elements."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from lamina import config
from lamina.core.recording import operation
from lamina.typing import Array, ArrayLike, Axis

__all__ = [
    "all", "amax", "amin", "any", "argmax", "argmin", "average", "corrcoef", "count_nonzero", "cumprod",
    "cumsum", "diff", "max", "mean", "median", "min", "nanargmax", "nanargmin", "nancumprod", "nancumsum",
    "nanmax", "nanmean", "nanmedian", "nanmin", "nanpercentile", "nanprod", "nanquantile", "nanstd", "nansum",
    "nanvar", "percentile", "prod", "ptp", "quantile", "std", "sum", "trace", "trapezoid", "var",
]  # fmt: skip


@operation
def all(x: ArrayLike, axis: Axis = None, keepdims: bool = False) -> Array:
    """Tell whether all elements are true."""
    return jnp.all(x, axis, keepdims=keepdims)


@operation
def amax(x: ArrayLike, axis: Axis = None, keepdims: bool = False) -> Array:
    """Return the greatest elements."""
    return jnp.amax(x, axis, keepdims=keepdims)


@operation
def amin(x: ArrayLike, axis: Axis = None, keepdims: bool = False) -> Array:
    """Return the least elements."""
    return jnp.amin(x, axis, keepdims=keepdims)


@operation
def any(x: ArrayLike, axis: Axis = None, keepdims: bool = False) -> Array:
    """Tell whether any element is true."""
    return jnp.any(x, axis, keepdims=keepdims)


@operation
def argmax(x: ArrayLike, axis: Axis = None, keepdims: bool = False) -> Array:
    """Return the indices of the greatest elements, the first where there are several."""
    return jnp.argmax(x, axis, keepdims=keepdims)


@operation
def argmin(x: ArrayLike, axis: Axis = None, keepdims: bool = False) -> Array:
    """Return the indices of the least elements, the first where there are several."""
    return jnp.argmin(x, axis, keepdims=keepdims)


@operation
def average(x: ArrayLike, axis: Axis = None, weights: ArrayLike | None = None) -> Array:
    """Return the mean, weighted if `weights` are given."""
    return jnp.average(x, axis, weights=weights)


@operation
def corrcoef(x: ArrayLike) -> Array:
    """Return the correlation matrix of the rows."""
    return jnp.corrcoef(x)


@operation
def count_nonzero(x: ArrayLike, axis: Axis = None) -> Array:
    """Return how many elements are not zero."""
    return jnp.count_nonzero(x, axis)


@operation
def cumprod(x: ArrayLike, axis: Axis = None, dtype: Any = None) -> Array:
    """Return the products of all elements up to each one."""
    return jnp.cumprod(x, axis, dtype=_dtype(dtype))


@operation
def cumsum(x: ArrayLike, axis: Axis = None, dtype: Any = None) -> Array:
    """Return the sums of all elements up to each one."""
    return jnp.cumsum(x, axis, dtype=_dtype(dtype))


@operation
def diff(a: ArrayLike, n: int = 1, axis: int = -1) -> Array:
    """Return the differences of neighbours, taken `n` times."""
    return jnp.diff(a, n, axis)


@operation
def max(x: ArrayLike, axis: Axis = None, keepdims: bool = False, initial: Any = None) -> Array:
    """Return the greatest elements, at least `initial`."""
    return jnp.max(x, axis, keepdims=keepdims, initial=initial)


@operation
def mean(x: ArrayLike, axis: Axis = None, keepdims: bool = False) -> Array:
    """Return the mean."""
    return jnp.mean(x, axis, keepdims=keepdims)


@operation
def median(x: ArrayLike, axis: Axis = None, keepdims: bool = False) -> Array:
    """Return the median."""
    return jnp.median(x, axis, keepdims=keepdims)


@operation
def min(x: ArrayLike, axis: Axis = None, keepdims: bool = False, initial: Any = None) -> Array:
    """Return the least elements, at most `initial`."""
    return jnp.min(x, axis, keepdims=keepdims, initial=initial)


@operation
def nanargmax(x: ArrayLike, axis: Axis = None, keepdims: bool = False) -> Array:
    """Return the indices of the greatest elements, NaN left out; -1 where all are NaN."""
    return jnp.nanargmax(x, axis, keepdims=keepdims)


@operation
def nanargmin(x: ArrayLike, axis: Axis = None, keepdims: bool = False) -> Array:
    """Return the indices of the least elements, NaN left out; -1 where all are NaN."""
    return jnp.nanargmin(x, axis, keepdims=keepdims)


@operation
def nancumprod(x: ArrayLike, axis: Axis = None, dtype: Any = None) -> Array:
    """Return cumulative products with 1 for NaN."""
    return jnp.nancumprod(x, axis, dtype=_dtype(dtype))


@operation
def nancumsum(x: ArrayLike, axis: Axis = None, dtype: Any = None) -> Array:
    """Return cumulative sums with 0 for NaN."""
    return jnp.nancumsum(x, axis, dtype=_dtype(dtype))


@operation
def nanmax(x: ArrayLike, axis: Axis = None, keepdims: bool = False) -> Array:
    """Return the greatest elements, NaN left out."""
    return jnp.nanmax(x, axis, keepdims=keepdims)


@operation
def nanmean(x: ArrayLike, axis: Axis = None, keepdims: bool = False) -> Array:
    """Return the mean, NaN left out."""
    return jnp.nanmean(x, axis, keepdims=keepdims)


@operation
def nanmedian(x: ArrayLike, axis: Axis = None, keepdims: bool = False) -> Array:
    """Return the median, NaN left out."""
    return jnp.nanmedian(x, axis, keepdims=keepdims)


@operation
def nanmin(x: ArrayLike, axis: Axis = None, keepdims: bool = False) -> Array:
    """Return the least elements, NaN left out."""
    return jnp.nanmin(x, axis, keepdims=keepdims)


@operation
def nanpercentile(
    x: ArrayLike, q: ArrayLike, axis: Axis = None, method: str = "linear", keepdims: bool = False
) -> Array:
    """Return percentiles (`q` in [0, 100]), NaN left out."""
    return jnp.nanpercentile(x, q, axis, method=method, keepdims=keepdims)


@operation
def nanprod(x: ArrayLike, axis: Axis = None, keepdims: bool = False) -> Array:
    """Return the product with 1 for NaN."""
    return jnp.nanprod(x, axis, keepdims=keepdims)


@operation
def nanquantile(x: ArrayLike, q: ArrayLike, axis: Axis = None, method: str = "linear", keepdims: bool = False) -> Array:
    """Return quantiles (`q` in [0, 1]), NaN left out."""
    return jnp.nanquantile(x, q, axis, method=method, keepdims=keepdims)


@operation
def nanstd(x: ArrayLike, axis: Axis = None, keepdims: bool = False) -> Array:
    """Return the standard deviation, NaN left out."""
    return jnp.nanstd(x, axis, keepdims=keepdims)


@operation
def nansum(x: ArrayLike, axis: Axis = None, keepdims: bool = False) -> Array:
    """Return the sum with 0 for NaN."""
    return jnp.nansum(x, axis, keepdims=keepdims)


@operation
def nanvar(x: ArrayLike, axis: Axis = None, keepdims: bool = False) -> Array:
    """Return the variance, NaN left out."""
    return jnp.nanvar(x, axis, keepdims=keepdims)


@operation
def percentile(x: ArrayLike, q: ArrayLike, axis: Axis = None, method: str = "linear", keepdims: bool = False) -> Array:
    """Return percentiles, `q` in [0, 100]."""
    return jnp.percentile(x, q, axis, method=method, keepdims=keepdims)


@operation
def prod(x: ArrayLike, axis: Axis = None, keepdims: bool = False, dtype: Any = None) -> Array:
    """Return the product."""
    return jnp.prod(x, axis, keepdims=keepdims, dtype=_dtype(dtype))


@operation
def ptp(x: ArrayLike, axis: Axis = None, keepdims: bool = False) -> Array:
    """Return the greatest minus the least element."""
    return jnp.ptp(x, axis, keepdims=keepdims)


@operation
def quantile(x: ArrayLike, q: ArrayLike, axis: Axis = None, method: str = "linear", keepdims: bool = False) -> Array:
    """Return quantiles, `q` in [0, 1]."""
    return jnp.quantile(x, q, axis, method=method, keepdims=keepdims)


@operation
def std(x: ArrayLike, axis: Axis = None, keepdims: bool = False) -> Array:
    """Return the standard deviation."""
    return jnp.std(x, axis, keepdims=keepdims)


@operation
def sum(x: ArrayLike, axis: Axis = None, keepdims: bool = False) -> Array:
    """Return the sum."""
    return jnp.sum(x, axis, keepdims=keepdims)


@operation
def trace(x: ArrayLike, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Array:
    """Return the sums of diagonals."""
    return jnp.trace(x, offset, axis1, axis2)


@operation
def trapezoid(y: ArrayLike, x: Any = None, dx: float = 1.0, axis: int = -1) -> Array:
    """Return the integral of `y` over `x`, or over steps of `dx`, by the trapezoidal rule."""
    return jnp.trapezoid(y, x, dx, axis)


@operation
def var(x: ArrayLike, axis: Axis = None, keepdims: bool = False) -> Array:
    """Return the variance."""
    return jnp.var(x, axis, keepdims=keepdims)


def _dtype(dtype: Any) -> str | None:
    return None if dtype is None else config.standardize_dtype(dtype)
