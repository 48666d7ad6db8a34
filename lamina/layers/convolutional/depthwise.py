"""What depthwise and separable convolutions share."""

from __future__ import annotations

from typing import Any

from lamina import constraints, initializers, kernels, regularizers
from lamina.layers.arguments import positive_int
from lamina.layers.convolutional.convolution import BaseConvolution
from lamina.typing import Array, Shape


class DepthwiseConvolution(BaseConvolution):
    """A convolution of every channel apart, with kernels of its own.

    Args:
        rank: number of axes that windows slide over.
        The others as in `DepthwiseConv2D`.
    """

    def __init__(
        self,
        rank: int,
        kernel_size: Any,
        depth_multiplier: int = 1,
        depthwise_initializer: Any = "glorot_uniform",
        depthwise_regularizer: Any = None,
        depthwise_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(rank, kernel_size, **kwargs)
        self.depth_multiplier = positive_int(depth_multiplier, "depth_multiplier", self.name)
        self.depthwise_initializer = initializers.get(depthwise_initializer)
        self.depthwise_regularizer = regularizers.get(depthwise_regularizer)
        self.depthwise_constraint = constraints.get(depthwise_constraint)

    def add_depthwise_kernel(self, channels: int, name: str) -> Any:
        """Declare the kernels of all channels."""
        return self.add_weight(
            (*self.kernel_size, channels, self.depth_multiplier),
            self.depthwise_initializer,
            regularizer=self.depthwise_regularizer,
            constraint=self.depthwise_constraint,
            name=name,
        )

    def build(self, input_shape: Shape) -> None:
        channels = self.input_channels(input_shape)
        self.kernel = self.add_depthwise_kernel(channels, "kernel")
        self.bias = self.add_bias(channels * self.depth_multiplier)

    def windows(self, inputs: Array) -> Array:
        return self.by_channel(inputs, self.kernel.value)

    def by_channel(self, inputs: Array, kernel: Array) -> Array:
        """Return the convolution of each channel with its own kernels."""
        self.check_size(inputs.shape)
        return kernels.depthwise_conv(
            inputs,
            kernel,
            strides=self.strides,
            padding=self.padding,
            dilation=self.dilation_rate,
            data_format=self.data_format,
        )


class SeparableConvolution(DepthwiseConvolution):
    """A convolution of every channel apart, followed by one that mixes the channels at each position.

    Args:
        rank: number of axes that windows slide over.
        The others as in `SeparableConv2D`.
    """

    def __init__(
        self,
        rank: int,
        filters: int,
        kernel_size: Any,
        pointwise_initializer: Any = "glorot_uniform",
        pointwise_regularizer: Any = None,
        pointwise_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(rank, kernel_size, **kwargs)
        self.filters = positive_int(filters, "filters", self.name)
        self.pointwise_initializer = initializers.get(pointwise_initializer)
        self.pointwise_regularizer = regularizers.get(pointwise_regularizer)
        self.pointwise_constraint = constraints.get(pointwise_constraint)

    def build(self, input_shape: Shape) -> None:
        channels = self.input_channels(input_shape)
        self.depthwise_kernel = self.add_depthwise_kernel(channels, "depthwise_kernel")
        self.pointwise_kernel = self.add_weight(
            (*(1,) * self.rank, channels * self.depth_multiplier, self.filters),
            self.pointwise_initializer,
            regularizer=self.pointwise_regularizer,
            constraint=self.pointwise_constraint,
            name="pointwise_kernel",
        )
        self.bias = self.add_bias(self.filters)

    def windows(self, inputs: Array) -> Array:
        outputs = self.by_channel(inputs, self.depthwise_kernel.value)
        return kernels.conv(outputs, self.pointwise_kernel.value, data_format=self.data_format)
