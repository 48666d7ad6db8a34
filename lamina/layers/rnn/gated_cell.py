"""What SimpleRNNCell, GRUCell and LSTMCell share: arguments, and the weights of some gates side by side."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from lamina import activations, constraints, initializers, regularizers
from lamina.layers.arguments import positive_int
from lamina.layers.rnn.dropout_cell import DropoutCell
from lamina.typing import Array, Shape


class GatedCell(DropoutCell):
    """A cell whose inputs and state each go through one kernel for all gates.

    Args:
        units: size of the state and the output.
        dropout, recurrent_dropout, seed: as in `DropoutCell`.
        The others as in `Dense`.
    """

    gates = 1

    def __init__(
        self,
        units: int,
        activation: Any,
        use_bias: bool,
        kernel_initializer: Any,
        recurrent_initializer: Any,
        bias_initializer: Any,
        kernel_regularizer: Any,
        recurrent_regularizer: Any,
        bias_regularizer: Any,
        kernel_constraint: Any,
        recurrent_constraint: Any,
        bias_constraint: Any,
        dropout: float,
        recurrent_dropout: float,
        seed: int | None,
        **kwargs: Any,
    ) -> None:
        implementation = kwargs.pop("implementation", 2)
        super().__init__(**kwargs)
        if implementation not in (0, 1, 2):
            raise ValueError(f"Layer {self.name!r}: implementation must be 1 or 2, got {implementation!r}.")
        self.units = positive_int(units, "units", self.name)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.recurrent_initializer = initializers.get(recurrent_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.recurrent_regularizer = regularizers.get(recurrent_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.recurrent_constraint = constraints.get(recurrent_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.set_dropout(dropout, recurrent_dropout, seed)
        # Implementation 1 gives each gate masks of its own; recurrent dropout asks for that.
        self.implementation = 1 if self.recurrent_dropout > 0 else implementation
        self.mask_count = self.gates if self.implementation == 1 else 1

    @property
    def output_size(self) -> int:
        """The size of the output."""
        return self.units

    def build(self, input_shape: Shape) -> None:
        inputs = input_shape[-1]
        if inputs is None:
            raise ValueError(
                f"Layer {self.name!r}: the features of its input (the last axis) must have a known size, received "
                f"shape {tuple(input_shape)}."
            )
        columns = self.units * self.gates
        self.kernel = self.add_weight(
            (inputs, columns),
            self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            name="kernel",
        )
        self.recurrent_kernel = self.add_weight(
            (self.units, columns),
            self.recurrent_initializer,
            regularizer=self.recurrent_regularizer,
            constraint=self.recurrent_constraint,
            name="recurrent_kernel",
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                self.bias_shape,
                self.initial_bias,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
                name="bias",
            )

    @property
    def bias_shape(self) -> tuple[int, ...]:
        """The shape of the bias."""
        return (self.units * self.gates,)

    def initial_bias(self, shape: Shape, dtype: Any = None) -> Array:
        """Return the first value of the bias."""
        return self.bias_initializer(shape, dtype=dtype)

    def projected(self, arrays: list[Array], kernel: Any) -> Array:
        """Return inputs or states times a kernel: one array for all gates, or one for each gate's columns."""
        if len(arrays) == 1:
            return jnp.matmul(arrays[0], kernel)
        return jnp.concatenate(
            [jnp.matmul(array, part) for array, part in zip(arrays, jnp.split(kernel, self.gates, -1), strict=True)], -1
        )
