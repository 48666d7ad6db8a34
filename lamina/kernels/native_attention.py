"""Attention in one pass by the compiled extension: no weights in memory, nothing transposed, unseen keys left out."""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp

from lamina.kernels import native
from lamina.kernels.softmax import masked_softmax

# Multiplications of scores from which a call is worth it.
FEWEST_MULTIPLICATIONS = 2e4


def takes(query: jax.Array, key: jax.Array, value: jax.Array) -> bool:
    """Return whether the extension can and should compute this attention; arguments as for `attend`."""
    return native.available(_attention.name) and _fits(query, key, value)


@jax.custom_vjp
def attend(query: jax.Array, key: jax.Array, value: jax.Array, visible: jax.Array | None) -> jax.Array:
    """Return `softmax(query @ key.T / sqrt(size)) @ value` of each head; `takes` has to be true.

    Args:
        query: (batch, T, heads, size).
        key: (batch, S, heads of them, size); the number of heads divides that of the query.
        value: (batch, S, heads of them, size of the values).
        visible: booleans (batch or 1, heads or 1, T, S), or None.

    Returns:
        (batch, T, heads, size of the values); 0 where a query sees nothing.
    """
    return _forward(query, key, value, visible)[0]


def _forward(query: jax.Array, key: jax.Array, value: jax.Array, visible: jax.Array | None) -> tuple[jax.Array, Any]:
    mask = () if visible is None else (visible,)
    outputs, kept = _attention.bind(query, key, value, *mask)
    return outputs, (query, key, value, outputs, kept, mask)


def _backward(residuals: Any, g: jax.Array) -> tuple[jax.Array | None, ...]:
    *arrays, mask = residuals
    return (*_gradient.bind(*arrays, g, *mask), None)


attend.defvjp(_forward, _backward)


def _plain(query: jax.Array, key: jax.Array, value: jax.Array, visible: jax.Array | None = None) -> list[jax.Array]:
    """The outputs; and for each query the largest score and the factor of its weights, as the gradient takes them."""
    together = query.shape[2] // key.shape[2]
    key, value = (jnp.repeat(one, together, axis=2) for one in (key, value))
    scores = jnp.einsum("bthd,bshd->bhts", query * query.shape[-1] ** -0.5, key)
    outputs = jnp.einsum("bhts,bshd->bthd", masked_softmax(scores, visible, (3,)), value)
    return [outputs, jnp.zeros((*scores.shape[:-1], 2), scores.dtype)]


def _plain_gradient(
    query: jax.Array,
    key: jax.Array,
    value: jax.Array,
    outputs: jax.Array,
    kept: jax.Array,
    g: jax.Array,
    visible: jax.Array | None = None,
) -> list[jax.Array]:
    """Computes everything from the three first: so it has the right derivatives."""
    gradient = jax.vjp(lambda query, key, value: _plain(query, key, value, visible)[0], query, key, value)[1]
    return list(gradient(g))


def _fits(query: Any, key: Any, value: Any, *rest: Any) -> bool:
    """Whether a call of the extension is possible, and faster."""
    arrays = query, key, value
    known = all(isinstance(size, int) for array in arrays for size in array.shape)  # exports may leave sizes open
    if not known or any(array.ndim != 4 or array.dtype != jnp.float32 for array in arrays):
        return False
    multiplications = math.prod(query.shape) * key.shape[1]
    return multiplications >= FEWEST_MULTIPLICATIONS and value.size > 0


_attention = native.primitive("lamina_attention", _plain, lambda: (), _fits, several=True)
_gradient = native.primitive("lamina_attention_gradient", _plain_gradient, lambda: (), _fits, several=True)
