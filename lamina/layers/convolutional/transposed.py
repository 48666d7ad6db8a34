"""What Conv1DTranspose, Conv2DTranspose and Conv3DTranspose share."""

from __future__ import annotations

from typing import Any

from lamina import constraints, initializers, kernels, regularizers
from lamina.layers.arguments import per_axis, positive_int
from lamina.layers.convolutional.convolution import BaseConvolution
from lamina.typing import Array, Shape


class TransposedConvolution(BaseConvolution):
    """A convolution the other way round: each input spreads over a window of outputs.

    Args:
        rank: number of axes that windows slide over.
        The others as in `Conv2DTranspose`.
    """

    def __init__(
        self,
        rank: int,
        filters: int,
        kernel_size: Any,
        output_padding: Any = None,
        kernel_initializer: Any = "glorot_uniform",
        kernel_regularizer: Any = None,
        kernel_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(rank, kernel_size, **kwargs)
        self.filters = positive_int(filters, "filters", self.name)
        self.output_padding = None
        if output_padding is not None:
            self.output_padding = per_axis(output_padding, rank, "output_padding", self.name, least=0)
            if any(extra >= stride for extra, stride in zip(self.output_padding, self.strides, strict=True)):
                raise ValueError(
                    f"Layer {self.name!r}: output_padding={self.output_padding} must be less than "
                    f"strides={self.strides}."
                )
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)

    def build(self, input_shape: Shape) -> None:
        channels = self.input_channels(input_shape)
        self.kernel = self.add_weight(
            (*self.kernel_size, self.filters, channels),
            self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            name="kernel",
        )
        self.bias = self.add_bias(self.filters)

    def windows(self, inputs: Array) -> Array:
        return kernels.conv_transpose(
            inputs,
            self.kernel.value,
            strides=self.strides,
            padding=self.padding,
            output_padding=self.output_padding,
            dilation=self.dilation_rate,
            data_format=self.data_format,
        )
