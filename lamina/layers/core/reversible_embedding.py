"""`ReversibleEmbedding`."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from lamina.config import standardize_dtype
from lamina.layers.core.embedding import Embedding
from lamina.typing import Array, PyTree, Shape


class ReversibleEmbedding(Embedding):
    """An embedding that can also go back, from vectors to a score for each number: the two ends of a language model.

    Args:
        input_dim: how many numbers there are.
        output_dim: length of the vectors.
        tie_weights: whether both directions share their weights; otherwise `reverse_embeddings` is a kernel of its own.
        embeddings_initializer: default uniform in [-0.05, 0.05].
        embeddings_regularizer: penalty added to the loss.
        embeddings_constraint: applied after each update.
        mask_zero: whether 0 marks padding.
        reverse_dtype: dtype in which scores are computed; default that of vectors and weights.
        logit_soft_cap: scores are bent to stay within ± this number: `cap * tanh(score / cap)`; default no cap.

    Call arguments:
        inputs: whole numbers, or vectors (batch, ..., output_dim) with `reverse`.
        reverse: whether to go back to scores.

    Input shape: any, or `(batch, ..., output_dim)` with `reverse`.
    Output shape: `(*input shape, output_dim)`, or `(batch, ..., input_dim)` with `reverse`.

    Example:
        >>> layer = lamina.layers.ReversibleEmbedding(1000, 16)
        >>> vectors = layer(lamina.ops.array([[4, 7, 0]]))
        >>> layer(vectors, reverse=True).shape
        (1, 3, 1000)

    Reference: Press and Wolf, 2017, https://arxiv.org/abs/1608.05859
    """

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        tie_weights: bool = True,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        reverse_dtype: Any = None,
        logit_soft_cap: float | None = None,
        **kwargs: Any,
    ) -> None:
        self.tie_weights = tie_weights  # before the base, which may build
        super().__init__(
            input_dim,
            output_dim,
            embeddings_initializer,
            embeddings_regularizer,
            embeddings_constraint,
            mask_zero,
            **kwargs,
        )
        self.reverse_dtype = None if reverse_dtype is None else standardize_dtype(reverse_dtype)
        self.logit_soft_cap = logit_soft_cap

    def build(self, input_shape: Shape | None = None) -> None:
        super().build(input_shape)
        if not self.tie_weights:
            self.reverse_embeddings = self.add_weight(
                (self.output_dim, self.input_dim), self.embeddings_initializer, name="reverse_embeddings"
            )

    def call(self, inputs: Array, reverse: bool = False) -> Array:
        if not reverse:
            return super().call(inputs)
        kernel = self.embeddings.value.T if self.tie_weights else self.reverse_embeddings.value
        if self.reverse_dtype is not None:
            inputs, kernel = inputs.astype(self.reverse_dtype), kernel.astype(self.reverse_dtype)
        scores = jnp.matmul(inputs, kernel)
        if self.logit_soft_cap is not None:
            scores = jnp.tanh(scores / self.logit_soft_cap) * self.logit_soft_cap
        return scores

    def compute_mask(self, inputs: Array, mask: PyTree = None) -> Array | None:
        """Return where whole numbers are not 0, with `mask_zero`; for vectors, the mask they came with."""
        return mask if jnp.issubdtype(inputs.dtype, jnp.floating) else super().compute_mask(inputs, mask)
