"""`Conv3D`."""

from typing import Any

from lamina.layers.convolutional.convolution import Convolution


class Conv3D(Convolution):
    """The convolution over volumes or videos: each output sees a window of all channels.

    `activation(sum over the window(inputs * kernel) + bias)` at every position, with one kernel for each filter.

    Args:
        filters: number of outputs (channels) at each position.
        kernel_size: sizes of the window, one number for all axes or one for each.
        strides: steps from one window to the next.
        padding: "valid" (no padding) or "same" (zeros around, so that strides of 1 keep the size).
        data_format: "channels_last" or "channels_first"; default the process's.
        dilation_rate: distance between neighbouring taps of a window; above 1 only with strides of 1.
        groups: number of groups that channels and filters are divided into; a group of filters sees its own channels.
        activation: name or function; default none (linear).
        use_bias: whether to add a bias.
        kernel_initializer, bias_initializer: default Glorot uniform and zeros.
        kernel_regularizer, bias_regularizer: penalties added to the loss.
        activity_regularizer: penalty on the outputs.
        kernel_constraint, bias_constraint: applied after each update.

    Input shape: `(batch, depth, height, width, channels)`, or `(batch, channels, depth, height, width)`.
    Output shape: the same with new sizes and `filters` channels.

    Raises:
        ValueError: if an argument is out of range, the input has another rank or number of channels, or is smaller than
            the window.

    Example:
        >>> lamina.layers.Conv3D(4, 2)(lamina.ops.ones((2, 5, 6, 7, 1))).shape
        (2, 4, 5, 6, 4)
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int, ...],
        strides: int | tuple[int, ...] = (1, 1, 1),
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: int | tuple[int, ...] = (1, 1, 1),
        groups: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            rank=3,
            filters=filters,
            kernel_size=kernel_size,
            strides=strides,
            padding=padding,
            data_format=data_format,
            dilation_rate=dilation_rate,
            groups=groups,
            activation=activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint,
            **kwargs,
        )
