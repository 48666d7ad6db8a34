"""What recurrent layers ask of a cell, whatever it is made of."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from lamina.core import shapes
from lamina.core.symbolic import KerasTensor
from lamina.layers.layer import Layer
from lamina.layers.rnn.dropout_cell import DropoutCell
from lamina.typing import Array, PyTree, Shape


def initial_states(cell: Any, batch_size: int, dtype: str) -> list[Any]:
    """Return the states before the first step, a list: what the cell says, or zeros of its `state_size`."""
    if callable(getattr(cell, "get_initial_state", None)):
        states = cell.get_initial_state(batch_size=batch_size)
    else:
        states = zero_states(cell.state_size, batch_size, dtype)
    return states if isinstance(states, list | tuple) else [states]  # type: ignore[return-value]


def zero_states(state_size: Any, batch_size: int, dtype: str) -> list[Array]:
    """Return zeros for each state; a size is a number, or a tuple of sizes for states of several axes."""
    sizes = state_size if isinstance(state_size, list) else [state_size]
    return [jnp.zeros((batch_size, *((size,) if isinstance(size, int) else size)), dtype) for size in sizes]


def call_cell(cell: Any, inputs: PyTree, states: PyTree, training: bool, **kwargs: Any) -> tuple[PyTree, PyTree]:
    """Run one step."""
    if isinstance(cell, Layer):
        return cell(inputs, states, training=training, **kwargs)
    return cell.call(inputs, states, **kwargs)


def build_cell(cell: Any, input_shape: Shape, dtype: str) -> KerasTensor:
    """Build a cell and, by an abstract call, what it is made of; return its output."""
    if isinstance(cell, Layer) and not cell.built and type(cell).build is not Layer.build:
        cell.build(input_shape)
    step_input = KerasTensor(input_shape, dtype)
    return shapes.infer(
        lambda inputs: call_cell(cell, inputs, initial_states(cell, inputs.shape[0], dtype), False)[0], step_input
    )


def flat_cells(cell: Any) -> list[Any]:
    """Return a cell, or the cells of a stack, from the first to the last."""
    return [inner for one in cell.cells for inner in flat_cells(one)] if hasattr(cell, "cells") else [cell]


def output_before(cell: Any, states: PyTree) -> Array:
    """Return the state that is a cell's last output, if it keeps that: the first one, of the last cell in a stack."""
    return output_before(cell.cells[-1], states[-1]) if hasattr(cell, "cells") else jax.tree.leaves(states)[0]


def draw_masks(cell: Any, inputs: Array, states: PyTree) -> Array:
    """Draw the dropout masks of a cell, or of a stack of them, before the loop over time that shares them.

    Args:
        cell: the cell.
        inputs: what it gets in one step; only shape and dtype matter.
        states: its states.

    Returns:
        An array of the shape of its output.
    """
    if hasattr(cell, "cells"):
        for inner, own in zip(cell.cells, states, strict=True):
            inputs = draw_masks(inner, inputs, own)
        return inputs
    first_state = jax.tree.leaves(states)[0]
    if isinstance(cell, DropoutCell):
        cell.get_dropout_mask(inputs)
        cell.get_recurrent_dropout_mask(first_state)
    size = getattr(cell, "output_size", None)
    return jnp.zeros((inputs.shape[0], size), inputs.dtype) if isinstance(size, int) else first_state


def reset_masks(cell: Any) -> None:
    """Forget the dropout masks of a cell, or of a stack of them."""
    for one in flat_cells(cell):
        if isinstance(one, DropoutCell):
            one.reset_dropout_mask()
            one.reset_recurrent_dropout_mask()
