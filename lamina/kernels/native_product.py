"""Products of (stacked) matrices by the compiled extension, where it is faster than XLA; with bias and rectifier."""

from __future__ import annotations

import math
from functools import partial, reduce
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jax.interpreters import ad, batching

from lamina.kernels import native
from lamina.kernels.rectifier import relu

# Multiplications from which a call is faster than XLA's own product, and those where the first factor is transposed, as
# for the gradients of weights. In loops on two AVX-512 cores, in parts of XLA's time: 0.5 to 0.9 from 2 to 30 million,
# 0.9 to 1.1 above; transposed 0.6 to 1.1 from 1 million.
FEWEST_MULTIPLICATIONS = 2e6
FEWEST_TRANSPOSED = 1e6
# Rows, those of all stacked matrices together, from which it is where the first factor is not transposed.
FEWEST_ROWS = 32


def matmul(a: jax.Array, b: jax.Array, *, transpose_a: bool = False, transpose_b: bool = False) -> jax.Array:
    """Return the product of two matrices, or of stacks of them, either transposed beforehand.

    Nothing is copied for a transposition, nor for those of the gradients.

    Args:
        a: (..., M, K), or (..., K, M) if transposed.
        b: (..., K, N), or (..., N, K) if transposed, with the same leading axes and of the same type.
        transpose_a, transpose_b: whether the last two axes change places.

    Returns:
        (..., M, N).

    Example:
        >>> import jax.numpy as jnp
        >>> matmul(jnp.ones((2, 3, 4)), jnp.ones((2, 5, 4)), transpose_b=True).shape
        (2, 3, 5)
    """
    flags = dict(transpose_a=transpose_a, transpose_b=transpose_b)
    if _fits(a, b, **flags) and native.available(_product.name):
        return _product.bind(a, b, **flags)
    return _plain(a, b, **flags)


def affine(a: jax.Array, b: jax.Array, bias: jax.Array | None, *, rectified: bool = False) -> jax.Array:
    """Return `a @ b + bias`, or `relu` of it; where the extension multiplies, without a further pass over memory.

    Args:
        a: (M, K).
        b: (K, N), of the same type.
        bias: (N,); or None.
        rectified: whether to apply the rectifier.

    Returns:
        (M, N).

    Example:
        >>> import jax.numpy as jnp
        >>> affine(jnp.ones((1, 4)), jnp.ones((4, 3)), jnp.array([-5.0, 0.0, 1.0]), rectified=True)
        Array([[0., 4., 5.]], dtype=float32)
    """
    if (bias is not None or rectified) and native.available(_affine.name):
        added = jnp.zeros(b.shape[-1:], b.dtype) if bias is None else bias
        if _affine_fits(a, b, added, rectified):
            return _affine.bind(a, b, added, rectified=rectified)
    return finished(matmul(a, b), bias, rectified)


def finished(outputs: jax.Array, bias: jax.Array | None, rectified: bool) -> jax.Array:
    """Return what `affine` makes of a product."""
    outputs = outputs if bias is None else outputs + bias
    return relu(outputs) if rectified else outputs


def _plain(a: jax.Array, b: jax.Array, transpose_a: bool, transpose_b: bool) -> jax.Array:
    stacked = tuple(range(a.ndim - 2))
    inner = ((a.ndim - (2 if transpose_a else 1),), (b.ndim - (1 if transpose_b else 2),))
    return lax.dot_general(a, b, (inner, (stacked, stacked)))


def _fits(a: Any, b: Any, transpose_a: bool, transpose_b: bool) -> bool:
    """Whether a call of the extension is possible, and faster."""
    known = all(isinstance(size, int) for size in (*a.shape, *b.shape))  # programs for export may leave sizes open
    if not known or not a.dtype == b.dtype == jnp.float32:
        return False
    rows, inner = a.shape[-2:][:: -1 if transpose_a else 1]
    columns = b.shape[-2 if transpose_b else -1]
    all_rows = math.prod(a.shape[:-2]) * rows
    multiplications = all_rows * inner * columns
    if transpose_a:
        return multiplications >= FEWEST_TRANSPOSED
    return multiplications >= FEWEST_MULTIPLICATIONS and all_rows >= FEWEST_ROWS


_product = native.primitive(
    "lamina_product", _plain, lambda transpose_a, transpose_b: (int(transpose_a), int(transpose_b), 0), _fits
)


