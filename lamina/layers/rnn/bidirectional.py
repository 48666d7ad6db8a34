"""`Bidirectional`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp

from lamina.core.serialization import custom_object_scope, deserialize, serialize
from lamina.layers.layer import Layer
from lamina.typing import Array, PyTree, Shape

_MERGE = {
    "sum": lambda forward, backward: forward + backward,
    "mul": lambda forward, backward: forward * backward,
    "ave": lambda forward, backward: (forward + backward) / 2,
    "concat": lambda forward, backward: jnp.concatenate([forward, backward], -1),
}
_NEEDED = ("go_backwards", "return_sequences", "return_state", "stateful")


class Bidirectional(Layer):
    """Runs a recurrent layer over sequences in both directions and merges what comes out.

    Args:
        layer: the recurrent layer; a copy of it runs forwards.
        merge_mode: "concat" (along the features), "sum", "mul", "ave", or None for a pair of outputs.
        weights: initial weights, those of the forward layer first.
        backward_layer: the layer that runs backwards; default a copy of `layer`.

    Call arguments:
        sequences: (batch, time, features).
        initial_state: the states before the first step, those of the forward layer first; default zeros.
        mask: bool, (batch, time).
        training: passed to both layers.

    Input shape: `(batch, time, features)`. Output shape: that of `layer`, with twice the features for "concat"; with
    `return_state` followed by the states of both layers. The outputs of all steps come in the order of time.

    Raises:
        ValueError: if a layer is not recurrent, or both don't go together.

    Example:
        >>> layer = lamina.layers.Bidirectional(lamina.layers.LSTM(4, return_sequences=True))
        >>> layer(lamina.ops.ones((2, 5, 3))).shape
        (2, 5, 8)

    Reference: Schuster and Paliwal, 1997, https://doi.org/10.1109/78.650093
    """

    arguments_not_in_config = frozenset({"layer", "weights"})

    def __init__(
        self,
        layer: Any,
        merge_mode: str | None = "concat",
        weights: Any = None,
        backward_layer: Any = None,
        **kwargs: Any,
    ) -> None:
        for one in (layer,) if backward_layer is None else (layer, backward_layer):
            if not isinstance(one, Layer) or not all(hasattr(one, name) for name in _NEEDED):
                made = " Make one of the class: LSTM(8), not LSTM." if isinstance(one, type) else ""
                raise ValueError(f"Bidirectional goes around a recurrent layer, such as LSTM(8); got {one!r}.{made}")
        super().__init__(**kwargs)
        if merge_mode is not None and merge_mode not in _MERGE:
            raise ValueError(
                f"Layer {self.name!r}: merge_mode must be one of {', '.join(map(repr, _MERGE))} or None, got "
                f"{merge_mode!r}."
            )
        self.merge_mode = merge_mode
        self.forward_layer: Any
        self.backward_layer: Any
        name = layer.name.removeprefix("forward_")
        if layer.return_sequences and hasattr(layer, "zero_output_for_mask"):
            # Both directions agree on what a masked step gives: repeating outputs would repeat different ones.
            layer = _copy(layer, zero_output_for_mask=True)
        self.forward_layer = _copy(layer, name=f"forward_{name}")
        if backward_layer is None:
            self.backward_layer = _copy(layer, name=f"backward_{name}", go_backwards=not layer.go_backwards)
        else:
            self.backward_layer = backward_layer
        self._check_pair()
        self.return_sequences = layer.return_sequences
        self.return_state = layer.return_state
        self.stateful = layer.stateful
        self.supports_masking = True
        self.input_spec = layer.input_spec
        if weights is not None:
            self.initial_weights = list(weights)

    def _check_pair(self) -> None:
        forward, backward = self.forward_layer, self.backward_layer
        if forward.go_backwards == backward.go_backwards:
            raise ValueError(
                f"Layer {self.name!r}: one layer must go forwards and the other backwards, but both have "
                f"go_backwards={forward.go_backwards}."
            )
        for attribute in ("stateful", "return_sequences", "return_state"):
            mine, other = getattr(forward, attribute), getattr(backward, attribute)
            if mine != other:
                raise ValueError(
                    f"Layer {self.name!r}: {attribute} must be the same in both layers, but is {mine} forwards and "
                    f"{other} backwards."
                )

    def build(self, sequences_shape: Shape, initial_state_shape: PyTree = None) -> None:
        for layer in (self.forward_layer, self.backward_layer):
            if not layer.built:
                layer.build(sequences_shape)
        self.input_spec = self.forward_layer.input_spec

    def call(
        self, sequences: Array, initial_state: PyTree = None, mask: PyTree = None, training: bool | None = None
    ) -> PyTree:
        states = jax.tree.leaves(initial_state)
        if len(states) % 2:
            raise ValueError(
                f"Layer {self.name!r}: initial_state holds the states of the forward layer and then those of the "
                f"backward layer, so an even number; received {len(states)}."
            )
        half = len(states) // 2
        forward = self.forward_layer(sequences, initial_state=states[:half] or None, mask=mask, training=training)
        backward = self.backward_layer(sequences, initial_state=states[half:] or None, mask=mask, training=training)
        after: tuple = ()
        if self.return_state:
            after = (*forward[1:], *backward[1:])
            forward, backward = forward[0], backward[0]
        if self.return_sequences:
            backward = jnp.flip(backward, 1)
        if self.merge_mode is None:
            return (forward, backward, *after)
        output = _MERGE[self.merge_mode](forward, backward)
        return (output, *after) if self.return_state else output

    def compute_mask(self, _: Any, mask: PyTree = None) -> PyTree:
        """Return the mask of the sequences where all steps are returned; a pair of it where outputs are a pair."""
        masks = jax.tree.leaves(mask)
        output_mask = masks[0] if masks and self.return_sequences else None
        outputs = [output_mask] * 2 if self.merge_mode is None else [output_mask]
        if self.return_state:
            return [*outputs, *[None] * (2 * _count_states(self.forward_layer))]
        return outputs if self.merge_mode is None else output_mask

    @property
    def states(self) -> tuple | None:
        """The kept states of both layers, those of the forward layer first; None where they aren't stateful."""
        forward, backward = self.forward_layer.states, self.backward_layer.states
        return (*forward, *backward) if forward and backward else None

    def reset_state(self) -> None:
        """Set the states of stateful layers back to the initial ones."""
        self.forward_layer.reset_state()
        self.backward_layer.reset_state()

    def reset_states(self) -> None:
        """As `reset_state`, under Keras 2's name."""
        self.reset_state()

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), "layer": serialize(self.forward_layer)}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Any:
        """Return a layer made from `get_config`.

        Args:
            config: the constructor's arguments.
            custom_objects: your own classes by name, such as that of the layer inside.
        """
        with custom_object_scope(custom_objects or {}):
            layers = {key: deserialize(config.get(key)) for key in ("layer", "backward_layer")}
            return super().from_config({**config, **layers})


def _copy(layer: Layer, **changes: Any) -> Any:
    """Return a layer of the same configuration except for `changes`, without weights."""
    described = serialize(layer)
    described = {**described, "config": {**described["config"], **changes}}
    described.pop("build_config", None)
    with custom_object_scope({type(one).__name__: type(one) for one in layer.flat_layers()}):
        return deserialize(described)


def _count_states(layer: Any) -> int:
    return len(layer.state_size) if isinstance(layer.state_size, list | tuple) else 1
