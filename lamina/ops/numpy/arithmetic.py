"""Functions of two arrays, broadcast against each other, that work element by element."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from lamina.core.recording import operation
from lamina.typing import Array, ArrayLike

__all__ = [
    "add", "allclose", "arctan2", "bitwise_and", "bitwise_left_shift", "bitwise_or", "bitwise_right_shift",
    "bitwise_xor", "clip", "divide", "divide_no_nan", "equal", "floor_divide", "fmax", "fmin", "fmod", "gcd",
    "greater", "greater_equal", "heaviside", "hypot", "isclose", "lcm", "ldexp", "left_shift", "less",
    "less_equal", "logaddexp", "logaddexp2", "logical_and", "logical_or", "logical_xor", "maximum", "minimum",
    "mod", "multiply", "nextafter", "not_equal", "power", "right_shift", "subtract", "true_divide",
]  # fmt: skip


@operation
def add(x1: ArrayLike, x2: ArrayLike) -> Array:
    """Return `x1 + x2`."""
    return jnp.add(x1, x2)


@operation
def arctan2(x1: ArrayLike, x2: ArrayLike) -> Array:
    """Return the angles of the points `(x2, x1)`, in radians."""
    return jnp.arctan2(x1, x2)


@operation
def bitwise_and(x: ArrayLike, y: ArrayLike) -> Array:
    """Return the bits that are set in both."""
    return jnp.bitwise_and(x, y)


@operation
def bitwise_left_shift(x: ArrayLike, y: ArrayLike) -> Array:
    """Return `x` with its bits moved `y` places to the left."""
    return jnp.left_shift(x, y)


@operation
def bitwise_or(x: ArrayLike, y: ArrayLike) -> Array:
    """Return the bits that are set in either."""
    return jnp.bitwise_or(x, y)


@operation
def bitwise_right_shift(x: ArrayLike, y: ArrayLike) -> Array:
    """Return `x` with its bits moved `y` places to the right."""
    return jnp.right_shift(x, y)


@operation
def bitwise_xor(x: ArrayLike, y: ArrayLike) -> Array:
    """Return the bits that differ."""
    return jnp.bitwise_xor(x, y)


@operation
def clip(x: ArrayLike, x_min: Any, x_max: Any) -> Array:
    """Return `x` limited to `[x_min, x_max]`."""
    return jnp.clip(x, x_min, x_max)


@operation
def divide(x1: ArrayLike, x2: ArrayLike) -> Array:
    """Return `x1 / x2`."""
    return jnp.divide(x1, x2)


@operation
def divide_no_nan(x1: ArrayLike, x2: ArrayLike) -> Array:
    """Return `x1 / x2`, and 0 where `x2` is 0."""
    safe = jnp.where(x2 == 0, 1, x2)
    return jnp.where(x2 == 0, 0, jnp.divide(x1, safe))


@operation
def equal(x1: ArrayLike, x2: ArrayLike) -> Array:
    """Tell where `x1 == x2`."""
    return jnp.equal(x1, x2)


@operation
def floor_divide(x1: ArrayLike, x2: ArrayLike) -> Array:
    """Return `x1 / x2` rounded down."""
    return jnp.floor_divide(x1, x2)


@operation
def fmax(x1: ArrayLike, x2: ArrayLike) -> Array:
    """Return the greater of two; a NaN gives way to the other."""
    return jnp.fmax(x1, x2)


@operation
def fmin(x1: ArrayLike, x2: ArrayLike) -> Array:
    """Return the lesser of two; a NaN gives way to the other."""
    return jnp.fmin(x1, x2)


@operation
def fmod(x1: ArrayLike, x2: ArrayLike) -> Array:
    """Return the remainder of division with the sign of `x1`, as in C."""
    return jnp.fmod(x1, x2)


@operation
def gcd(x1: ArrayLike, x2: ArrayLike) -> Array:
    """Return the greatest common divisors of whole numbers."""
    return jnp.gcd(x1, x2)


@operation
def greater(x1: ArrayLike, x2: ArrayLike) -> Array:
    """Tell where `x1 > x2`."""
    return jnp.greater(x1, x2)


@operation
def greater_equal(x1: ArrayLike, x2: ArrayLike) -> Array:
    """Tell where `x1 >= x2`."""
    return jnp.greater_equal(x1, x2)


@operation
def heaviside(x1: ArrayLike, x2: ArrayLike) -> Array:
    """Return 0 where `x1` is negative, 1 where it is positive, and `x2` where it is 0."""
    return jnp.heaviside(x1, x2)


@operation
def hypot(x1: ArrayLike, x2: ArrayLike) -> Array:
    """Return `sqrt(x1**2 + x2**2)` without overflow."""
    return jnp.hypot(x1, x2)


@operation
def isclose(
    x1: ArrayLike, x2: ArrayLike, rtol: ArrayLike = 1e-5, atol: ArrayLike = 1e-8, equal_nan: bool = False
) -> Array:
    """Tell where `abs(x1 - x2) <= atol + rtol * abs(x2)`."""
    return jnp.isclose(x1, x2, rtol, atol, equal_nan)


@operation(class_name="AllClose")
def allclose(x1: ArrayLike, x2: ArrayLike, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Array:
    """Tell whether `isclose` holds everywhere."""
    return jnp.allclose(x1, x2, rtol, atol, equal_nan)


@operation
def lcm(x1: ArrayLike, x2: ArrayLike) -> Array:
    """Return the least common multiples of whole numbers."""
    return jnp.lcm(x1, x2)


@operation
def ldexp(x1: ArrayLike, x2: ArrayLike) -> Array:
    """Return `x1 * 2**x2`."""
    return jnp.ldexp(x1, x2)


@operation
def left_shift(x: ArrayLike, y: ArrayLike) -> Array:
    """Return `x` with its bits moved `y` places to the left."""
    return jnp.left_shift(x, y)


@operation
def less(x1: ArrayLike, x2: ArrayLike) -> Array:
    """Tell where `x1 < x2`."""
    return jnp.less(x1, x2)


@operation
def less_equal(x1: ArrayLike, x2: ArrayLike) -> Array:
    """Tell where `x1 <= x2`."""
    return jnp.less_equal(x1, x2)


@operation
def logaddexp(x1: ArrayLike, x2: ArrayLike) -> Array:
    """Return `log(exp(x1) + exp(x2))` without overflow."""
    return jnp.logaddexp(x1, x2)


@operation
def logaddexp2(x1: ArrayLike, x2: ArrayLike) -> Array:
    """Return `log2(2**x1 + 2**x2)` without overflow."""
    return jnp.logaddexp2(x1, x2)


@operation
def logical_and(x1: ArrayLike, x2: ArrayLike) -> Array:
    """Tell where both are true."""
    return jnp.logical_and(x1, x2)


@operation
def logical_or(x1: ArrayLike, x2: ArrayLike) -> Array:
    """Tell where either is true."""
    return jnp.logical_or(x1, x2)


@operation
def logical_xor(x1: ArrayLike, x2: ArrayLike) -> Array:
    """Tell where exactly one is true."""
    return jnp.logical_xor(x1, x2)


@operation
def maximum(x1: ArrayLike, x2: ArrayLike) -> Array:
    """Return the greater of two; NaN where either is."""
    return jnp.maximum(x1, x2)


@operation
def minimum(x1: ArrayLike, x2: ArrayLike) -> Array:
    """Return the lesser of two; NaN where either is."""
    return jnp.minimum(x1, x2)


@operation
def mod(x1: ArrayLike, x2: ArrayLike) -> Array:
    """Return the remainder of division with the sign of `x2`, as in Python."""
    return jnp.mod(x1, x2)


@operation
def multiply(x1: ArrayLike, x2: ArrayLike) -> Array:
    """Return `x1 * x2`."""
    return jnp.multiply(x1, x2)


@operation
def nextafter(x1: ArrayLike, x2: ArrayLike) -> Array:
    """Return the float that follows `x1` in the direction of `x2`."""
    return jnp.nextafter(x1, x2)


@operation
def not_equal(x1: ArrayLike, x2: ArrayLike) -> Array:
    """Tell where `x1 != x2`."""
    return jnp.not_equal(x1, x2)


@operation
def power(x1: ArrayLike, x2: ArrayLike) -> Array:
    """Return `x1` to the power of `x2`."""
    return jnp.power(x1, x2)


@operation
def right_shift(x: ArrayLike, y: ArrayLike) -> Array:
    """Return `x` with its bits moved `y` places to the right."""
    return jnp.right_shift(x, y)


@operation
def subtract(x1: ArrayLike, x2: ArrayLike) -> Array:
    """Return `x1 - x2`."""
    return jnp.subtract(x1, x2)


@operation
def true_divide(x1: ArrayLike, x2: ArrayLike) -> Array:
    """Return `x1 / x2`."""
    return jnp.true_divide(x1, x2)
