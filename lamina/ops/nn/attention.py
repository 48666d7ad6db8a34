"""Attention of queries to keys."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from lamina.core.recording import operation
from lamina.typing import Array, ArrayLike

__all__ = ["dot_product_attention"]


@operation
def dot_product_attention(
    query: ArrayLike,
    key: ArrayLike,
    value: ArrayLike,
    bias: ArrayLike | None = None,
    mask: ArrayLike | None = None,
    scale: ArrayLike | None = None,
    is_causal: bool = False,
    flash_attention: bool | None = None,
    attn_logits_soft_cap: float | None = None,
) -> Array:
    """Return values, weighted by the softmax of the scaled products of queries and keys.

    Args:
        query: (batch, query steps, heads, features).
        key, value: (batch, key steps, key heads, features); fewer heads than the queries' are shared by groups of them.
        bias: added to the products; broadcasts to (batch, heads, query steps, key steps).
        mask: booleans, False where a query must not see a key; broadcasts in the same way.
        scale: factor of the products; default `features ** -0.5`.
        is_causal: whether no query sees later keys.
        flash_attention: whether to use the fused kernel of NVIDIA's GPUs; default where it can be used.
        attn_logits_soft_cap: products are limited smoothly to plus or minus this number.

    Raises:
        ValueError: if shapes do not fit, or if a soft cap is wanted of the fused kernel.

    Reference: Vaswani et al., 2017, https://arxiv.org/abs/1706.03762
    """
    if query.ndim != 4 or key.ndim != 4 or value.ndim != 4:
        raise ValueError(
            "dot_product_attention takes (batch, steps, heads, features), got a query of shape "
            f"{query.shape}, a key of shape {key.shape} and a value of shape {value.shape}."
        )
    dtype = jnp.result_type(query, key, value)
    query, key, value = (array.astype(dtype) for array in (query, key, value))
    if attn_logits_soft_cap is not None:
        if flash_attention:
            raise ValueError("dot_product_attention: the fused kernel has no attn_logits_soft_cap; pass one of both.")
        return _soft_capped(query, key, value, bias, mask, scale, is_causal, attn_logits_soft_cap)
    implementation = {None: None, True: "cudnn", False: "xla"}[flash_attention]
    return jax.nn.dot_product_attention(
        query,
        key,
        value,
        bias,
        None if mask is None else mask.astype(bool),
        scale=scale,
        is_causal=is_causal,
        implementation=implementation,
    )


def _soft_capped(
    query: Array,
    key: Array,
    value: Array,
    bias: Array | None,
    mask: Array | None,
    scale: Array | None,
    is_causal: bool,
    cap: float,
) -> Array:
    groups = query.shape[2] // key.shape[2]
    key, value = (jnp.repeat(array, groups, axis=2) for array in (key, value))
    scale = query.shape[-1] ** -0.5 if scale is None else scale
    logits = jnp.einsum("bqhf,bkhf->bhqk", query, key, preferred_element_type="float32") * scale
    logits = cap * jnp.tanh(logits / cap)
    if bias is not None:
        logits = logits + bias
    seen = jnp.ones(logits.shape[-2:], bool)
    seen = jnp.tril(seen) if is_causal else seen
    seen = seen if mask is None else seen & mask.astype(bool)
    weights = jax.nn.softmax(jnp.where(seen, logits, jnp.finfo(logits.dtype).min), axis=-1).astype(value.dtype)
    return jnp.einsum("bhqk,bkhf->bqhf", weights, value)
