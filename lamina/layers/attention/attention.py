"""`Attention`."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jax import lax

from lamina.core.shapes import is_shape
from lamina.kernels import keep_mask
from lamina.layers.arguments import choice
from lamina.layers.arguments import rate as check_rate
from lamina.layers.layer import Layer
from lamina.random import SeedGenerator
from lamina.typing import Array, PyTree, Shape


class Attention(Layer):
    """Dot-product attention: means of `value`, weighted by how alike a query and the keys are.

    `softmax(scores) @ value`, with `scores = query @ key.T`, or, for "concat", the sum over the features of
    `tanh(query + key)`.

    Args:
        use_scale: whether scores are multiplied by a learned number, `scale` (within the tanh for "concat").
        score_mode: "dot" or "concat".
        dropout: share of the weights set to zero while training, in [0, 1].
        seed: whole number that makes dropout reproducible.

    Call arguments:
        inputs: a list of `query` (batch, Tq, dim), `value` (batch, Tv, dim) and, if it is not `value`, `key`
            (batch, Tv, dim).
        mask: a list of a mask for `query` (batch, Tq), whose outputs are zero where it is False, and one for `value`
            (batch, Tv), which is left out where it is False; each may be None.
        training: whether dropout is active.
        return_attention_scores: whether to return the weights (batch, Tq, Tv) as well.
        use_causal_mask: whether a position sees none after it.

    Input shape: a list of `(batch, Tq, dim)`, `(batch, Tv, dim)` and, with a key, `(batch, Tv, dim)`. Output shape:
    `(batch, Tq, dim)`.

    Raises:
        ValueError: if `inputs` is no list of two or three arrays, or an argument is out of range.

    Example:
        >>> query, value = lamina.ops.ones((2, 3, 4)), lamina.ops.ones((2, 5, 4))
        >>> lamina.layers.Attention()([query, value]).shape
        (2, 3, 4)

    Reference: Luong et al., 2015, https://arxiv.org/abs/1508.04025
    """

    def __init__(
        self,
        use_scale: bool = False,
        score_mode: str = "dot",
        dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.use_scale = use_scale
        self.score_mode = choice(score_mode, ("dot", "concat"), "score_mode", self.name)
        self.dropout = check_rate(dropout, "dropout", self.name)
        self.seed = seed
        if self.dropout > 0:
            self.seed_generator = SeedGenerator(seed)
        self.scale = self.concat_score_weight = None
        self.supports_masking = True

    def build(self, input_shape: list[Any]) -> None:
        self.check_inputs(input_shape)
        if self.use_scale:
            self.scale = self.add_weight((), "ones", name="scale")
        if self.score_mode == "concat":
            self.concat_score_weight = self.add_weight((), "ones", name="concat_score_weight")

    def scores(self, query: Array, key: Array) -> Array:
        """Return how alike each query and each key are: (batch, Tq, Tv)."""
        if self.score_mode == "dot":
            scores = jnp.einsum("bqd,bkd->bqk", query, key)
            return scores if self.scale is None else scores * self.scale.value
        sums = query[:, :, None] + key[:, None]
        if self.scale is not None:
            sums = self.scale.value * sums
        return self.concat_score_weight.value * jnp.sum(jnp.tanh(sums), -1)  # type: ignore[union-attr]

    def call(
        self,
        inputs: list[Array],
        mask: PyTree = None,
        training: bool = False,
        return_attention_scores: bool = False,
        use_causal_mask: bool = False,
    ) -> PyTree:
        self.check_inputs(inputs)
        query, value = inputs[:2]
        key = inputs[2] if len(inputs) == 3 else value
        self._check_shapes(query.shape, value.shape, key.shape)
        query_mask, value_mask = self._masks(mask)
        scores = self.scores(query, key)
        visible = None if value_mask is None else value_mask[:, None]
        if use_causal_mask:
            causal = jnp.tril(jnp.ones(scores.shape[1:], bool))
            visible = causal if visible is None else visible & causal
        if visible is not None:
            # A finite number, so that weights are equal, not NaN, where nothing is visible.
            scores = jnp.where(visible, scores, jnp.asarray(_far_below(scores.dtype), scores.dtype))
        weights = jnp.exp(scores - lax.stop_gradient(jnp.max(scores, -1, keepdims=True)))
        weights = weights / jnp.sum(weights, -1, keepdims=True)
        if training and self.dropout > 0:
            kept = keep_mask(self.seed_generator.next(), weights.shape, 1 - self.dropout)
            scale = 0 if self.dropout == 1 else 1 / (1 - self.dropout)
            weights = jnp.where(kept, weights * scale, 0).astype(weights.dtype)
        outputs = jnp.einsum("bqk,bkd->bqd", weights, value)
        if query_mask is not None:
            outputs = jnp.where(query_mask[..., None], outputs, jnp.zeros((), outputs.dtype))
        return (outputs, weights) if return_attention_scores else outputs

    def compute_mask(self, inputs: list[Array], mask: PyTree = None) -> Array | None:
        """Return the mask of the query, which the outputs have, too."""
        return self._masks(mask)[0]

    def check_inputs(self, inputs: Any) -> None:
        """Raise a ValueError that names the layer unless `inputs` is a list of two or three."""
        several = isinstance(inputs, list | tuple) and not is_shape(inputs)
        if not several or len(inputs) not in (2, 3):
            received = [tuple(getattr(one, "shape", one)) for one in (inputs if several else [inputs])]
            count = len(received) if several else "a single one"
            raise ValueError(
                f"Layer {self.name!r} takes a list of two or three inputs, [query, value] or [query, value, key]; "
                f"received {count}, of shape {', '.join(map(str, received))}."
            )

    def _check_shapes(self, query: Shape, value: Shape, key: Shape) -> None:
        if not len(query) == len(value) == len(key) == 3 or query[-1] != key[-1] or value[1] != key[1]:
            raise ValueError(
                f"Layer {self.name!r}: query (batch, Tq, dim) and key (batch, Tv, dim) must have as many features, key "
                f"and value as many steps; received query {tuple(query)}, value {tuple(value)} and key {tuple(key)}."
            )

    def _masks(self, mask: PyTree) -> tuple[Array | None, Array | None]:
        if mask is None:
            return None, None
        if not isinstance(mask, list | tuple) or len(mask) not in (2, 3):
            raise ValueError(
                f"Layer {self.name!r} takes a list of masks, [query_mask, value_mask]; each may be None. Received "
                f"{mask!r}."
            )
        return mask[0], mask[1]


def _far_below(dtype: Any) -> float:
    """Return a number that weighs nothing beside real scores."""
    return -65504.0 if dtype == jnp.float16 else -1e9
