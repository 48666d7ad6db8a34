"""When a recurrent layer may hand the whole loop to a kernel."""

from __future__ import annotations

from typing import Any

from lamina import activations
from lamina.layers.rnn.gated_cell import GatedCell
from lamina.typing import Array


def can_be_fused(layer: Any, training: bool) -> bool:
    """Tell whether the kernels compute what a layer asks for.

    They know the usual activations, and leave the state alone between steps. Dropout of the inputs that all gates share
    can be done before the loop; dropout of the state, or for each gate apart, can't.
    """
    cell: GatedCell = layer.cell
    usual = cell.activation is activations.tanh and cell.recurrent_activation is activations.sigmoid  # type: ignore[attr-defined]
    dropping = training and (cell.recurrent_dropout > 0 or (cell.dropout > 0 and cell.mask_count > 1))
    return usual and not dropping and not layer.unroll


def inputs_after_dropout(cell: GatedCell, sequences: Array, training: bool) -> Array:
    """Return the inputs of all steps, with the dropout that they share."""
    mask = cell.get_dropout_mask(sequences[:, 0]) if training else None
    return sequences if mask is None else sequences * mask[:, None]
