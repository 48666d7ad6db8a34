"""What all convolutions share, and what Conv1D, Conv2D and Conv3D do."""

from __future__ import annotations

from typing import Any

from lamina import activations, constraints, initializers, kernels, regularizers
from lamina.config import standardize_data_format
from lamina.core.variable import Variable
from lamina.layers.arguments import choice, per_axis, positive_int, refuse
from lamina.layers.input_spec import InputSpec
from lamina.layers.layer import Layer
from lamina.typing import Array, Shape


class BaseConvolution(Layer):
    """A layer whose windows slide over `rank` axes, with a bias for each output and an activation at the end.

    Subclasses declare their kernels in `build` and compute `windows` of the inputs.

    Args:
        rank: number of axes that windows slide over.
        The others as in `Conv2D`.
    """

    paddings: tuple[str, ...] = ("valid", "same")
    bias: Variable | None

    def __init__(
        self,
        rank: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        activation: Any = None,
        use_bias: bool = True,
        bias_initializer: Any = "zeros",
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.rank = rank
        self.kernel_size = per_axis(kernel_size, rank, "kernel_size", self.name)
        self.strides = per_axis(strides, rank, "strides", self.name)
        self.dilation_rate = per_axis(dilation_rate, rank, "dilation_rate", self.name)
        self.padding = choice(padding, self.paddings, "padding", self.name)
        self.data_format = standardize_data_format(data_format)
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ValueError(
                f"Layer {self.name!r}: strides={self.strides} and dilation_rate={self.dilation_rate} can't both be "
                "above 1; set one of them to 1."
            )
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.bias_initializer = initializers.get(bias_initializer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.bias_constraint = constraints.get(bias_constraint)
        self.input_spec = InputSpec(ndim=rank + 2)

    @property
    def channel_axis(self) -> int:
        """The axis of the channels, in inputs and outputs."""
        return -1 if self.data_format == "channels_last" else 1

    def input_channels(self, input_shape: Shape) -> int:
        """Return the number of channels of the input, and hold later inputs to it.

        Raises:
            ValueError: if it is unknown.
        """
        channels = input_shape[self.channel_axis]
        if channels is None:
            raise ValueError(
                f"Layer {self.name!r}: the channels of its input (axis {self.channel_axis}, data_format="
                f"{self.data_format!r}) must have a known size, received shape {tuple(input_shape)}."
            )
        self.input_spec = InputSpec(ndim=self.rank + 2, axes={self.channel_axis: channels})
        return channels

    def add_bias(self, outputs: int) -> Any:
        """Declare the bias, or return None without one."""
        if not self.use_bias:
            return None
        return self.add_weight(
            (outputs,),
            self.bias_initializer,
            regularizer=self.bias_regularizer,
            constraint=self.bias_constraint,
            name="bias",
        )

    def call(self, inputs: Array) -> Array:
        outputs = self.windows(inputs)
        if self.bias is not None:
            bias = self.bias.value
            channels_last = self.data_format == "channels_last"
            outputs = outputs + (bias if channels_last else bias.reshape(-1, *(1,) * self.rank))
        if self.activation is activations.relu:
            return kernels.relu_of_convolution(outputs)
        return self.activation(outputs)

    def windows(self, inputs: Array) -> Array:
        """Return the convolution without bias and activation."""
        raise NotImplementedError(f"{type(self).__name__} must say what it does with its windows.")

    def check_size(self, shape: Shape) -> None:
        """Raise a ValueError if the windows don't fit into an input of this shape."""
        sizes = shape[1:-1] if self.data_format == "channels_last" else shape[2:]
        extents = tuple((taps - 1) * step + 1 for taps, step in zip(self.kernel_size, self.dilation_rate, strict=True))
        if self.padding == "valid" and any(size < extent for size, extent in zip(sizes, extents, strict=True)):
            raise ValueError(
                f"Layer {self.name!r}: a window of {extents} does not fit into an input of size {tuple(sizes)} "
                f"(shape {tuple(shape)}). Use padding='same', a smaller kernel_size, or fewer poolings before it."
            )


class Convolution(BaseConvolution):
    """What Conv1D, Conv2D and Conv3D do; they are its constructors.

    Args:
        rank: number of axes that windows slide over.
        The others as in `Conv2D`.
    """

    arguments_not_in_config = frozenset({"lora_rank", "lora_alpha"})

    def __init__(
        self,
        rank: int,
        filters: int,
        kernel_size: Any,
        groups: int = 1,
        kernel_initializer: Any = "glorot_uniform",
        kernel_regularizer: Any = None,
        kernel_constraint: Any = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(rank, kernel_size, **kwargs)
        refuse(self.name, lora_rank=lora_rank, lora_alpha=lora_alpha)
        self.filters = positive_int(filters, "filters", self.name)
        self.groups = positive_int(groups, "groups", self.name)
        if self.filters % self.groups:
            raise ValueError(
                f"Layer {self.name!r}: filters must be a multiple of groups, got filters={filters}, groups={groups}."
            )
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)

    def build(self, input_shape: Shape) -> None:
        channels = self.input_channels(input_shape)
        if channels % self.groups:
            raise ValueError(
                f"Layer {self.name!r}: the {channels} input channels must be a multiple of groups={self.groups}; "
                f"received shape {tuple(input_shape)}."
            )
        self.kernel = self.add_weight(
            (*self.kernel_size, channels // self.groups, self.filters),
            self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            name="kernel",
        )
        self.bias = self.add_bias(self.filters)

    def windows(self, inputs: Array) -> Array:
        return self.convolution_op(inputs, self.kernel.value)

    def convolution_op(self, inputs: Array, kernel: Array) -> Array:
        """Return the convolution of `inputs` with `kernel`, without bias and activation. Subclasses may change it."""
        self.check_size(inputs.shape)
        return kernels.conv(
            inputs,
            kernel,
            strides=self.strides,
            padding=self.padding,
            dilation=self.dilation_rate,
            groups=self.groups,
            data_format=self.data_format,
            rectified=self.activation is activations.relu,
        )
