"""Whole numbers as vectors of zeros and ones, or counts."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from lamina.typing import Array

MODES = ("multi_hot", "one_hot", "count")


def encode(tokens: Array, size: int, mode: str, dtype: Any, weights: Array | None = None) -> Array:
    """Return the encoding of whole numbers; those outside [0, size) leave no trace.

    Args:
        tokens: whole numbers. Except for "one_hot", the last axis holds those of one example.
        size: length of the vectors.
        mode: "one_hot" (a vector for each number), "multi_hot" (a one for each that occurs) or "count".
        dtype: of the result.
        weights: what each number counts, for "count".
    """
    tokens = jnp.atleast_1d(tokens)
    if mode == "one_hot":
        tokens = tokens[..., 0] if tokens.ndim > 1 and tokens.shape[-1] == 1 else tokens
        return jax.nn.one_hot(tokens, size, dtype=dtype)
    hot = jax.nn.one_hot(tokens, size, dtype=dtype)
    if mode == "multi_hot":
        return jnp.max(hot, -2)
    return jnp.sum(hot if weights is None else hot * jnp.asarray(weights, dtype)[..., None], -2)
