"""`TimeDistributed`."""

from __future__ import annotations

from typing import Any

import jax

from lamina.layers.core.wrapper import Wrapper
from lamina.layers.layer import Layer
from lamina.layers.rnn.time_loop import run_over_time
from lamina.typing import Array, PyTree, Shape


class TimeDistributed(Wrapper):
    """Applies a layer to each step of sequences, with the same weights.

    Args:
        layer: the layer, which sees one step as an example.

    Call arguments:
        inputs: (batch, time, ...).
        training: passed to the layer.
        mask: bool, (batch, time); a layer that takes a mask gets that of the step.

    Input shape: `(batch, time, ...)`. Output shape: `(batch, time, ...)`.

    Raises:
        ValueError: if `layer` is no layer, or the input has no time axis.

    Example:
        >>> layer = lamina.layers.TimeDistributed(lamina.layers.Dense(8))
        >>> layer(lamina.ops.ones((2, 5, 3))).shape
        (2, 5, 8)
    """

    def __init__(self, layer: Layer, **kwargs: Any) -> None:
        super().__init__(layer, **kwargs)
        self.supports_masking = True

    def build(self, input_shape: Shape) -> None:
        if len(input_shape) < 3:
            raise ValueError(
                f"Layer {self.name!r}: expected an input of shape (batch, time, ...) with at least 3 axes, received "
                f"shape {tuple(input_shape)}."
            )
        super().build((input_shape[0], *input_shape[2:]))

    def call(self, inputs: Array, training: bool | None = None, mask: Array | None = None) -> PyTree:
        takes_mask = mask is not None and self.layer._accepts("mask")
        if training and any(not weight.declared_trainable for weight in self.layer.weights):
            # Statistics such as those of BatchNormalization are learned step by step, as in Keras.
            return self._one_after_the_other(inputs, mask if takes_mask else None, training)
        batch, steps = inputs.shape[:2]

        def joined(array: Array) -> Array:
            return array.reshape(batch * steps, *array.shape[2:])

        masked = {"mask": joined(mask)} if takes_mask else {}  # type: ignore[arg-type]
        outputs = self.layer(joined(inputs), training=training, **masked)
        return jax.tree.map(lambda array: array.reshape(batch, steps, *array.shape[1:]), outputs)

    def _one_after_the_other(self, inputs: Array, mask: Array | None, training: bool) -> PyTree:
        def step(now: tuple, states: PyTree) -> tuple[PyTree, PyTree]:
            masked = {} if mask is None else {"mask": now[1]}
            return self.layer(now[0], training=training, **masked), states

        given = (inputs,) if mask is None else (inputs, mask)
        variables = [variable for variable in self.layer.variables if not variable.trainable]
        return run_over_time(step, given, (), variables=variables).outputs
