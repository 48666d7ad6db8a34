"""What activations do with their arguments before they compute."""

from typing import Any

import jax.numpy as jnp

from lamina import config
from lamina.typing import Array, ArrayLike


def floating(x: ArrayLike) -> Array:
    """Return `x` as an array of floats: whole numbers and booleans become `lamina.config.floatx()`."""
    array = jnp.asarray(x)
    return array if jnp.issubdtype(array.dtype, jnp.inexact) else array.astype(config.floatx())


def check_axis(function: str, x: Array, axis: Any) -> int:
    """Return an axis counted from the front.

    Raises:
        TypeError: if `axis` is no whole number.
        ValueError: if `x` has no such axis.
    """
    if isinstance(axis, bool) or not hasattr(axis, "__index__"):
        raise TypeError(f"{function}: axis must be a whole number, got {axis!r}.")
    if not -x.ndim <= axis < x.ndim:
        wanted = f"one in [{-x.ndim}, {x.ndim})" if x.ndim else "an array of at least one axis"
        raise ValueError(f"{function}: axis {axis} does not exist in shape {x.shape}; give {wanted}.")
    return int(axis) % x.ndim


def check_axes(function: str, x: Array, axis: Any) -> tuple[int, ...]:
    """Return the axes that `axis`, a number or several, names, counted from the front.

    Raises:
        TypeError: if an axis is no whole number.
        ValueError: if `x` has no such axis.
    """
    return tuple(check_axis(function, x, one) for one in (axis if isinstance(axis, tuple | list) else (axis,)))


def check_least(function: str, name: str, value: Any, least: float, *, strictly: bool = False) -> None:
    """Raise ValueError if a Python number lies below (`strictly`: or at) `least`; arrays pass unseen.

    A parameter may be learned, and an array that is being traced has no value to look at.
    """
    if isinstance(value, int | float) and not (value > least if strictly else value >= least):
        relation = "greater than" if strictly else "at least"
        raise ValueError(f"{function}: {name} must be {relation} {least}, got {value!r}.")
