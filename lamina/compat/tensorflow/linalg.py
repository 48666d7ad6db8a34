"""`tf.linalg`: products and norms."""

from __future__ import annotations

from typing import Any

from lamina import ops
from lamina.compat.tensorflow.arrays import eye
from lamina.compat.tensorflow.math import l2_normalize
from lamina.compat.tensorflow.wrapping import unary

__all__ = ["cholesky", "det", "diag", "einsum", "eye", "inv", "l2_normalize", "matmul", "norm", "solve", "tensordot"]

cholesky = unary(ops.cholesky)
det = unary(ops.det)
diag = unary(ops.diag)
inv = unary(ops.inv)


def matmul(
    a: Any,
    b: Any,
    transpose_a: bool = False,
    transpose_b: bool = False,
    adjoint_a: bool = False,
    adjoint_b: bool = False,
    a_is_sparse: bool = False,
    b_is_sparse: bool = False,
    output_type: Any = None,
    grad_a: bool = False,
    grad_b: bool = False,
    name: str | None = None,
) -> Any:
    """Return the product of matrices, each transposed (and conjugated, for `adjoint`) first where that is asked.

    Raises:
        ValueError: for the sparse hints and options of the gradient, which lamina does not have.
    """
    if a_is_sparse or b_is_sparse or grad_a or grad_b:
        raise ValueError("tf.matmul: a_is_sparse, b_is_sparse, grad_a and grad_b are not supported by lamina.")
    left = _turned(a, transpose_a, adjoint_a)
    product = ops.matmul(left, _turned(b, transpose_b, adjoint_b))
    return product if output_type is None else ops.cast(product, output_type)


def tensordot(a: Any, b: Any, axes: Any, name: str | None = None) -> Any:
    """Return the sum of products over axes."""
    return ops.tensordot(a, b, axes=axes)


def einsum(equation: str, *inputs: Any) -> Any:
    """Return the sum of products that an equation such as "ij,jk->ik" describes."""
    return ops.einsum(equation, *inputs)


def norm(tensor: Any, ord: Any = "euclidean", axis: Any = None, keepdims: Any = None, name: Any = None) -> Any:
    """Return a norm over axes; by default the Euclidean one of all elements."""
    keepdims = bool(keepdims)
    if ord == "euclidean":
        return ops.sqrt(ops.sum(ops.square(ops.abs(tensor)), axis=axis, keepdims=keepdims))
    return ops.norm(tensor, ord=ord, axis=axis, keepdims=keepdims)


def solve(matrix: Any, rhs: Any, adjoint: bool = False, name: Any = None) -> Any:
    """Return x with `matrix @ x == rhs`."""
    return ops.solve(_turned(matrix, False, adjoint), rhs)


def _turned(matrix: Any, transpose: bool, adjoint: bool) -> Any:
    if transpose and adjoint:
        raise ValueError("Only one of transpose and adjoint can be used.")
    turned = ops.swapaxes(matrix, -1, -2) if transpose or adjoint else matrix
    return ops.conj(turned) if adjoint else turned
