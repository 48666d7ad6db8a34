"""What ConvLSTM1D, ConvLSTM2D and ConvLSTM3D share."""

from __future__ import annotations

from typing import Any

from lamina.layers.input_spec import InputSpec
from lamina.layers.rnn.conv_lstm_cell import ConvLSTMCell
from lamina.layers.rnn.from_cell import from_cell
from lamina.layers.rnn.rnn import RNN
from lamina.layers.rnn.time_loop import run_over_time
from lamina.typing import Array


@from_cell(
    "filters",
    "kernel_size",
    "strides",
    "padding",
    "data_format",
    "dilation_rate",
    "activation",
    "recurrent_activation",
    "use_bias",
    "kernel_initializer",
    "recurrent_initializer",
    "bias_initializer",
    "unit_forget_bias",
    "kernel_regularizer",
    "recurrent_regularizer",
    "bias_regularizer",
    "kernel_constraint",
    "recurrent_constraint",
    "bias_constraint",
    "dropout",
    "recurrent_dropout",
    "seed",
)
class ConvLSTM(RNN):
    """A long short-term memory over sequences of images, whose products are convolutions.

    Args:
        rank: number of axes that windows slide over.
        cell: arguments of the cell.
        The others as in `RNN`.
    """

    def __init__(self, rank: int, cell: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(ConvLSTMCell(rank, **cell, name="conv_lstm_cell", dtype=kwargs.get("dtype")), **kwargs)
        self.input_spec = InputSpec(ndim=rank + 3)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), "unroll": self.unroll}

    def inner_loop(self, sequences: Array, initial_state: Any, mask: Any, training: bool = False) -> tuple:
        cell = self.cell
        dropped = cell.get_dropout_mask(sequences[:, 0]) if training else None
        if dropped is not None:
            sequences = sequences * dropped[:, None]
        # The convolution of the inputs does not depend on the states: one for all steps.
        batch, steps = sequences.shape[:2]
        projected = cell.projected(sequences.reshape(batch * steps, *sequences.shape[2:]))
        return run_over_time(
            lambda inputs, states: cell.step(inputs, states, training),
            projected.reshape(batch, steps, *projected.shape[1:]),
            initial_state,
            output_before=initial_state[0],
            mask=mask,
            go_backwards=self.go_backwards,
            zero_output_for_mask=self.zero_output_for_mask,
            return_sequences=self.return_sequences,
            unroll=self.unroll,
        )
