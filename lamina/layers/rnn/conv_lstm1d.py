"""`ConvLSTM1D`."""

from __future__ import annotations

from typing import Any

from lamina.layers.rnn.conv_lstm import ConvLSTM


class ConvLSTM1D(ConvLSTM):
    """Long short-term memory over sequences of signals: an LSTM whose products are convolutions.

    The formulas are those of `LSTM` with convolutions of inputs and state (that of the state keeps its size).

    Args:
        filters: number of channels of state and output.
        kernel_size: length of the window.
        strides: steps from one window to the next, in the convolution of the inputs.
        padding: "valid" (no padding) or "same" (zeros around), in the convolution of the inputs.
        data_format: "channels_last" or "channels_first"; default the process's.
        dilation_rate: distance between neighbouring taps of a window of inputs; above 1 only with strides of 1.
        activation: name or function of the candidate and the output; default tanh.
        recurrent_activation: of the gates; default sigmoid.
        use_bias: whether to add a bias.
        kernel_initializer, recurrent_initializer, bias_initializer: default Glorot uniform, orthogonal, zeros.
        unit_forget_bias: whether the bias of the forget gate starts at 1.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties added to the loss.
        activity_regularizer: penalty on the outputs.
        kernel_constraint, recurrent_constraint, bias_constraint: applied after each update.
        dropout: share of the inputs set to zero while training, the same at all steps, in [0, 1].
        recurrent_dropout: the same for the state.
        seed: whole number that makes dropout reproducible.
        return_sequences: whether to return the outputs of all steps instead of the last one.
        return_state: whether to return the last states as well.
        go_backwards: whether to start at the end; outputs then come in that order.
        stateful: whether each call begins with the states that the one before ended with; needs a known batch size.

    Call arguments: as of `LSTM`.

    Input shape: `(batch, time, steps, channels)`, or
    `(batch, time, channels, steps)`, with known sizes.
    Output shape: `(batch, steps, filters)` with new sizes; with a time axis for `return_sequences`; with
    `return_state` a tuple of that and both states.

    Example:
        >>> lamina.layers.ConvLSTM1D(4, 2)(lamina.ops.ones((2, 5, 8, 3))).shape
        (2, 7, 4)

    Reference: Shi et al., 2015, https://arxiv.org/abs/1506.04214
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int, ...],
        strides: int | tuple[int, ...] = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: int | tuple[int, ...] = 1,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        unit_forget_bias: bool = True,
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            rank=1,
            cell={
                "filters": filters,
                "kernel_size": kernel_size,
                "strides": strides,
                "padding": padding,
                "data_format": data_format,
                "dilation_rate": dilation_rate,
                "activation": activation,
                "recurrent_activation": recurrent_activation,
                "use_bias": use_bias,
                "kernel_initializer": kernel_initializer,
                "recurrent_initializer": recurrent_initializer,
                "bias_initializer": bias_initializer,
                "unit_forget_bias": unit_forget_bias,
                "kernel_regularizer": kernel_regularizer,
                "recurrent_regularizer": recurrent_regularizer,
                "bias_regularizer": bias_regularizer,
                "kernel_constraint": kernel_constraint,
                "recurrent_constraint": recurrent_constraint,
                "bias_constraint": bias_constraint,
                "dropout": dropout,
                "recurrent_dropout": recurrent_dropout,
                "seed": seed,
            },
            activity_regularizer=activity_regularizer,
            return_sequences=return_sequences,
            return_state=return_state,
            go_backwards=go_backwards,
            stateful=stateful,
            **kwargs,
        )
