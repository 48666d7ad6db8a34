"""`Conv3DTranspose`."""

from typing import Any

from lamina.layers.convolutional.transposed import TransposedConvolution


class Conv3DTranspose(TransposedConvolution):
    """The transposed convolution, which makes its input larger: each input spreads over a window of outputs.

    It is the gradient of a convolution for its input ("deconvolution" in old texts), used as a layer of decoders.

    Args:
        filters: number of outputs (channels) at each position.
        kernel_size: sizes of the window, one number for all axes or one for each.
        strides: how many outputs lie between two inputs: by how much the output is larger.
        padding: "valid" (every position that a window reaches) or "same" (sizes times strides).
        output_padding: positions to add at the end of each axis to the smallest output that fits, less than the
            stride; default as `padding` says.
        data_format: "channels_last" or "channels_first"; default the process's.
        dilation_rate: distance between neighbouring taps of a window; above 1 only with strides of 1.
        activation: name or function; default none (linear).
        use_bias: whether to add a bias.
        kernel_initializer, bias_initializer: default Glorot uniform and zeros.
        kernel_regularizer, bias_regularizer: penalties added to the loss.
        activity_regularizer: penalty on the outputs.
        kernel_constraint, bias_constraint: applied after each update.

    Input shape: `(batch, depth, height, width, channels)`, or `(batch, channels, depth, height, width)`.
    Output shape: the same with new sizes and `filters` channels.

    Raises:
        ValueError: if an argument is out of range, or the input has another rank or number of channels.

    Example:
        >>> lamina.layers.Conv3DTranspose(8, 3, strides=2, padding="same")(lamina.ops.ones((2, 4, 5, 6, 4))).shape
        (2, 8, 10, 12, 8)

    Reference: Dumoulin and Visin, 2016, https://arxiv.org/abs/1603.07285
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int, ...],
        strides: int | tuple[int, ...] = (1, 1, 1),
        padding: str = "valid",
        data_format: str | None = None,
        output_padding: int | tuple[int, ...] | None = None,
        dilation_rate: int | tuple[int, ...] = (1, 1, 1),
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
            output_padding=output_padding,
            dilation_rate=dilation_rate,
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
