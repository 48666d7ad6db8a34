"""`DepthwiseConv1D`."""

from typing import Any

from lamina.layers.convolutional.depthwise import DepthwiseConvolution


class DepthwiseConv1D(DepthwiseConvolution):
    """The convolution of every channel apart, with kernels of its own: channels are not mixed.

    Args:
        kernel_size: length of the window.
        strides: steps from one window to the next.
        padding: "valid" (no padding), "same" (zeros on both sides, so that strides of 1 keep the length) or "causal"
            (zeros only before, so that no output sees later steps).
        depth_multiplier: number of kernels for each channel.
        data_format: "channels_last" or "channels_first"; default the process's.
        dilation_rate: distance between neighbouring taps of a window; above 1 only with strides of 1.
        activation: name or function; default none (linear).
        use_bias: whether to add a bias.
        depthwise_initializer, bias_initializer: default Glorot uniform and zeros.
        depthwise_regularizer, bias_regularizer: penalties added to the loss.
        activity_regularizer: penalty on the outputs.
        depthwise_constraint, bias_constraint: applied after each update.

    Input shape: `(batch, steps, channels)`, or `(batch, channels, steps)`.
    Output shape: the same with new sizes and `channels * depth_multiplier` channels; those made
    of one channel lie together.

    Raises:
        ValueError: if an argument is out of range, or the input has another rank or number of channels.

    Example:
        >>> lamina.layers.DepthwiseConv1D(3, depth_multiplier=2)(lamina.ops.ones((2, 10, 4))).shape
        (2, 8, 8)

    Reference: Howard et al., 2017, https://arxiv.org/abs/1704.04861
    """

    paddings = ("valid", "same", "causal")

    def __init__(
        self,
        kernel_size: int | tuple[int, ...],
        strides: int | tuple[int, ...] = 1,
        padding: str = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: int | tuple[int, ...] = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            rank=1,
            kernel_size=kernel_size,
            strides=strides,
            padding=padding,
            depth_multiplier=depth_multiplier,
            data_format=data_format,
            dilation_rate=dilation_rate,
            activation=activation,
            use_bias=use_bias,
            depthwise_initializer=depthwise_initializer,
            bias_initializer=bias_initializer,
            depthwise_regularizer=depthwise_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            depthwise_constraint=depthwise_constraint,
            bias_constraint=bias_constraint,
            **kwargs,
        )
