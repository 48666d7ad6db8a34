"""Random arrays drawn by NumPy on the host, in float32 unless float64 is asked."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

# The standard deviation of a standard normal distribution that is cut off at -2 and 2:
# sqrt(1 - 4 * phi(2) / (Phi(2) - Phi(-2))) with the density phi and the distribution function Phi.
TRUNCATED_DEVIATION = math.sqrt(1 - 4 * math.exp(-2) / math.sqrt(2 * math.pi) / math.erf(math.sqrt(2)))


def normal(source: np.random.Generator, shape: tuple[int, ...], mean: float, stddev: float, dtype: str) -> np.ndarray:
    """Return an array from a normal distribution."""
    return _moved(source.standard_normal(shape, dtype=_precision(dtype)), mean, stddev)


def truncated_normal(
    source: np.random.Generator, shape: tuple[int, ...], mean: float, stddev: float, dtype: str
) -> np.ndarray:
    """Return an array from a normal distribution cut off at two `stddev` (taken before cutting) from the mean."""
    precision = _precision(dtype)
    values = source.standard_normal(math.prod(shape), dtype=precision)
    outside = np.flatnonzero(np.abs(values) > 2)
    while outside.size:  # 4.6 % of what was drawn: drawing those again is the exact distribution, and cheap
        again = source.standard_normal(outside.size, dtype=precision)
        values[outside] = again
        outside = outside[np.abs(again) > 2]
    return _moved(values.reshape(shape), mean, stddev)


def uniform(
    source: np.random.Generator, shape: tuple[int, ...], minval: float, maxval: float, dtype: str
) -> np.ndarray:
    """Return an array from the uniform distribution over `[minval, maxval)`."""
    precision = _precision(dtype)
    values = _moved(source.random(shape, dtype=precision), minval, maxval - minval)
    low, high = precision(minval), precision(maxval)
    if low < high and values.size:  # rounding may reach either end's far side
        np.clip(values, low, np.nextafter(high, low), out=values)
    return values


def _precision(dtype: str) -> Any:
    return np.float64 if dtype == "float64" else np.float32


def _moved(values: np.ndarray, offset: float, scale: float) -> np.ndarray:
    if scale != 1:
        values *= values.dtype.type(scale)
    if offset != 0:
        values += values.dtype.type(offset)
    return values
