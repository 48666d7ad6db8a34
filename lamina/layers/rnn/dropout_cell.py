"""`DropoutCell`: dropout on the inputs and the state of a cell, the same at all time steps."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from lamina.kernels import keep_mask
from lamina.layers.arguments import rate
from lamina.layers.layer import Layer
from lamina.random import SeedGenerator
from lamina.typing import Array


class DropoutCell(Layer):
    """A cell with `dropout` on its inputs and `recurrent_dropout` on its state.

    The masks are drawn at the first step and kept until they are reset, which `RNN` does around each call.

    Args:
        dropout: share of the inputs set to zero while training, in [0, 1].
        recurrent_dropout: the same for the state.
        seed: whole number that makes the masks reproducible.
        mask_count: how many masks are drawn of each kind: one for all gates, or one for each.

    Reference: Gal and Ghahramani, 2016, https://arxiv.org/abs/1512.05287
    """

    mask_count = 1

    def set_dropout(self, dropout: float, recurrent_dropout: float, seed: int | None) -> None:
        """Take the arguments; called by the constructor of a cell."""
        self.dropout = rate(dropout, "dropout", self.name)
        self.recurrent_dropout = rate(recurrent_dropout, "recurrent_dropout", self.name)
        self.seed = seed
        if self.dropout > 0 or self.recurrent_dropout > 0:
            self.seed_generator = SeedGenerator(seed)
        self._dropout_mask: Any = None
        self._recurrent_dropout_mask: Any = None

    def get_dropout_mask(self, step_input: Array) -> Any:
        """Return what to multiply inputs by: None without dropout, an array, or a list of one for each gate."""
        if self._dropout_mask is None and self.dropout > 0:
            self._dropout_mask = self._draw(step_input, self.dropout)
        return self._dropout_mask

    def get_recurrent_dropout_mask(self, step_input: Array) -> Any:
        """Return what to multiply the state by: None without dropout, an array, or a list of one for each gate."""
        if self._recurrent_dropout_mask is None and self.recurrent_dropout > 0:
            self._recurrent_dropout_mask = self._draw(step_input, self.recurrent_dropout)
        return self._recurrent_dropout_mask

    def reset_dropout_mask(self) -> None:
        """Forget the mask of the inputs."""
        self._dropout_mask = None

    def reset_recurrent_dropout_mask(self) -> None:
        """Forget the mask of the state."""
        self._recurrent_dropout_mask = None

    def dropped(self, inputs: Array, state: Array, training: bool) -> tuple[list[Array], list[Array]]:
        """Return inputs and state after dropout: one of each, or one for each gate."""
        input_mask = self.get_dropout_mask(inputs) if training else None
        state_mask = self.get_recurrent_dropout_mask(state) if training else None
        return _multiplied(inputs, input_mask), _multiplied(state, state_mask)

    def _draw(self, like: Array, share: float) -> Any:
        if share == 1:
            masks = [jnp.zeros_like(like)] * self.mask_count
        else:
            scale = jnp.asarray(1 / (1 - share), like.dtype)
            keep = keep_mask(self.seed_generator.next(), (self.mask_count, *like.shape), 1 - share)
            masks = list(jnp.where(keep, scale, jnp.zeros((), like.dtype)))
        return masks if self.mask_count > 1 else masks[0]


def _multiplied(array: Array, mask: Any) -> list[Array]:
    if mask is None:
        return [array]
    return [array * one for one in mask] if isinstance(mask, list) else [array * mask]
