"""The cell of ConvLSTM1D, ConvLSTM2D and ConvLSTM3D."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from lamina import activations, constraints, initializers, kernels, regularizers
from lamina.config import standardize_data_format
from lamina.kernels.geometry import Windows
from lamina.layers.arguments import choice, per_axis, positive_int
from lamina.layers.rnn.cells import zero_states
from lamina.layers.rnn.dropout_cell import DropoutCell
from lamina.typing import Array, Shape


class ConvLSTMCell(DropoutCell):
    """One step of a long short-term memory whose products are convolutions, so that its state is an image, too.

    Args:
        rank: number of axes that windows slide over.
        The others as in `ConvLSTM2D`.
    """

    def __init__(
        self,
        rank: int,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
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
        super().__init__(**kwargs)
        self.rank = rank
        self.filters = positive_int(filters, "filters", self.name)
        self.kernel_size = per_axis(kernel_size, rank, "kernel_size", self.name)
        self.strides = per_axis(strides, rank, "strides", self.name)
        self.padding = choice(padding, ("valid", "same"), "padding", self.name)
        self.data_format = standardize_data_format(data_format)
        self.dilation_rate = per_axis(dilation_rate, rank, "dilation_rate", self.name)
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ValueError(
                f"Layer {self.name!r}: strides={self.strides} and dilation_rate={self.dilation_rate} can't both be "
                "above 1; set one of them to 1."
            )
        self.activation = activations.get(activation)
        self.recurrent_activation = activations.get(recurrent_activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.recurrent_initializer = initializers.get(recurrent_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.unit_forget_bias = unit_forget_bias
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.recurrent_regularizer = regularizers.get(recurrent_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.recurrent_constraint = constraints.get(recurrent_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.set_dropout(dropout, recurrent_dropout, seed)
        self.state_shape: tuple[int, ...] | None = None

    @property
    def channel_axis(self) -> int:
        """The axis of the channels, in inputs, outputs and states."""
        return -1 if self.data_format == "channels_last" else 1

    @property
    def state_size(self) -> list[Any]:
        """The shapes of `h` and `c` without the batch, known once the cell is built."""
        size = self.filters if self.state_shape is None else self.state_shape
        return [size, size]

    def build(self, input_shape: Shape) -> None:
        if None in input_shape[1:]:
            raise ValueError(
                f"Layer {self.name!r}: all sizes of a step's input must be known, since they are those of the state; "
                f"received shape {tuple(input_shape)}."
            )
        channels = input_shape[self.channel_axis]
        sizes = input_shape[1:-1] if self.data_format == "channels_last" else input_shape[2:]
        windows = Windows.make(sizes, self.kernel_size, self.strides, self.padding, self.dilation_rate)  # type: ignore[arg-type]
        if 0 in windows.output_size:
            raise ValueError(
                f"Layer {self.name!r}: a window of {windows.extents} does not fit into an input of size "
                f"{tuple(sizes)}. Use padding='same' or a smaller kernel_size."
            )
        last = self.data_format == "channels_last"
        self.state_shape = (*windows.output_size, self.filters) if last else (self.filters, *windows.output_size)
        self.kernel = self.add_weight(
            (*self.kernel_size, channels, 4 * self.filters),  # type: ignore[arg-type]
            self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            name="kernel",
        )
        self.recurrent_kernel = self.add_weight(
            (*self.kernel_size, self.filters, 4 * self.filters),
            self.recurrent_initializer,
            regularizer=self.recurrent_regularizer,
            constraint=self.recurrent_constraint,
            name="recurrent_kernel",
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                (4 * self.filters,),
                self._initial_bias,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
                name="bias",
            )

    def get_initial_state(self, batch_size: int | None = None) -> list[Array]:
        """Return states of zeros."""
        return zero_states(self.state_size, batch_size or 1, self.compute_dtype)

    def call(self, inputs: Array, states: Any, training: bool = False) -> tuple[Array, list[Array]]:
        mask = self.get_dropout_mask(inputs) if training else None
        return self.step(self.projected(inputs if mask is None else inputs * mask), states, training)

    def projected(self, inputs: Array) -> Array:
        """Return what the inputs add to the gates; it does not depend on the states."""
        outputs = kernels.conv(
            inputs,
            self.kernel.value,
            strides=self.strides,
            padding=self.padding,
            dilation=self.dilation_rate,
            data_format=self.data_format,
        )
        if self.bias is None:
            return outputs
        bias = self.bias.value
        return outputs + (bias if self.data_format == "channels_last" else bias.reshape(-1, *(1,) * self.rank))

    def step(self, projected: Array, states: Any, training: bool) -> tuple[Array, list[Array]]:
        """Return the output and the states after a step, for inputs that were projected before."""
        hidden, memory = states
        mask = self.get_recurrent_dropout_mask(hidden) if training else None
        total = projected + kernels.conv(
            hidden if mask is None else hidden * mask,
            self.recurrent_kernel.value,
            padding="same",
            data_format=self.data_format,
        )
        write, keep, candidate, read = jnp.split(total, 4, self.channel_axis)
        memory = self.recurrent_activation(keep) * memory
        memory = memory + self.recurrent_activation(write) * self.activation(candidate)
        hidden = self.recurrent_activation(read) * self.activation(memory)
        return hidden, [hidden, memory]

    def _initial_bias(self, shape: Shape, dtype: Any = None) -> Array:
        if not self.unit_forget_bias:
            return self.bias_initializer(shape, dtype=dtype)
        one = (self.filters,)
        parts = [self.bias_initializer(one, dtype=dtype), jnp.ones(one, dtype)]
        return jnp.concatenate([*parts, self.bias_initializer((2 * self.filters,), dtype=dtype)])
