"""The largest element along axes, with a gradient that rounding can't spoil."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from lamina.kernels.platform import reference_wanted


def largest(x: jax.Array, axes: Sequence[int], keepdims: bool = False) -> jax.Array:
    """Return the maximum of `x` over `axes`; equal maxima share the gradient evenly, as in JAX.

    JAX's own gradient compares `x` with its maximum and divides by the number of maxima. XLA may compute `x` anew
    beside either, with another rounding; then none is equal and the gradient is NaN (seen behind layer normalization).
    Here the first maximum takes the gradient in that case. Forward mode needs `reference_kernels`.

    Args:
        x: a floating array.
        axes: the axes, from 0 on.
        keepdims: whether they stay, with size 1.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> jax.grad(lambda x: largest(x, (0,)))(jnp.array([1.0, 3.0, 3.0])).tolist()
        [0.0, 0.5, 0.5]
    """
    axes = tuple(axes)
    if reference_wanted():
        return jnp.max(x, axes, keepdims=keepdims)
    maximum: Any = _largest(x, axes)
    return maximum if keepdims else jnp.squeeze(maximum, axes)


@partial(jax.custom_vjp, nondiff_argnums=(1,))
def _largest(x: jax.Array, axes: tuple[int, ...]) -> jax.Array:
    return jnp.max(x, axes, keepdims=True)


def _forward(x, axes):
    y = _largest(x, axes)
    return y, (x, y)


def _backward(axes, kept, gradient):
    x, y = kept
    hits = (x == y).astype(gradient.dtype)
    missed = jnp.any(jnp.sum(hits, axes) == 0)
    hits = lax.cond(missed, lambda: _first(x, axes).astype(gradient.dtype), lambda: hits)
    return (hits * (gradient / jnp.sum(hits, axes, keepdims=True)),)


_largest.defvjp(_forward, _backward)


def _first(x: jax.Array, axes: tuple[int, ...]) -> jax.Array:
    """Return where the first maximum is, as booleans."""
    others = tuple(axis for axis in range(x.ndim) if axis not in axes)
    order = (*others, *axes)
    flat = jnp.transpose(x, order).reshape(*(x.shape[axis] for axis in others), -1)
    found = jax.nn.one_hot(jnp.argmax(flat, -1), flat.shape[-1], dtype=bool)
    return jnp.transpose(
        found.reshape([x.shape[axis] for axis in order]), [order.index(axis) for axis in range(x.ndim)]
    )
