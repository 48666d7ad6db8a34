"""`StackedRNNCells`: several cells that act as one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lamina.core.serialization import custom_object_scope, deserialize
from lamina.layers.layer import Layer
from lamina.layers.rnn.cells import build_cell, call_cell, initial_states
from lamina.typing import Array, PyTree, Shape


class StackedRNNCells(Layer):
    """Several cells as one: each is fed with the output of the one before, in the same time step.

    Args:
        cells: the cells, from the first to the last.

    Input shape: `(batch, features)`. Output shape: `(batch, units of the last cell)`, and the states of all cells.

    Example:
        >>> cells = lamina.layers.StackedRNNCells([lamina.layers.LSTMCell(8), lamina.layers.LSTMCell(4)])
        >>> lamina.layers.RNN(cells)(lamina.ops.ones((2, 5, 3))).shape
        (2, 4)
    """

    def __init__(self, cells: list[Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for cell in cells:
            if not callable(getattr(cell, "call", None)) or not hasattr(cell, "state_size"):
                raise ValueError(
                    f"Layer {self.name!r}: every cell has a method call(inputs, states) and an attribute state_size; "
                    f"{cell!r} has not."
                )
        self.cells = list(cells)

    @property
    def state_size(self) -> list[Any]:
        """The sizes of the states of each cell."""
        return [cell.state_size for cell in self.cells]

    @property
    def output_size(self) -> Any:
        """The size of the last cell's output."""
        last = self.cells[-1]
        if getattr(last, "output_size", None) is not None:
            return last.output_size
        return last.state_size[0] if isinstance(last.state_size, list | tuple) else last.state_size

    def get_initial_state(self, batch_size: int | None = None) -> list[Any]:
        """Return the states of each cell before the first step."""
        return [initial_states(cell, batch_size or 1, self.compute_dtype) for cell in self.cells]

    def build(self, input_shape: Shape) -> None:
        for cell in self.cells:
            input_shape = build_cell(cell, input_shape, self.compute_dtype).shape

    def call(self, inputs: Array, states: PyTree, training: bool = False, **kwargs: Any) -> tuple[Array, list[Any]]:
        new_states = []
        for cell, own in zip(self.cells, states, strict=True):
            inputs, state = call_cell(cell, inputs, own, training, **kwargs)
            new_states.append(state)
        return inputs, new_states

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Any:
        """Return a stack made from `get_config`.

        Args:
            config: the constructor's arguments.
            custom_objects: your own classes by name, such as those of the cells.
        """
        with custom_object_scope(custom_objects or {}):
            return super().from_config({**config, "cells": [deserialize(cell) for cell in config["cells"]]})