def _first_gradient(g: jax.Array, a: Any, b: jax.Array, transpose_a: bool, transpose_b: bool) -> jax.Array:
    if transpose_a:
        return _product.bind(b, g, transpose_a=transpose_b, transpose_b=True)
    return _product.bind(g, b, transpose_a=False, transpose_b=not transpose_b)


def _second_gradient(g: jax.Array, a: jax.Array, b: Any, transpose_a: bool, transpose_b: bool) -> jax.Array:
    if transpose_b:
        return _product.bind(g, a, transpose_a=True, transpose_b=transpose_a)
    return _product.bind(a, g, transpose_a=not transpose_a, transpose_b=False)


ad.defbilinear(_product, _first_gradient, _second_gradient)


def _batched(arrays: Any, axes: Any, transpose_a: bool, transpose_b: bool) -> tuple[jax.Array, int]:
    """Stack what is batched on both sides; what is on one side only gives more rows or columns of the same matrices."""
    a, b = arrays
    axis_a, axis_b = axes
    flags = dict(transpose_a=transpose_a, transpose_b=transpose_b)
    if axis_a is None:
        b, size = _widened(b, axis_b, last=not transpose_b)
        outputs = _product.bind(a, b, **flags)
        *stack, rows, columns = outputs.shape
        return outputs.reshape(*stack, rows, size, columns // size), len(stack) + 1
    if axis_b is None:
        a, size = _widened(a, axis_a, last=transpose_a)
        outputs = _product.bind(a, b, **flags)
        *stack, rows, columns = outputs.shape
        return outputs.reshape(*stack, size, rows // size, columns), len(stack)
    return _product.bind(jnp.moveaxis(a, axis_a, 0), jnp.moveaxis(b, axis_b, 0), **flags), 0


def _widened(array: jax.Array, axis: int, last: bool) -> tuple[jax.Array, int]:
    """Fold a batch into the last axis or the one before it; also returns its size."""
    place = array.ndim - (2 if last else 3)
    array = jnp.moveaxis(array, axis, place)
    folded = array.shape[place] * array.shape[place + 1]
    return array.reshape(*array.shape[:place], folded, *array.shape[place + 2 :]), array.shape[place]


batching.primitive_batchers[_product] = _batched


# The product that bias and, if wanted, rectifier belong to; its derivatives and most batches are those of its parts.

_multiply = partial(_product.bind, transpose_a=False, transpose_b=False)


def _plain_affine(a: jax.Array, b: jax.Array, bias: jax.Array, rectified: bool) -> jax.Array:
    return finished(_plain(a, b, False, False), bias, rectified)


def _affine_fits(a: Any, b: Any, bias: Any, rectified: bool) -> bool:
    return _fits(a, b, False, False) and bias.dtype == jnp.float32


_affine = native.primitive("lamina_product", _plain_affine, lambda rectified: (0, 0, int(rectified)), _affine_fits)


def _affine_derivative(primals: Any, tangents: Any, rectified: bool) -> tuple[jax.Array, jax.Array]:
    """Tell from the outputs where the rectifier let something through: what it was given is not kept."""
    a, b, bias = primals
    outputs = _affine.bind(a, b, bias, rectified=rectified)
    ways = (
        lambda da: _multiply(da, b),
        lambda db: _multiply(a, db),
        lambda dbias: jnp.broadcast_to(dbias, outputs.shape),
    )
    # What isn't differentiated is left out: nobody would find out that a product with zeros is zero.
    parts = [way(by) for way, by in zip(ways, tangents, strict=True) if not isinstance(by, ad.Zero)]
    change = reduce(jnp.add, parts)
    return outputs, jnp.where(outputs > 0, change, 0) if rectified else change


ad.primitive_jvps[_affine] = _affine_derivative


def _affine_batched(arrays: Any, axes: Any, rectified: bool) -> tuple[jax.Array, int]:
    a, b, bias = arrays
    if axes[1] is axes[2] is None:  # more rows of the same product
        a, size = _widened(a, axes[0], last=False)
        return _affine.bind(a, b, bias, rectified=rectified).reshape(size, -1, b.shape[-1]), 0
    return jax.vmap(lambda a, b, bias: finished(_multiply(a, b), bias, rectified), axes)(a, b, bias), 0


batching.primitive_batchers[_affine] = _affine_batched
