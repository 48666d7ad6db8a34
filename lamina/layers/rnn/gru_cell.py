"""`GRUCell`."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from lamina import activations
from lamina.layers.rnn.cells import zero_states
from lamina.layers.rnn.gated_cell import GatedCell
from lamina.typing import Array


class GRUCell(GatedCell):
    """One step of a gated recurrent unit: a gate mixes the old state with a candidate for the new one.

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
        kernel_constraint, recurrent_constraint, bias_constraint: applied after each update.
        dropout: share of the inputs set to zero while training, the same at all steps, in [0, 1].
        recurrent_dropout: the same for the state.
        reset_after: whether the reset gate acts after the product with the recurrent kernel (with a bias of its own) or
            before it.
        seed: whole number that makes dropout reproducible.

    Call arguments:
        inputs: (batch, features).
        states: a list of the state `h`, each (batch, units).
        training: whether dropout is active.

    Input shape: `(batch, features)`. Output shape: `(batch, units)`, in a tuple with the list of new states,
    `(h', [h'])`.

    Example:
        >>> lamina.layers.RNN(lamina.layers.GRUCell(4))(lamina.ops.ones((2, 5, 3))).shape
        (2, 4)

    Reference: Cho et al., 2014, https://arxiv.org/abs/1406.1078
    """

    gates = 3

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
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        reset_after: bool = True,
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
        self.reset_after = reset_after

    @property
    def state_size(self) -> int:
        """The size of the state."""
        return self.units

    @property
    def bias_shape(self) -> tuple[int, ...]:
        """The shape of the bias: with `reset_after` one row for the inputs and one for the state."""
        return (2, 3 * self.units) if self.reset_after else (3 * self.units,)

    def call(self, inputs: Array, states: Any, training: bool = False) -> tuple[Array, Any]:
        state = states[0] if isinstance(states, list | tuple) else states
        dropped_inputs, dropped_state = self.dropped(inputs, state, training)
        bias = None if self.bias is None else self.bias.value
        of_inputs = self.projected(dropped_inputs, self.kernel.value)
        if bias is not None:
            of_inputs = of_inputs + (bias[0] if self.reset_after else bias)
        update, reset, candidate = jnp.split(of_inputs, 3, -1)
        kernel = self.recurrent_kernel.value
        if self.reset_after:
            of_state = self.projected(dropped_state, kernel)
            if bias is not None:
                of_state = of_state + bias[1]
            update_state, reset_state, candidate_state = jnp.split(of_state, 3, -1)
            reset = self.recurrent_activation(reset + reset_state)
            candidate_state = reset * candidate_state
        else:
            update_kernel, reset_kernel, candidate_kernel = jnp.split(kernel, 3, -1)
            for_update, for_reset, for_candidate = dropped_state * 3 if len(dropped_state) == 1 else dropped_state
            update_state = jnp.matmul(for_update, update_kernel)
            reset = self.recurrent_activation(reset + jnp.matmul(for_reset, reset_kernel))
            candidate_state = jnp.matmul(reset * for_candidate, candidate_kernel)
        update = self.recurrent_activation(update + update_state)
        output = update * state + (1 - update) * self.activation(candidate + candidate_state)
        return output, [output] if isinstance(states, list | tuple) else output

    def get_initial_state(self, batch_size: int | None = None) -> list[Array]:
        """Return states of zeros."""
        return zero_states(self.state_size, batch_size or 1, self.compute_dtype)
