"""`Activation`."""

from typing import Any

from lamina import activations
from lamina.layers.layer import Layer
from lamina.typing import Array


class Activation(Layer):
    """Applies an activation function, number by number or along the last axis (softmax).

    Args:
        activation: name or function, such as "relu" or `jax.numpy.tanh`.

    Input shape: any. Output shape: the same.

    Example:
        >>> lamina.layers.Activation("relu")(lamina.ops.array([-1.0, 2.0])).tolist()
        [0.0, 2.0]
    """

    def __init__(self, activation: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.activation = activations.get(activation)
        self.supports_masking = True

    def call(self, inputs: Array) -> Array:
        return self.activation(inputs)
