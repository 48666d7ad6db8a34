"""Attention that never writes its weights to memory, where a GPU's library has it."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from lamina import config
from lamina.kernels.platform import fast_on_gpu

_IMPLEMENTATION = "cudnn"


def flash_attention(
    query: jax.Array, key: jax.Array, value: jax.Array, visible: jax.Array | None = None
) -> jax.Array | None:
    """Return `softmax(query @ key.T / sqrt(features)) @ value` by the fused kernel of cuDNN, or None where it can't.

    It takes 16-bit floats on NVIDIA GPUs, with heads of at most 128 features, a multiple of 8. It saves writing and
    reading the weights, four times a training step (`docs/design/0105-on-a-gpu.md`).

    Args:
        query: (batch, T, heads, features).
        key, value: (batch, S, heads of them, features); the number of heads divides that of the query.
        visible: which positions a query sees, as booleans (batch, T, S) or (batch, heads or 1, T, S). The output of a
            query that sees nothing is 0.

    Returns:
        An array of the shape and type of `query`, or None: then use the plain formula. Only reverse-mode derivatives
        of first order exist.

    Reference:
        Dao et al., "FlashAttention", 2022, https://arxiv.org/abs/2205.14135
    """
    size = query.shape[-1]
    fits = query.ndim == 4 and query.dtype in (jnp.bfloat16, jnp.float16) and size <= 128 and size % 8 == 0
    alike = query.dtype == key.dtype == value.dtype and size == key.shape[-1] == value.shape[-1]
    allowed = fast_on_gpu() and config.is_flash_attention_enabled()
    if not (allowed and fits and alike) or (visible is not None and visible.ndim not in (3, 4)):
        return None
    seen, sees = None, None
    if visible is not None:
        visible = visible[:, None] if visible.ndim == 3 else visible
        visible = jnp.broadcast_to(visible, (*visible.shape[:2], query.shape[1], key.shape[1]))
        sees = jnp.any(visible, -1, keepdims=True)
        seen = visible | ~sees  # the kernel's gradients are NaN where a query sees nothing
    try:
        outputs = jax.nn.dot_product_attention(query, key, value, mask=seen, implementation=_IMPLEMENTATION)
    except (NotImplementedError, RuntimeError, ValueError):  # this card, this cuDNN or these shapes are not among its
        return None
    return outputs if sees is None else jnp.where(jnp.swapaxes(sees, 1, 2), outputs, 0)
