"""`SimpleRNNCell`."""

from __future__ import annotations

from typing import Any

from lamina.layers.rnn.cells import zero_states
from lamina.layers.rnn.gated_cell import GatedCell
from lamina.typing import Array


class SimpleRNNCell(GatedCell):
    """The simplest recurrent cell: the output of a step, which also is its state, is fed back into the next.

    `h' = activation(x @ kernel + h @ recurrent_kernel + bias)`.

    Args:
        units: size of the state and the output.
        activation: name or function; default tanh.
        use_bias: whether to add a bias.
        kernel_initializer, recurrent_initializer, bias_initializer: of the weights of inputs and state and of the bias;
            default Glorot uniform, orthogonal, zeros.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties added to the loss.
        kernel_constraint, recurrent_constraint, bias_constraint: applied after each update.
        dropout: share of the inputs set to zero while training, the same at all steps, in [0, 1].
        recurrent_dropout: the same for the state.
        seed: whole number that makes dropout reproducible.

    Call arguments:
        sequence: (batch, features).
        states: a list of the state `h`, each (batch, units).
        training: whether dropout is active.

    Input shape: `(batch, features)`. Output shape: `(batch, units)`, in a tuple with the list of new states,
    `(h', [h'])`.

    Example:
        >>> lamina.layers.RNN(lamina.layers.SimpleRNNCell(4))(lamina.ops.ones((2, 5, 3))).shape
        (2, 4)

    Reference: Elman, 1990, https://doi.org/10.1207/s15516709cog1402_1
    """

    gates = 1

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            units=units,
            activation=activation,
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
            seed=seed,
            **kwargs,
        )

    @property
    def state_size(self) -> int:
        """The size of the state."""
        return self.units

    def call(self, sequence: Array, states: Any, training: bool = False) -> tuple[Array, Any]:
        state = states[0] if isinstance(states, list | tuple) else states
        inputs, hidden = self.dropped(sequence, state, training)
        total = self.projected(inputs, self.kernel.value) + self.projected(hidden, self.recurrent_kernel.value)
        if self.bias is not None:
            total = total + self.bias.value
        output = self.activation(total)
        return output, [output] if isinstance(states, list | tuple) else output

    def get_initial_state(self, batch_size: int | None = None) -> list[Array]:
        """Return states of zeros."""
        return zero_states(self.state_size, batch_size or 1, self.compute_dtype)
