"""`Dense`."""

from typing import Any

from lamina import activations, constraints, initializers, regularizers
from lamina.kernels import project
from lamina.layers.arguments import positive_int, refuse
from lamina.layers.input_spec import InputSpec
from lamina.layers.layer import Layer
from lamina.typing import Array, Shape


class Dense(Layer):
    """The fully connected layer: `activation(inputs @ kernel + bias)`.

    Args:
        units: number of outputs.
        activation: name or function; default none (linear).
        use_bias: whether to add a bias.
        kernel_initializer: default Glorot uniform.
        bias_initializer: default zeros.
        kernel_regularizer, bias_regularizer: penalties added to the loss.
        activity_regularizer: penalty on the outputs.
        kernel_constraint, bias_constraint: applied after each update.
        lora_rank, lora_alpha, quantization_config: not supported; must be None.

    Input shape: `(batch, ..., inputs)`. Output shape: `(batch, ..., units)`.

    Raises:
        ValueError: if `units` is not a positive whole number, or the data has another width than the weights.

    Example:
        >>> lamina.layers.Dense(3, activation="relu")(lamina.ops.ones((2, 4))).shape
        (2, 3)
    """

    arguments_not_in_config = frozenset({"lora_rank", "lora_alpha"})

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.units = positive_int(units, "units", self.name)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        refuse(self.name, lora_rank=lora_rank, lora_alpha=lora_alpha, quantization_config=quantization_config)
        self.quantization_config = None
        self.input_spec = InputSpec(min_ndim=2)
        self.supports_masking = True

    def build(self, input_shape: Shape) -> None:
        inputs = input_shape[-1]
        if inputs is None:
            raise ValueError(
                f"Layer {self.name!r}: the last axis of its input must have a known size, received {input_shape}."
            )
        self.kernel = self.add_weight(
            (inputs, self.units),
            self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            name="kernel",
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                (self.units,),
                self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
                name="bias",
            )
        self.input_spec = InputSpec(min_ndim=2, axes={-1: inputs})

    def call(self, inputs: Array, training: bool | None = None) -> Array:
        bias = None if self.bias is None else self.bias.value
        rectified = self.activation is activations.relu
        outputs = project(inputs, self.kernel.value, bias, rectified=rectified)
        return outputs if rectified else self.activation(outputs)
