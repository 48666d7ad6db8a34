"""`SeparableConv1D`."""

from typing import Any

from lamina.layers.convolutional.depthwise import SeparableConvolution


class SeparableConv1D(SeparableConvolution):
    """A convolution of every channel apart, then one that mixes the channels at each position.

    That is a convolution in two parts, with far fewer weights.

    Args:
        filters: number of outputs (channels) at each position.
        kernel_size: length of the window.
        strides: steps from one window to the next.
        padding: "valid" (no padding), "same" (zeros on both sides, so that strides of 1 keep the length) or "causal"
            (zeros only before, so that no output sees later steps).
        depth_multiplier: number of kernels for each channel.
        data_format: "channels_last" or "channels_first"; default the process's.
        dilation_rate: distance between neighbouring taps of a window; above 1 only with strides of 1.
        activation: name or function; default none (linear).
        use_bias: whether to add a bias.
        depthwise_initializer, pointwise_initializer, bias_initializer: default Glorot uniform, twice, and zeros.
        depthwise_regularizer, pointwise_regularizer, bias_regularizer: penalties added to the loss.
        activity_regularizer: penalty on the outputs.
        depthwise_constraint, pointwise_constraint, bias_constraint: applied after each update.

    Input shape: `(batch, steps, channels)`, or `(batch, channels, steps)`.
    Output shape: the same with new sizes and `filters` channels.

    Raises:
        ValueError: if an argument is out of range, or the input has another rank or number of channels.

    Example:
        >>> lamina.layers.SeparableConv1D(5, 3)(lamina.ops.ones((2, 10, 4))).shape
        (2, 8, 5)

    Reference: Chollet, 2017, https://arxiv.org/abs/1610.02357
    """

    paddings = ("valid", "same", "causal")

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int, ...],
        strides: int | tuple[int, ...] = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: int | tuple[int, ...] = 1,
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        pointwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            rank=1,
            filters=filters,
            kernel_size=kernel_size,
            strides=strides,
            padding=padding,
            data_format=data_format,
            dilation_rate=dilation_rate,
            depth_multiplier=depth_multiplier,
            activation=activation,
            use_bias=use_bias,
            depthwise_initializer=depthwise_initializer,
            pointwise_initializer=pointwise_initializer,
            bias_initializer=bias_initializer,
            depthwise_regularizer=depthwise_regularizer,
            pointwise_regularizer=pointwise_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            depthwise_constraint=depthwise_constraint,
            pointwise_constraint=pointwise_constraint,
            bias_constraint=bias_constraint,
            **kwargs,
        )
