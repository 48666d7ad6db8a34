"""`AdditiveAttention`."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from lamina.layers.attention.attention import Attention
from lamina.typing import Array


class AdditiveAttention(Attention):
    """Additive attention: as `Attention`, with scores `sum(scale * tanh(query + key))` over the features.

    Args:
        use_scale: whether each feature has a learned factor, `scale`.
        dropout: share of the weights set to zero while training, in [0, 1].
        seed: whole number that makes dropout reproducible.

    Call arguments: as of `Attention`.

    Input shape: a list of `(batch, Tq, dim)`, `(batch, Tv, dim)` and, with a key, `(batch, Tv, dim)`. Output shape:
    `(batch, Tq, dim)`.

    Example:
        >>> query, value = lamina.ops.ones((2, 3, 4)), lamina.ops.ones((2, 5, 4))
        >>> lamina.layers.AdditiveAttention()([query, value]).shape
        (2, 3, 4)

    Reference: Bahdanau et al., 2015, https://arxiv.org/abs/1409.0473
    """

    def __init__(self, use_scale: bool = True, dropout: float = 0.0, **kwargs: Any) -> None:
        super().__init__(use_scale=use_scale, dropout=dropout, **kwargs)

    def build(self, input_shape: list[Any]) -> None:
        self.check_inputs(input_shape)
        if self.use_scale:
            self.scale = self.add_weight((input_shape[1][-1],), "glorot_uniform", name="scale")

    def scores(self, query: Array, key: Array) -> Array:
        terms = jnp.tanh(query[:, :, None] + key[:, None])
        return jnp.sum(terms if self.scale is None else self.scale.value * terms, -1)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), "seed": self.seed}
