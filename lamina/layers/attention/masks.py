"""Which positions of a value each position of a query sees."""

from __future__ import annotations

import jax.numpy as jnp

from lamina.typing import Array


def visible_positions(
    query: Array,
    value: Array,
    *,
    query_mask: Array | None = None,
    value_mask: Array | None = None,
    key_mask: Array | None = None,
    attention_mask: Array | None = None,
    causal: bool = False,
    sliding_window: int | None = None,
) -> Array | None:
    """Return a mask that broadcasts to (batch, Tq, Tv), True where a query sees a value; None if all see all.

    Args:
        query, value: (batch, T, ...), of which only the lengths matter.
        query_mask: (batch, Tq), False for positions that see nothing.
        value_mask, key_mask: (batch, Tv), False for positions to leave out.
        attention_mask: (batch, Tq, Tv), or of a shape that broadcasts to the scores.
        causal: whether a position sees none after it.
        sliding_window: a position sees those less than so many steps away.
    """
    masks = [mask[:, None].astype(bool) for mask in (value_mask, key_mask) if mask is not None]
    if query_mask is not None:
        masks.append(query_mask[:, :, None].astype(bool))
    rows, columns = jnp.arange(query.shape[1])[:, None], jnp.arange(value.shape[1])
    if causal:
        masks.append((rows >= columns)[None])
    if sliding_window is not None:
        masks.append((jnp.abs(rows - columns) < sliding_window)[None])
    visible = None
    for mask in masks:
        visible = mask if visible is None else visible & mask
    if attention_mask is None:
        return visible
    attention_mask = attention_mask.astype(bool)
    if visible is not None and attention_mask.ndim > visible.ndim:
        visible = visible.reshape(visible.shape[:1] + (1,) * (attention_mask.ndim - visible.ndim) + visible.shape[1:])
    return attention_mask if visible is None else attention_mask & visible
