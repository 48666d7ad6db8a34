"""`CategoryEncoding`."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from lamina.layers.arguments import choice, positive_int
from lamina.layers.layer import Layer
from lamina.layers.preprocessing.encoding import MODES, encode
from lamina.typing import Array


class CategoryEncoding(Layer):
    """Turns whole numbers into vectors with a place for each.

    Args:
        num_tokens: how many numbers there are; those outside [0, num_tokens) leave no trace.
        output_mode: "one_hot" (a vector for each number), "multi_hot" (one vector for an example, with a one for each
            number that occurs in it) or "count" (how often it occurs).
        sparse: not supported; must be False.

    Call arguments:
        inputs: whole numbers, (batch, numbers) or (batch,).
        count_weights: what each number counts, for "count"; of the shape of `inputs`.

    Input shape: `(batch, numbers)` or `(batch,)`.
    Output shape: `(batch, num_tokens)`; for "one_hot" `(*input shape, num_tokens)` without a last axis of size 1.

    Raises:
        ValueError: if `num_tokens` is missing, or an argument is out of range.

    Example:
        >>> layer = lamina.layers.CategoryEncoding(num_tokens=4, output_mode="count")
        >>> layer(lamina.ops.array([[0, 1], [3, 3]])).tolist()
        [[1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 2.0]]
    """

    arguments_not_in_config = frozenset({"sparse"})

    def __init__(
        self, num_tokens: int | None = None, output_mode: str = "multi_hot", sparse: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        if num_tokens is None:
            raise ValueError(f"Layer {self.name!r}: pass num_tokens, how many different numbers there are.")
        self.num_tokens = positive_int(num_tokens, "num_tokens", self.name)
        self.output_mode = choice(output_mode, MODES, "output_mode", self.name)
        if sparse:
            raise ValueError(f"Layer {self.name!r}: sparse=True is not supported; outputs are dense arrays.")
        self.sparse = False
        self.autocast = False  # numbers above 256 do not survive bfloat16

    def call(self, inputs: Array, count_weights: Array | None = None) -> Array:
        if count_weights is not None and self.output_mode != "count":
            raise ValueError(
                f"Layer {self.name!r}: count_weights are only used with output_mode='count', but it is "
                f"{self.output_mode!r}."
            )
        tokens = inputs.astype("int32")
        if count_weights is not None and jnp.shape(count_weights) != tokens.shape:
            raise ValueError(
                f"Layer {self.name!r}: count_weights must have the shape of the inputs, {tokens.shape}, received "
                f"{jnp.shape(count_weights)}."
            )
        return encode(tokens, self.num_tokens, self.output_mode, self.compute_dtype, count_weights)
