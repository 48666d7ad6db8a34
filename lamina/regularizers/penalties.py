"""Penalties on the size of weights."""

from __future__ import annotations

import jax.numpy as jnp

from lamina.regularizers.regularizer import Regularizer, checked_factor, floating
from lamina.typing import Array, ArrayLike


class L1(Regularizer):
    """Penalty `l1 * sum(|x|)`, which drives weights to exactly zero.

    Args:
        l1: factor, at least 0; None for the default.

    Raises:
        ValueError: if `l1` is negative or no finite number.

    Example:
        >>> float(lamina.regularizers.L1(0.5)([1.0, -3.0]))
        2.0
    """

    def __init__(self, l1: float | None = 0.01) -> None:
        self.l1 = checked_factor(self, "l1", l1, 0.01)

    def __call__(self, x: ArrayLike) -> Array:
        return self.l1 * jnp.sum(jnp.abs(floating(x)))


class L2(Regularizer):
    """Penalty `l2 * sum(x**2)`, which keeps weights small.

    Args:
        l2: factor, at least 0; None for the default.

    Raises:
        ValueError: if `l2` is negative or no finite number.

    Example:
        >>> float(lamina.regularizers.L2(0.5)([1.0, -3.0]))
        5.0
    """

    def __init__(self, l2: float | None = 0.01) -> None:
        self.l2 = checked_factor(self, "l2", l2, 0.01)

    def __call__(self, x: ArrayLike) -> Array:
        return self.l2 * jnp.sum(jnp.square(floating(x)))


class L1L2(Regularizer):
    """Penalty `l1 * sum(|x|) + l2 * sum(x**2)`.

    Args:
        l1: factor of the magnitudes, at least 0; None for the default.
        l2: factor of the squares, at least 0; None for the default.

    Raises:
        ValueError: if a factor is negative or no finite number.

    Example:
        >>> float(lamina.regularizers.L1L2(l1=0.5, l2=0.5)([1.0, -3.0]))
        7.0
    """

    def __init__(self, l1: float | None = 0.0, l2: float | None = 0.0) -> None:
        self.l1 = checked_factor(self, "l1", l1, 0.0)
        self.l2 = checked_factor(self, "l2", l2, 0.0)

    def __call__(self, x: ArrayLike) -> Array:
        x = floating(x)
        penalty = jnp.zeros((), x.dtype)
        if self.l1:
            penalty += self.l1 * jnp.sum(jnp.abs(x))
        if self.l2:
            penalty += self.l2 * jnp.sum(jnp.square(x))
        return penalty
