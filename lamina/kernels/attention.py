"""Attention of several heads: by the plain formula, and as one fused kernel where a GPU's library has it."""

from __future__ import annotations

import math
from collections.abc import Callable

import jax
import jax.numpy as jnp

from lamina import config
from lamina.kernels import native_attention
from lamina.kernels.native_product import matmul
from lamina.kernels.platform import fast_on_gpu
from lamina.kernels.softmax import masked_softmax

_IMPLEMENTATION = "cudnn"


def attend(
    query: jax.Array,
    key: jax.Array,
    value: jax.Array,
    visible: jax.Array | None,
    axes: tuple[int, ...],
    dropout: Callable[[jax.Array], jax.Array],
) -> tuple[jax.Array, jax.Array]:
    """Return `dropout(softmax(query @ key.T / sqrt(size))) @ value` of each head, and the softmax.

    Args:
        query: (batch, axes of positions, heads, size).
        key, value: the same; the sizes of `axes` may differ from those of the query.
        visible: booleans that broadcast to the weights (other axes, heads, positions of the query, those of the value).
        axes: the axes of the positions that are attended over.
        dropout: what is applied to the weights.

    Returns:
        `(outputs, weights)`: (batch, axes of positions, heads, size of the value), and the weights before dropout.

    Example:
        >>> import jax.numpy as jnp
        >>> query, key = jnp.ones((2, 5, 4, 8)), jnp.ones((2, 7, 4, 8))
        >>> outputs, weights = attend(query, key, key, None, (1,), lambda weights: weights)
        >>> outputs.shape, weights.shape
        ((2, 5, 4, 8), (2, 4, 5, 7))

    Reference:
        Vaswani et al., "Attention is all you need", 2017, https://arxiv.org/abs/1706.03762
    """
    others = [axis for axis in range(query.ndim - 2) if axis not in axes]
    order = (*others, query.ndim - 2, *axes, query.ndim - 1)
    leading = len(others) + 1
    # With the heads in front every product is one of stacked matrices, and one copy serves all that take part in it.
    query, key, value = (jnp.transpose(one, order) for one in (query * query.shape[-1] ** -0.5, key, value))
    positions = query.shape[leading:-1]

    def matrices(x: jax.Array) -> jax.Array:
        return x.reshape(*x.shape[:leading], math.prod(x.shape[leading:-1]), x.shape[-1])

    scores = matmul(matrices(query), matrices(key), transpose_b=True)
    scores = scores.reshape(*scores.shape[:leading], *positions, *key.shape[leading:-1])
    weights = masked_softmax(scores, visible, tuple(range(scores.ndim - len(axes), scores.ndim)))
    values = matrices(value)
    dropped = dropout(weights).reshape(*scores.shape[:leading], math.prod(positions), values.shape[leading])
    outputs = matmul(dropped, values)
    outputs = outputs.reshape(*outputs.shape[:leading], *positions, outputs.shape[-1])
    return jnp.transpose(outputs, [order.index(axis) for axis in range(outputs.ndim)]), weights


def flash_attention(
    query: jax.Array, key: jax.Array, value: jax.Array, visible: jax.Array | None = None
) -> jax.Array | None:
    """Return `softmax(query @ key.T / sqrt(features)) @ value` by one fused kernel, or None where there is none.

    On NVIDIA GPUs it is that of cuDNN, which takes 16-bit floats, with heads of at most 128 features, a multiple of 8.
    On the CPU it is that of the compiled extension, for float32. It saves writing and reading the weights, four times a
    training step (`docs/design/0105-on-a-gpu.md`, `docs/design/0107-compiled-kernels.md`).

    Args:
        query: (batch, T, heads, features).
        key, value: (batch, S, heads of them, features); the number of heads divides that of the query.
        visible: which positions a query sees, as booleans (batch, T, S) or (batch, heads or 1, T, S). The output of a
            query that sees nothing is 0.

    Returns:
        An array of the shape and type of `query` (the last axis is that of `value`), or None: then use the plain
        formula. Only reverse-mode derivatives exist, on the CPU of any order, on a GPU of the first.

    Reference:
        Dao et al., "FlashAttention", 2022, https://arxiv.org/abs/2205.14135
    """
    if visible is not None and query.ndim == 4 and visible.ndim in (3, 4):
        visible = visible[:, None] if visible.ndim == 3 else visible
        visible = jnp.broadcast_to(visible, (*visible.shape[:2], query.shape[1], key.shape[1]))
    if config.is_flash_attention_enabled() and native_attention.takes(query, key, value):
        return native_attention.attend(query, key, value, visible)
    size = query.shape[-1]
    fits = query.ndim == 4 and query.dtype in (jnp.bfloat16, jnp.float16) and size <= 128 and size % 8 == 0
    alike = query.dtype == key.dtype == value.dtype and size == key.shape[-1] == value.shape[-1]
    allowed = fast_on_gpu() and config.is_flash_attention_enabled()
    if not (allowed and fits and alike) or (visible is not None and visible.ndim not in (3, 4)):
        return None
    seen, sees = None, None
    if visible is not None:
        sees = jnp.any(visible, -1, keepdims=True)
        seen = visible | ~sees  # the kernel's gradients are NaN where a query sees nothing
    try:
        outputs = jax.nn.dot_product_attention(query, key, value, mask=seen, implementation=_IMPLEMENTATION)
    except (NotImplementedError, RuntimeError, ValueError):  # this card, this cuDNN or these shapes are not among its
        return None
    return outputs if sees is None else jnp.where(jnp.swapaxes(sees, 1, 2), outputs, 0)
