"""Functions of one array that work element by element."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from lamina import config
from lamina.core.recording import operation
from lamina.typing import Array, ArrayLike

__all__ = [
    "abs", "absolute", "angle", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctanh", "bitwise_invert",
    "bitwise_not", "cbrt", "ceil", "conj", "conjugate", "copy", "cos", "cosh", "deg2rad", "exp", "exp2",
    "expm1", "fabs", "floor", "i0", "imag", "isfinite", "isinf", "isnan", "isneginf", "isposinf", "isreal",
    "log", "log10", "log1p", "log2", "logical_not", "nan_to_num", "negative", "rad2deg", "real", "reciprocal",
    "round", "sign", "signbit", "sin", "sinc", "sinh", "sqrt", "square", "tan", "tanh", "trunc", "view",
]  # fmt: skip


@operation
def absolute(x: ArrayLike) -> Array:
    """Return the absolute values."""
    return jnp.absolute(x)


abs = absolute


@operation
def angle(x: ArrayLike) -> Array:
    """Return the angles of complex numbers, in radians."""
    return jnp.angle(x)


@operation
def arccos(x: ArrayLike) -> Array:
    """Return the angles in [0, pi] whose cosine is `x`."""
    return jnp.arccos(x)


@operation
def arccosh(x: ArrayLike) -> Array:
    """Return the inverse hyperbolic cosine."""
    return jnp.arccosh(x)


@operation
def arcsin(x: ArrayLike) -> Array:
    """Return the angles in [-pi/2, pi/2] whose sine is `x`."""
    return jnp.arcsin(x)


@operation
def arcsinh(x: ArrayLike) -> Array:
    """Return the inverse hyperbolic sine."""
    return jnp.arcsinh(x)


@operation
def arctan(x: ArrayLike) -> Array:
    """Return the angles in [-pi/2, pi/2] whose tangent is `x`."""
    return jnp.arctan(x)


@operation
def arctanh(x: ArrayLike) -> Array:
    """Return the inverse hyperbolic tangent."""
    return jnp.arctanh(x)


@operation
def bitwise_invert(x: ArrayLike) -> Array:
    """Return whole numbers with all bits flipped."""
    return jnp.bitwise_not(x)


@operation
def bitwise_not(x: ArrayLike) -> Array:
    """Return whole numbers with all bits flipped."""
    return jnp.bitwise_not(x)


@operation
def cbrt(x: ArrayLike) -> Array:
    """Return the cube roots."""
    return jnp.cbrt(_floating(x))


@operation
def ceil(x: ArrayLike) -> Array:
    """Return the least whole numbers that are not below `x`."""
    return jnp.ceil(_floating(x))


@operation
def conjugate(x: ArrayLike) -> Array:
    """Return the complex conjugates."""
    return jnp.conjugate(x)


conj = conjugate


@operation
def copy(x: ArrayLike) -> Array:
    """Return a copy."""
    return jnp.array(x, copy=True)


@operation
def cos(x: ArrayLike) -> Array:
    """Return the cosines of angles in radians."""
    return jnp.cos(x)


@operation
def cosh(x: ArrayLike) -> Array:
    """Return the hyperbolic cosines."""
    return jnp.cosh(x)


@operation
def deg2rad(x: ArrayLike) -> Array:
    """Return angles in degrees as radians."""
    return jnp.deg2rad(x)


@operation
def exp(x: ArrayLike) -> Array:
    """Return e to the power of `x`."""
    return jnp.exp(x)


@operation
def exp2(x: ArrayLike) -> Array:
    """Return 2 to the power of `x`."""
    return jnp.exp2(x)


@operation
def expm1(x: ArrayLike) -> Array:
    """Return `exp(x) - 1`, exact also where `x` is small."""
    return jnp.expm1(x)


@operation
def fabs(x: ArrayLike) -> Array:
    """Return the absolute values as floats."""
    return jnp.fabs(x)


@operation
def floor(x: ArrayLike) -> Array:
    """Return the greatest whole numbers that are not above `x`."""
    return jnp.floor(_floating(x))


@operation
def i0(x: ArrayLike) -> Array:
    """Return the modified Bessel function of the first kind of order 0."""
    return jnp.i0(x)


@operation
def imag(x: ArrayLike) -> Array:
    """Return the imaginary parts."""
    return jnp.imag(x)


@operation
def isfinite(x: ArrayLike) -> Array:
    """Tell which elements are neither infinite nor NaN."""
    return jnp.isfinite(x)


@operation
def isinf(x: ArrayLike) -> Array:
    """Tell which elements are infinite."""
    return jnp.isinf(x)


@operation
def isnan(x: ArrayLike) -> Array:
    """Tell which elements are NaN."""
    return jnp.isnan(x)


@operation
def isneginf(x: ArrayLike) -> Array:
    """Tell which elements are minus infinity."""
    return jnp.isneginf(x)


@operation
def isposinf(x: ArrayLike) -> Array:
    """Tell which elements are plus infinity."""
    return jnp.isposinf(x)


@operation
def isreal(x: ArrayLike) -> Array:
    """Tell which elements have no imaginary part."""
    return jnp.isreal(x)


@operation
def log(x: ArrayLike) -> Array:
    """Return the natural logarithms."""
    return jnp.log(x)


@operation
def log10(x: ArrayLike) -> Array:
    """Return the logarithms to base 10."""
    return jnp.log10(x)


@operation
def log1p(x: ArrayLike) -> Array:
    """Return `log(1 + x)`, exact also where `x` is small."""
    return jnp.log1p(x)


@operation
def log2(x: ArrayLike) -> Array:
    """Return the logarithms to base 2."""
    return jnp.log2(x)


@operation
def logical_not(x: ArrayLike) -> Array:
    """Tell which elements are zero or False."""
    return jnp.logical_not(x)


@operation
def nan_to_num(x: ArrayLike, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Array:
    """Return `x` with numbers for NaN and infinities; default 0 and the greatest and least finite numbers."""
    return jnp.nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf)


@operation
def negative(x: ArrayLike) -> Array:
    """Return `-x`."""
    return jnp.negative(x)


@operation
def rad2deg(x: ArrayLike) -> Array:
    """Return angles in radians as degrees."""
    return jnp.rad2deg(x)


@operation
def real(x: ArrayLike) -> Array:
    """Return the real parts."""
    return jnp.real(x)


@operation
def reciprocal(x: ArrayLike) -> Array:
    """Return `1 / x`."""
    return jnp.reciprocal(x)


@operation
def round(x: ArrayLike, decimals: int = 0) -> Array:
    """Return `x` rounded to a number of decimals; halves go to the even neighbour."""
    return jnp.round(x, decimals)


@operation
def sign(x: ArrayLike) -> Array:
    """Return -1, 0 or 1 for negative, zero and positive elements."""
    return jnp.sign(x)


@operation
def signbit(x: ArrayLike) -> Array:
    """Tell which elements have their sign bit set, -0.0 included."""
    return jnp.signbit(x)


@operation
def sin(x: ArrayLike) -> Array:
    """Return the sines of angles in radians."""
    return jnp.sin(x)


@operation
def sinc(x: ArrayLike) -> Array:
    """Return `sin(pi * x) / (pi * x)`, which is 1 at 0."""
    return jnp.sinc(x)


@operation
def sinh(x: ArrayLike) -> Array:
    """Return the hyperbolic sines."""
    return jnp.sinh(x)


@operation
def sqrt(x: ArrayLike) -> Array:
    """Return the square roots."""
    return jnp.sqrt(x)


@operation
def square(x: ArrayLike) -> Array:
    """Return the squares."""
    return jnp.square(x)


@operation
def tan(x: ArrayLike) -> Array:
    """Return the tangents of angles in radians."""
    return jnp.tan(x)


@operation
def tanh(x: ArrayLike) -> Array:
    """Return the hyperbolic tangents."""
    return jnp.tanh(x)


@operation
def trunc(x: ArrayLike) -> Array:
    """Return `x` without its decimals."""
    return jnp.trunc(x)


@operation
def view(x: ArrayLike, dtype: Any = None) -> Array:
    """Return the same bits read as another dtype."""
    return x.view(config.standardize_dtype(dtype) if dtype is not None else None)


def _floating(x: Array) -> Array:
    return x.astype(config.floatx()) if jnp.issubdtype(x.dtype, jnp.integer) or x.dtype == bool else x
