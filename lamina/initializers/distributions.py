"""Initializers that draw from a distribution with given parameters."""

from __future__ import annotations

from typing import Any

from lamina.initializers import draws
from lamina.initializers.initializer import RandomInitializer, finite_number, float_dtype, static_shape, to_device
from lamina.random.seed_generator import SeedGenerator
from lamina.typing import Array


class RandomNormal(RandomInitializer):
    """Draws from a normal distribution.

    Args:
        mean: mean of the distribution.
        stddev: its standard deviation, at least 0.
        seed: a whole number, which gives the same values at each call; a `lamina.random.SeedGenerator`, which gives
            others at each call; or None for a number drawn now.

    Raises:
        ValueError: if `stddev` is negative, or an argument no finite number.

    Example:
        >>> lamina.initializers.RandomNormal(seed=1)((2, 3)).shape
        (2, 3)
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | SeedGenerator | None = None) -> None:
        super().__init__(seed)
        self.mean = finite_number(self, "mean", mean)
        self.stddev = _deviation(self, stddev)

    def __call__(self, shape: Any, dtype: Any = None) -> Array:
        shape, dtype = static_shape(self, shape), float_dtype(self, dtype)
        return to_device(draws.normal(self.source(), shape, self.mean, self.stddev, dtype), dtype)


class TruncatedNormal(RandomInitializer):
    """Draws from a normal distribution and draws again what is more than two `stddev` away from the mean.

    The values that are left deviate less: their own standard deviation is 0.88 `stddev`.

    Args:
        mean: mean of the distribution.
        stddev: standard deviation before cutting off, at least 0.
        seed: a whole number, which gives the same values at each call; a `lamina.random.SeedGenerator`, which gives
            others at each call; or None for a number drawn now.

    Raises:
        ValueError: if `stddev` is negative, or an argument no finite number.

    Example:
        >>> values = lamina.initializers.TruncatedNormal(stddev=1.0, seed=1)((1000,))
        >>> bool(abs(values).max() <= 2)
        True
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | SeedGenerator | None = None) -> None:
        super().__init__(seed)
        self.mean = finite_number(self, "mean", mean)
        self.stddev = _deviation(self, stddev)

    def __call__(self, shape: Any, dtype: Any = None) -> Array:
        shape, dtype = static_shape(self, shape), float_dtype(self, dtype)
        return to_device(draws.truncated_normal(self.source(), shape, self.mean, self.stddev, dtype), dtype)


class RandomUniform(RandomInitializer):
    """Draws from the uniform distribution over `[minval, maxval)`.

    Args:
        minval: the least value.
        maxval: the value that all stay below (in half precision rounding may reach it).
        seed: a whole number, which gives the same values at each call; a `lamina.random.SeedGenerator`, which gives
            others at each call; or None for a number drawn now.

    Raises:
        ValueError: if `minval` exceeds `maxval`, or an argument is no finite number.

    Example:
        >>> values = lamina.initializers.RandomUniform(0.0, 1.0, seed=1)((1000,))
        >>> bool(values.min() >= 0) and bool(values.max() < 1)
        True
    """

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: int | SeedGenerator | None = None) -> None:
        super().__init__(seed)
        self.minval = finite_number(self, "minval", minval)
        self.maxval = finite_number(self, "maxval", maxval)
        if minval > maxval:
            raise ValueError(f"RandomUniform: minval must not exceed maxval, got {minval!r} and {maxval!r}.")

    def __call__(self, shape: Any, dtype: Any = None) -> Array:
        shape, dtype = static_shape(self, shape), float_dtype(self, dtype)
        return to_device(draws.uniform(self.source(), shape, self.minval, self.maxval, dtype), dtype)


def _deviation(owner: object, stddev: Any) -> Any:
    if finite_number(owner, "stddev", stddev) < 0:
        raise ValueError(f"{type(owner).__name__}: stddev must be at least 0, got {stddev!r}.")
    return finite_number(owner, "stddev", stddev)
