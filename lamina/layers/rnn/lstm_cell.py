"""`LSTMCell`."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from lamina import activations
from lamina.layers.rnn.cells import zero_states
from lamina.layers.rnn.gated_cell import GatedCell
from lamina.typing import Array, Shape


class LSTMCell(GatedCell):
    """One step of a long short-term memory: a cell state that gates write, keep and read.

    With `z = x @ kernel + h @ recurrent_kernel + bias` cut into `zi, zf, zc, zo` and s for the recurrent activation:
    `c' = s(zf) * c + s(zi) * activation(zc)` and `h' = s(zo) * activation(c')`.

    Args:
        units: size of the state and the output.
        activation: name or function of the candidate and the output; default tanh.
        recurrent_activation: of the gates; default sigmoid.
        use_bias: whether to add a bias.
        kernel_initializer, recurrent_initializer, bias_initializer: of the weights of inputs and state and of the bias;
            default Glorot uniform, orthogonal, zeros.
        unit_forget_bias: whether the bias of the forget gate starts at 1, so that memory lasts from the beginning.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties added to the loss.
        kernel_constraint, recurrent_constraint, bias_constraint: applied after each update.
        dropout: share of the inputs set to zero while training, the same at all steps, in [0, 1].
        recurrent_dropout: the same for the state.
        seed: whole number that makes dropout reproducible.

    Call arguments:
        inputs: (batch, features).
        states: a list of the states `h` and `c`, each (batch, units).
        training: whether dropout is active.

    Input shape: `(batch, features)`. Output shape: `(batch, units)`, in a tuple with the list of new states,
    `(h', [h', c'])`.

    Example:
        >>> lamina.layers.RNN(lamina.layers.LSTMCell(4))(lamina.ops.ones((2, 5, 3))).shape
        (2, 4)

    Reference: Hochreiter and Schmidhuber, 1997, https://www.bioinf.jku.at/publications/older/2604.pdf
    """

    gates = 4

    def __init__(
        self,
        units: int,
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
        self.recurrent_activation = activations.get(recurrent_activation)
        self.unit_forget_bias = unit_forget_bias

    @property
    def state_size(self) -> list[int]:
        """The sizes of `h` and `c`."""
        return [self.units, self.units]

    def initial_bias(self, shape: Shape, dtype: Any = None) -> Array:
        if not self.unit_forget_bias:
            return super().initial_bias(shape, dtype)
        one = (self.units,)
        parts = [self.bias_initializer(one, dtype=dtype), jnp.ones(one, dtype)]
        return jnp.concatenate([*parts, self.bias_initializer((2 * self.units,), dtype=dtype)])

    def call(self, inputs: Array, states: Any, training: bool = False) -> tuple[Array, list[Array]]:
        hidden, memory = states
        dropped_inputs, dropped_hidden = self.dropped(inputs, hidden, training)
        total = self.projected(dropped_inputs, self.kernel.value)
        total = total + self.projected(dropped_hidden, self.recurrent_kernel.value)
        if self.bias is not None:
            total = total + self.bias.value
        write, keep, candidate, read = jnp.split(total, 4, -1)
        memory = self.recurrent_activation(keep) * memory
        memory = memory + self.recurrent_activation(write) * self.activation(candidate)
        hidden = self.recurrent_activation(read) * self.activation(memory)
        return hidden, [hidden, memory]

    def get_initial_state(self, batch_size: int | None = None) -> list[Array]:
        """Return states of zeros."""
        return zero_states(self.state_size, batch_size or 1, self.compute_dtype)
