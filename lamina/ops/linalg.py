"""Linear algebra on the last two axes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from lamina.core.recording import as_array, operation
from lamina.typing import Array, ArrayLike, Axis

__all__ = [
    "cholesky", "cholesky_inverse", "det", "eig", "eigh", "inv", "jvp", "lstsq", "lu_factor", "matrix_rank",
    "norm", "pinv", "qr", "solve", "solve_triangular", "svd",
]  # fmt: skip


@operation
def cholesky(x: ArrayLike, upper: bool = False) -> Array:
    """Return the triangular matrices whose squares are given positive definite matrices."""
    return jnp.linalg.cholesky(x, upper=upper)


@operation
def cholesky_inverse(x: ArrayLike, upper: bool = False) -> Array:
    """Return the inverse of a matrix from its Cholesky factor."""
    return _cholesky_inverse(x, upper)


@operation
def det(x: ArrayLike) -> Array:
    """Return determinants."""
    return jnp.linalg.det(_square("det", x))


@operation
def eig(x: ArrayLike) -> tuple[Array, Array]:
    """Return eigenvalues and eigenvectors as columns; complex, and on the CPU only."""
    return jnp.linalg.eig(_square("eig", x))


@operation
def eigh(x: ArrayLike) -> tuple[Array, Array]:
    """Return eigenvalues, increasing, and eigenvectors as columns of symmetric matrices."""
    return jnp.linalg.eigh(_square("eigh", x))


@operation
def inv(x: ArrayLike) -> Array:
    """Return inverses."""
    return jnp.linalg.inv(_square("inv", x))


@operation
def lstsq(a: ArrayLike, b: ArrayLike, rcond: float | None = None) -> Array:
    """Return the `x` for which `a @ x` is nearest to `b`."""
    return jnp.linalg.lstsq(a, b, rcond)[0]


@operation
def lu_factor(x: ArrayLike) -> tuple[Array, Array]:
    """Return the LU factors in one matrix, and which row each row was exchanged with."""
    return jax.scipy.linalg.lu_factor(x)


@operation
def matrix_rank(x: ArrayLike, tol: float | None = None) -> Array:
    """Return how many singular values exceed a tolerance."""
    return jnp.linalg.matrix_rank(x, tol)


@operation
def norm(x: ArrayLike, ord: Any = None, axis: Axis = None, keepdims: bool = False) -> Array:
    """Return the norm of vectors (one axis) or matrices (two), default Euclidean."""
    return jnp.linalg.norm(x, ord, axis, keepdims)


@operation
def pinv(x: ArrayLike, rcond: float | None = None) -> Array:
    """Return pseudo-inverses."""
    return jnp.linalg.pinv(x, rcond)


@operation
def qr(x: ArrayLike, mode: str = "reduced") -> tuple[Array, Array]:
    """Return an orthogonal and an upper triangular matrix whose product is given."""
    return _qr(x, mode)


@operation
def solve(a: ArrayLike, b: ArrayLike) -> Array:
    """Return the `x` for which `a @ x == b`."""
    return jnp.linalg.solve(_square("solve", a), b)


@operation
def solve_triangular(a: ArrayLike, b: ArrayLike, lower: bool = False) -> Array:
    """Return the `x` for which `a @ x == b`, with `a` upper (or lower) triangular."""
    return jax.scipy.linalg.solve_triangular(_square("solve_triangular", a), b, lower=lower)


@operation(class_name="SVD")
def svd(x: ArrayLike, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """Return left singular vectors, singular values and right singular vectors; or the values alone."""
    return jnp.linalg.svd(x, full_matrices, compute_uv)


def jvp(fun: Callable[..., Any], primals: Any, tangents: Any, has_aux: bool = False) -> tuple[Any, ...]:
    """Return the value of a function and its derivative in a direction.

    Args:
        fun: a function of arrays.
        primals: its arguments, in a tuple or a list.
        tangents: the direction, an array for each argument.
        has_aux: whether the function returns `(outputs, anything)`; then that is returned last.

    Example:
        >>> lamina.ops.jvp(lambda x: x**2, (3.0,), (1.0,))[1].item()
        6.0
    """
    primals, tangents = (tuple(jnp.asarray(as_array(one)) for one in given) for given in (primals, tangents))
    return jax.jvp(fun, primals, tangents, has_aux=has_aux)


def _square(function: str, x: Array) -> Array:
    if x.ndim < 2 or x.shape[-1] != x.shape[-2]:
        raise ValueError(f"{function} takes square matrices, got shape {x.shape}.")
    return x


def _qr(x: Array, mode: str) -> tuple[Array, Array]:
    if mode not in ("reduced", "complete"):
        raise ValueError(f"qr: mode must be 'reduced' or 'complete', got {mode!r}.")
    return jnp.linalg.qr(x, mode)


def _cholesky_inverse(x: Array, upper: bool) -> Array:
    identity = jnp.broadcast_to(jnp.eye(x.shape[-1], dtype=x.dtype), _square("cholesky_inverse", x).shape)
    return jax.scipy.linalg.cho_solve((x, not upper), identity)
