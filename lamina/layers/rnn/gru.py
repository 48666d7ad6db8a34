"""`GRU`."""

from __future__ import annotations

from typing import Any

from lamina.layers.rnn.from_cell import from_cell, refuse_cudnn
from lamina.layers.rnn.gru_cell import GRUCell
from lamina.layers.rnn.rnn import RNN


@from_cell(
    "units",
    "activation",
    "recurrent_activation",
    "use_bias",
    "kernel_initializer",
    "recurrent_initializer",
    "bias_initializer",
    "kernel_regularizer",
    "recurrent_regularizer",
    "bias_regularizer",
    "kernel_constraint",
    "recurrent_constraint",
    "bias_constraint",
    "dropout",
    "recurrent_dropout",
    "reset_after",
    "seed",
)
class GRU(RNN):
    """The gated recurrent unit: a recurrent layer whose gate mixes the old state with a candidate for the new one.

    With s for the recurrent activation, `z` the update and `r` the reset gate, each `s(x @ W + h @ U + b)`:
    `h' = z * h + (1 - z) * candidate`, where the candidate is `activation(x @ W + b + r * (h @ U + b_h))` with
    `reset_after`, and `activation(x @ W + (r * h) @ U + b)` without.

    Args:
        units: size of the state and the output.
        activation: name or function of the candidate; default tanh.
        recurrent_activation: of the gates; default sigmoid.
        use_bias: whether to add a bias.
        kernel_initializer, recurrent_initializer, bias_initializer: of the weights of inputs and state and of the bias;
            default Glorot uniform, orthogonal, zeros.
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
        unroll: whether to write the steps out one after the other instead of looping: slower to compile.
        reset_after: whether the reset gate acts after the product with the recurrent kernel (with a bias of its own) or
            before it.
        use_cudnn: "auto" or False; True is refused, since lamina has one implementation for all devices.

    Call arguments:
        sequences: (batch, time, features).
        initial_state: the state `h` before the first step; default zeros.
        mask: bool, (batch, time). Where False, a step leaves the state alone and repeats the output before it.
        training: whether dropout is active.

    Input shape: `(batch, time, features)`. Output shape: `(batch, units)`, or `(batch, time, units)` with
    `return_sequences`; with `return_state` a tuple of that and `h`, each `(batch, units)`.

    Example:
        >>> lamina.layers.GRU(4, return_sequences=True)(lamina.ops.ones((2, 5, 3))).shape
        (2, 5, 4)

    Reference: Cho et al., 2014, https://arxiv.org/abs/1406.1078
    """

    arguments_not_in_config = frozenset({"use_cudnn"})

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
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
        unroll: bool = False,
        reset_after: bool = True,
        use_cudnn: Any = "auto",
        **kwargs: Any,
    ) -> None:
        implementation = kwargs.pop("implementation", 2)
        cell = GRUCell(
            units=units,
            activation=activation,
            recurrent_activation=recurrent_activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            recurrent_initializer=recurrent_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            recurrent_regularizer=recurrent_regularizer,
            bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint,
            recurrent_constraint=recurrent_constraint,
            bias_constraint=bias_constraint,
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            reset_after=reset_after,
            seed=seed,
            implementation=implementation,
            dtype=kwargs.get("dtype"),
        )
        super().__init__(
            cell,
            return_sequences=return_sequences,
            return_state=return_state,
            go_backwards=go_backwards,
            stateful=stateful,
            unroll=unroll,
            activity_regularizer=activity_regularizer,
            **kwargs,
        )
        refuse_cudnn(self.name, use_cudnn)
