"""Gradients made smaller where they are too large."""

import jax.numpy as jnp

from lamina.typing import Array


def clip_by_norm(gradient: Array, limit: float) -> Array:
    """Return `gradient` scaled down so that its Euclidean norm is at most `limit`."""
    return _scaled(gradient, limit / jnp.maximum(jnp.sqrt(_sum_of_squares(gradient)), limit))


def clip_by_global_norm(gradients: list[Array], limit: float) -> list[Array]:
    """Return `gradients` scaled by one factor so that the norm of all of them together is at most `limit`."""
    norm = jnp.sqrt(sum(_sum_of_squares(gradient) for gradient in gradients))
    factor = limit / jnp.maximum(norm, limit)
    return [_scaled(gradient, factor) for gradient in gradients]


def _sum_of_squares(gradient: Array) -> Array:
    # Half precision would overflow at a norm of 256.
    return jnp.sum(jnp.square(gradient.astype(jnp.promote_types(gradient.dtype, "float32"))))


def _scaled(gradient: Array, factor: Array) -> Array:
    return gradient * factor.astype(gradient.dtype)
