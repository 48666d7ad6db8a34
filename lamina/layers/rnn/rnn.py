"""`RNN`: any cell, run over time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp

from lamina.core import binding
from lamina.core.serialization import custom_object_scope, deserialize
from lamina.core.variable import Variable
from lamina.layers.input_spec import InputSpec
from lamina.layers.layer import Layer
from lamina.layers.rnn.cells import (
    build_cell,
    call_cell,
    draw_masks,
    flat_cells,
    initial_states,
    output_before,
    reset_masks,
)
from lamina.layers.rnn.fused import fused_loop
from lamina.layers.rnn.gated_cell import GatedCell
from lamina.layers.rnn.stacked_rnn_cells import StackedRNNCells
from lamina.layers.rnn.time_loop import run_over_time
from lamina.typing import Array, PyTree, Shape


class RNN(Layer):
    """Runs a cell over the steps of sequences, handing its state from step to step.

    Args:
        cell: a layer with `call(inputs, states) -> (output, new states)` and an attribute `state_size` (a number, or a
            list with one for each state); or a list of cells, each fed with the output of the one before.
        return_sequences: whether to return the outputs of all steps instead of the last one.
        return_state: whether to return the last states as well.
        go_backwards: whether to start at the end; outputs then come in that order.
        stateful: whether each call begins with the states that the one before ended with; needs a known batch size.
        unroll: whether to write the steps out one after the other instead of looping: slower to compile.
        zero_output_for_mask: whether masked steps give zeros instead of the output before them.

    Call arguments:
        sequences: (batch, time, ...).
        initial_state: the states before the first step; default zeros, or what the cell's `get_initial_state` says.
        mask: bool, (batch, time). Where False, a step leaves the states alone and repeats the output before it.
        training: passed to the cell.

    Input shape: `(batch, time, features)`. Output shape: `(batch, units)`, or `(batch, time, units)`; with
    `return_state` a tuple of that and each state.

    Raises:
        ValueError: if the cell lacks `call` or `state_size`, or states don't fit.

    Example:
        >>> cells = [lamina.layers.GRUCell(8), lamina.layers.LSTMCell(4)]
        >>> lamina.layers.RNN(cells)(lamina.ops.ones((2, 5, 3))).shape
        (2, 4)
    """

    def __init__(
        self,
        cell: Any,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        zero_output_for_mask: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.cell: Any = StackedRNNCells(list(cell)) if isinstance(cell, list | tuple) else cell
        if not callable(getattr(self.cell, "call", None)):
            raise ValueError(f"Layer {self.name!r}: a cell has a method call(inputs, states); {cell!r} has none.")
        if not hasattr(self.cell, "state_size"):
            raise ValueError(
                f"Layer {self.name!r}: a cell has an attribute state_size, a number or a list with one for each state; "
                f"{cell!r} has none."
            )
        self.return_sequences = return_sequences
        self.return_state = return_state
        self.go_backwards = go_backwards
        self.stateful = stateful
        self.unroll = unroll
        self.zero_output_for_mask = zero_output_for_mask
        self.supports_masking = True
        self.input_spec = InputSpec(ndim=3)
        self.states: PyTree = None

    @property
    def state_size(self) -> Any:
        """The sizes of the cell's states."""
        return self.cell.state_size

    def own_variables(self) -> list[Variable]:
        kept = {id(state) for state in jax.tree.leaves(self.states)}
        return [variable for variable in super().own_variables() if id(variable) not in kept]

    def own_state(self) -> list[Variable]:
        return [*super().own_state(), *jax.tree.leaves(self.states)]

    def state_in_inference(self) -> list[Variable]:
        return [*super().state_in_inference(), *jax.tree.leaves(self.states)]

    def build(self, sequences_shape: Shape, initial_state_shape: PyTree = None) -> None:
        batch_size = sequences_shape[0]
        if isinstance(self.cell, Layer) and not self.cell.built:
            build_cell(self.cell, (batch_size, *sequences_shape[2:]), self.compute_dtype)
        first = flat_cells(self.cell)[0]
        if isinstance(first, GatedCell) and first.built:  # its kernel was made for so many features
            self.input_spec = InputSpec(ndim=3, axes={-1: sequences_shape[-1]})
        if self.stateful:
            if batch_size is None:
                raise ValueError(
                    f"Layer {self.name!r}: with stateful=True the batch size must be known, received shape "
                    f"{tuple(sequences_shape)}. Give the model Input(batch_shape=(batch, time, features))."
                )
            self.states = self._make_states(batch_size)

    def get_initial_state(self, batch_size: int) -> list[Any]:
        """Return the states before the first step: what the cell says, or zeros."""
        return initial_states(self.cell, batch_size, self.compute_dtype)

    def reset_state(self) -> None:
        """Set the states of a stateful layer back to the initial ones."""
        variables = jax.tree.leaves(self.states)
        if variables:
            initial = jax.tree.leaves(self.get_initial_state(variables[0].shape[0]))
            for variable, value in zip(variables, initial, strict=True):
                variable.assign(value)

    def reset_states(self) -> None:
        """As `reset_state`, under Keras 2's name."""
        self.reset_state()

    def call(
        self, sequences: Array, initial_state: PyTree = None, mask: PyTree = None, training: bool = False
    ) -> PyTree:
        states = self._states_before(sequences.shape[0], initial_state)
        mask = self._mask_of_sequences(mask, sequences.shape)
        try:
            if training:
                draw_masks(self.cell, sequences[:, 0], states)
            last_output, outputs, states = self.inner_loop(sequences, states, mask, training)
        finally:
            reset_masks(self.cell)
        if self._keeps_states(sequences.shape[0]):
            for variable, state in zip(jax.tree.leaves(self.states), jax.tree.leaves(states), strict=True):
                variable.assign(state)
        output = outputs if self.return_sequences else last_output
        return (output, *states) if self.return_state else output

    def inner_loop(self, sequences: Array, initial_state: PyTree, mask: Any, training: bool = False) -> tuple:
        """Return `(last output, outputs of all steps, states)`. Layers that know a faster way override it.

        The outputs of all steps are None where `return_sequences` is False.
        """
        fused = fused_loop(self, sequences, initial_state, mask, training)
        if fused is not None:
            return fused
        return run_over_time(
            lambda inputs, states: call_cell(self.cell, inputs, states, training),
            sequences,
            initial_state,
            output_before=output_before(self.cell, initial_state),
            mask=mask,
            go_backwards=self.go_backwards,
            zero_output_for_mask=self.zero_output_for_mask,
            return_sequences=self.return_sequences,
            unroll=self.unroll,
            variables=[variable for variable in getattr(self.cell, "variables", []) if not variable.trainable],
        )

    def compute_mask(self, _: Any, mask: PyTree = None) -> PyTree:
        """Return the mask of the sequences where all steps are returned, None for a last output and for states."""
        output_mask = _first_mask(mask) if self.return_sequences else None
        if not self.return_state:
            return output_mask
        states = self.state_size if isinstance(self.state_size, list | tuple) else [self.state_size]
        return [output_mask, *(None for _ in states)]

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), "zero_output_for_mask": self.zero_output_for_mask}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Any:
        """Return a layer made from `get_config`.

        Args:
            config: the constructor's arguments.
            custom_objects: your own classes by name, such as that of the cell.
        """
        if "cell" not in config:
            return super().from_config(config)
        with custom_object_scope(custom_objects or {}):
            return super().from_config({**config, "cell": deserialize(config["cell"])})

    def _keeps_states(self, batch_size: int) -> bool:
        """Tell whether a call goes on from kept states: not where only shapes for any batch are wanted."""
        return self.stateful and batch_size != binding.current().abstract

    def _make_states(self, batch_size: int) -> list[Any]:
        """Return a variable for each state; its first value is made when it is read, as that of a weight."""
        described = jax.eval_shape(lambda: self.get_initial_state(batch_size))
        leaves, structure = jax.tree.flatten(described)

        def variable(index: int, state: Any) -> Variable:
            def initial(shape: Shape, dtype: Any = None) -> Array:
                return jax.tree.leaves(self.get_initial_state(batch_size))[index]

            name = f"rnn_state_{index}" if index else "rnn_state"
            return Variable(initial, state.shape, state.dtype, trainable=False, autocast=False, name=name)

        return jax.tree.unflatten(structure, [variable(index, state) for index, state in enumerate(leaves)])

    def _mask_of_sequences(self, mask: PyTree, shape: Shape) -> Any:
        mask = _first_mask(mask)
        if mask is not None and jnp.shape(mask) != tuple(shape[:2]):
            raise ValueError(
                f"Layer {self.name!r}: a mask must have the shape (batch, time) = {tuple(shape[:2])}, received "
                f"{jnp.shape(mask)}."
            )
        return mask

    def _states_before(self, batch_size: int, given: PyTree) -> list[Any]:
        """Return the states to start with: given ones, kept ones, or initial ones."""
        leaves = jax.tree.leaves(given)
        if not leaves and not self._keeps_states(batch_size):
            return self.get_initial_state(batch_size)
        wanted, structure = jax.tree.flatten(jax.eval_shape(lambda: self.get_initial_state(batch_size)))
        if not leaves:
            leaves = [variable.value for variable in jax.tree.leaves(self.states)]
        expected, received = [state.shape for state in wanted], [jnp.shape(leaf) for leaf in leaves]
        if expected != received:
            source = "initial_state has" if jax.tree.leaves(given) else "the states kept from the last batch have"
            fix = "" if jax.tree.leaves(given) else " A stateful layer takes batches of one size only."
            raise ValueError(f"Layer {self.name!r}: {source} the shapes {received}, expected {expected}.{fix}")
        cast = [jnp.asarray(leaf, state.dtype) for leaf, state in zip(leaves, wanted, strict=True)]
        return jax.tree.unflatten(structure, cast)


def _first_mask(mask: PyTree) -> Any:
    """Return the mask of the sequences, where those of states may follow."""
    masks = jax.tree.leaves(mask)
    return masks[0] if masks else None
