"""Constraints on the length of the weight vectors of each unit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Real
from typing import Any

import jax.numpy as jnp
import numpy as np

from lamina import config as settings
from lamina.constraints.constraint import Constraint
from lamina.typing import Array, ArrayLike

Axis = int | Sequence[int]


class MaxNorm(Constraint):
    """Shortens weight vectors that are longer than `max_value`.

    Args:
        max_value: the greatest length, at least 0.
        axis: the axis (or axes) along which a vector runs: 0 for each unit of a `Dense` kernel of shape
            `(inputs, units)`, `[0, 1, 2]` for each filter of a `Conv2D` kernel of shape
            `(rows, columns, channels, filters)`.

    Raises:
        ValueError: if `max_value` is negative or no finite number, or if the weight has no such axis.

    Example:
        >>> lamina.constraints.MaxNorm(1.0)([[3.0, 0.0], [4.0, 0.0]])
        Array([[0.6, 0. ],
               [0.8, 0. ]], dtype=float32)

    Reference: Srivastava et al., 2014, https://jmlr.org/papers/v15/srivastava14a.html
    """

    def __init__(self, max_value: float = 2, axis: Axis = 0) -> None:
        self.max_value = _length(self, "max_value", max_value)
        self.axis = _checked_axis(self, axis)

    def __call__(self, w: ArrayLike) -> Array:
        w, norms = _with_norms(self, w, self.axis)
        return _rescaled(w, norms, jnp.clip(norms, 0, self.max_value))


class UnitNorm(Constraint):
    """Gives weight vectors the length 1.

    Args:
        axis: the axis (or axes) along which a vector runs, as in `MaxNorm`.

    Raises:
        ValueError: if the weight has no such axis.

    Example:
        >>> lamina.constraints.UnitNorm()([[3.0], [4.0]])
        Array([[0.6],
               [0.8]], dtype=float32)
    """

    def __init__(self, axis: Axis = 0) -> None:
        self.axis = _checked_axis(self, axis)

    def __call__(self, w: ArrayLike) -> Array:
        w, norms = _with_norms(self, w, self.axis)
        return _rescaled(w, norms, jnp.ones_like(norms))


class MinMaxNorm(Constraint):
    """Brings the length of weight vectors into an interval, or nearer to it.

    A vector of length `n` gets the length `rate * clip(n, min_value, max_value) + (1 - rate) * n`.

    Args:
        min_value: the least length, at least 0.
        max_value: the greatest length.
        rate: share of the way that is gone at each update, in [0, 1]; 1 enforces the interval.
        axis: the axis (or axes) along which a vector runs, as in `MaxNorm`.

    Raises:
        ValueError: if `min_value` exceeds `max_value`, an argument is no finite number or out of its range, or the
            weight has no such axis.

    Example:
        >>> lamina.constraints.MinMaxNorm(1.0, 2.0)([[6.0], [8.0]])
        Array([[1.2],
               [1.6]], dtype=float32)
    """

    def __init__(self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0, axis: Axis = 0) -> None:
        self.min_value = _length(self, "min_value", min_value)
        self.max_value = _length(self, "max_value", max_value)
        if min_value > max_value:
            raise ValueError(f"MinMaxNorm: min_value must not exceed max_value, got {min_value!r} and {max_value!r}.")
        self.rate = _length(self, "rate", rate)
        if rate > 1:
            raise ValueError(f"MinMaxNorm: rate must lie in [0, 1], got {rate!r}.")
        self.axis = _checked_axis(self, axis)

    def __call__(self, w: ArrayLike) -> Array:
        w, norms = _with_norms(self, w, self.axis)
        inside = jnp.clip(norms, self.min_value, self.max_value)
        return _rescaled(w, norms, self.rate * inside + (1 - self.rate) * norms)


def _with_norms(owner: Constraint, w: ArrayLike, axis: Axis) -> tuple[Array, Array]:
    array = jnp.asarray(w)
    if not jnp.issubdtype(array.dtype, jnp.inexact):
        array = array.astype(settings.floatx())
    axes = (axis,) if isinstance(axis, int) else tuple(axis)
    for one in axes:
        if not -array.ndim <= one < array.ndim:
            raise ValueError(
                f"{type(owner).__name__}: axis {one} does not exist in a weight of shape {array.shape}; "
                f"the constraint was made with axis={axis!r}."
            )
    return array, jnp.sqrt(jnp.sum(jnp.square(array), axis=axes, keepdims=True))


def _rescaled(w: Array, norms: Array, lengths: Array) -> Array:
    # epsilon outside of the root and in no case left out, as in Keras: a zero vector stays zero
    return w * (lengths / (settings.epsilon() + norms))


def _length(owner: object, name: str, value: Any) -> Any:
    number = isinstance(value, Real) and not isinstance(value, bool | np.bool_)
    if not number or not math.isfinite(value) or value < 0:
        raise ValueError(f"{type(owner).__name__}: {name} must be a finite number of at least 0, got {value!r}.")
    return value.item() if isinstance(value, np.generic) else value


def _checked_axis(owner: object, axis: Any) -> Any:
    axes = axis if isinstance(axis, tuple | list) else (axis,)
    if not axes or not all(isinstance(one, int) and not isinstance(one, bool) for one in axes):
        raise ValueError(f"{type(owner).__name__}: axis must be a whole number or a list of them, got {axis!r}.")
    return axis
