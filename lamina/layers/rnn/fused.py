"""When a recurrent layer may hand the whole loop to a kernel, and how."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from lamina import activations
from lamina.kernels import gru, lstm
from lamina.layers.rnn.gru_cell import GRUCell
from lamina.layers.rnn.lstm_cell import LSTMCell
from lamina.layers.rnn.stacked_rnn_cells import StackedRNNCells
from lamina.typing import Array, PyTree


def fused_loop(layer: Any, sequences: Array, states: PyTree, mask: Any, training: bool) -> tuple | None:
    """Return what `layer.inner_loop` gives, or None where the kernels don't compute what the layer asks for.

    The cells of a stack run one after the other, each over all steps: none of them looks at a later one.
    """
    stacked = type(layer.cell) is StackedRNNCells and layer.cell.activity_regularizer is None
    cells = layer.cell.cells if stacked else [layer.cell]
    if layer.unroll or not all(_can_be_fused(cell, layer, training) for cell in cells):
        return None
    backwards, after = layer.go_backwards, []
    outputs = sequences
    for cell, own in zip(cells, states if stacked else [states], strict=True):
        last = cell is cells[-1]
        outputs, new = _run(
            cell,
            _inputs_after_dropout(cell, outputs, training),
            own,
            mask=mask,
            reverse=backwards,
            return_sequences=layer.return_sequences or not last,
            zero_output_for_mask=layer.zero_output_for_mask and last,
        )
        after.append(new)
        if backwards:  # outputs come in the order of the loop
            backwards, mask = False, None if mask is None else jnp.flip(mask, 1)
    after = after if stacked else after[0]
    return (outputs[:, -1], outputs, after) if layer.return_sequences else (outputs, None, after)


def _run(cell: Any, sequences: Array, states: list[Array], **options: Any) -> tuple[Array, list[Array]]:
    weights = cell.kernel.value, cell.recurrent_kernel.value, None if cell.bias is None else cell.bias.value
    if type(cell) is LSTMCell:
        outputs, after = lstm(sequences, *weights, *states, **options)
        return outputs, list(after)
    outputs, state = gru(sequences, *weights, states[0], reset_after=cell.reset_after, **options)
    return outputs, [state]


def _can_be_fused(cell: Any, layer: Any, training: bool) -> bool:
    """Tell whether a kernel computes what a cell does.

    They know the usual activations, and leave the state alone between steps. Dropout of the inputs that all gates share
    can be done before the loop; dropout of the state, or for each gate apart, can't.
    """
    if type(cell) not in (LSTMCell, GRUCell) or cell.activity_regularizer is not None:
        return False
    same_types = (cell.compute_dtype, cell.variable_dtype) == (layer.compute_dtype, layer.variable_dtype)
    usual = cell.activation is activations.tanh and cell.recurrent_activation is activations.sigmoid
    dropping = training and (cell.recurrent_dropout > 0 or (cell.dropout > 0 and cell.mask_count > 1))
    return same_types and usual and not dropping


def _inputs_after_dropout(cell: Any, sequences: Array, training: bool) -> Array:
    """Return the inputs of all steps, with the dropout that they share."""
    mask = cell.get_dropout_mask(sequences[:, 0]) if training else None
    return sequences if mask is None else sequences * mask[:, None]
