"""Products of vectors, matrices and tensors; functions made to work on whole arrays."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import jax.numpy as jnp

from lamina.core.recording import operation
from lamina.typing import Array, ArrayLike

__all__ = [
    "correlate", "cross", "dot", "einsum", "inner", "kron", "matmul", "outer", "slogdet", "tensordot", "vdot",
    "vectorize",
]  # fmt: skip


@operation
def correlate(x1: ArrayLike, x2: ArrayLike, mode: str = "valid") -> Array:
    """Return the cross-correlation of two vectors: mode "valid", "same" or "full"."""
    return _correlate(x1, x2, mode)


@operation
def cross(
    x1: ArrayLike, x2: ArrayLike, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None
) -> Array:
    """Return the cross products of vectors of 2 or 3 elements."""
    return jnp.cross(x1, x2, axisa, axisb, axisc, axis)


@operation
def dot(x1: ArrayLike, x2: ArrayLike) -> Array:
    """Return products summed over the last axis of `x1` and the last but one of `x2`."""
    return jnp.dot(x1, x2)


@operation
def inner(x1: ArrayLike, x2: ArrayLike) -> Array:
    """Return products summed over the last axes of both."""
    return jnp.inner(x1, x2)


@operation
def kron(x1: ArrayLike, x2: ArrayLike) -> Array:
    """Return the Kronecker product."""
    return jnp.kron(x1, x2)


@operation
def matmul(x1: ArrayLike, x2: ArrayLike) -> Array:
    """Return matrix products of the last two axes; other axes are broadcast."""
    return jnp.matmul(x1, x2, preferred_element_type=_accumulator(x1, x2))


@operation
def outer(x1: ArrayLike, x2: ArrayLike) -> Array:
    """Return the products of all pairs of elements as a matrix."""
    return jnp.outer(x1, x2)


@operation
def slogdet(x: ArrayLike) -> tuple[Array, Array]:
    """Return the signs and the logarithms of the absolute values of determinants."""
    return tuple(jnp.linalg.slogdet(x))


@operation
def tensordot(x1: ArrayLike, x2: ArrayLike, axes: Any = 2) -> Array:
    """Return products summed over a number of axes, or over the axes of two lists."""
    return jnp.tensordot(x1, x2, axes)


@operation
def vdot(x1: ArrayLike, x2: ArrayLike) -> Array:
    """Return the sum of the products of all elements, those of `x1` conjugated."""
    return jnp.vdot(x1, x2)


def einsum(subscripts: str, *operands: ArrayLike, **kwargs: Any) -> Array:
    """Return a sum of products in Einstein's notation.

    Args:
        subscripts: letters for the axes of each operand, then those of the result: "ij,jk->ik".
        operands: the arrays.
        kwargs: `optimize`, `precision` and `preferred_element_type` of `jax.numpy.einsum`.

    Example:
        >>> lamina.ops.einsum("i,i->", [1.0, 2.0], [3.0, 4.0]).item()
        11.0
    """
    return _einsum(*operands, subscripts=subscripts, **kwargs)


@operation(class_name="Einsum")
def _einsum(*operands: ArrayLike, subscripts: str, **kwargs: Any) -> Array:
    kwargs.setdefault("preferred_element_type", _accumulator(*operands))
    return jnp.einsum(subscripts, *operands, **kwargs)


def vectorize(
    pyfunc: Callable[..., Any], *, excluded: Collection[int | str] | None = None, signature: str | None = None
) -> Callable[..., Any]:
    """Return a function of single elements as a function of arrays, which are broadcast against each other.

    Args:
        pyfunc: a function of scalars, or of the arrays that `signature` describes.
        excluded: positions of arguments that are passed as they are.
        signature: core axes, such as "(n),(n)->()"; default scalars.

    Example:
        >>> lamina.ops.vectorize(lambda a, b: a + b)(lamina.ops.arange(3), 1).tolist()
        [1, 2, 3]
    """
    if not callable(pyfunc):
        raise TypeError(f"vectorize: pyfunc must be callable, got {pyfunc!r}.")
    return jnp.vectorize(pyfunc, excluded=frozenset(excluded or ()), signature=signature)


def _accumulator(*operands: Any) -> Any:
    """The products of small whole numbers are summed in 32 bits, as they soon overflow their own type."""
    return "int32" if all(jnp.asarray(operand).dtype == "int8" for operand in operands) else None


def _correlate(x1: Array, x2: Array, mode: str) -> Array:
    dtype = jnp.result_type(x1, x2, float)
    return jnp.correlate(x1.astype(dtype), x2.astype(dtype), mode)
