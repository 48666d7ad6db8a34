"""`LeakyReLU`."""

from typing import Any

from lamina import activations
from lamina.layers.arguments import not_negative
from lamina.layers.layer import Layer
from lamina.typing import Array


class LeakyReLU(Layer):
    """The rectifier that lets a little through below 0: `x` if `x > 0`, else `negative_slope * x`.

    Args:
        negative_slope: slope below 0, at least 0.
        alpha: Keras 2's name of `negative_slope`.

    Input shape: any. Output shape: the same.

    Raises:
        ValueError: if the slope is negative.

    Example:
        >>> lamina.layers.LeakyReLU(0.5)(lamina.ops.array([-2.0, 3.0])).tolist()
        [-1.0, 3.0]

    Reference: Maas et al., 2013, https://ai.stanford.edu/~amaas/papers/relu_hybrid_icml2013_final.pdf
    """

    def __init__(self, negative_slope: float = 0.3, **kwargs: Any) -> None:
        negative_slope = kwargs.pop("alpha", negative_slope)
        super().__init__(**kwargs)
        self.negative_slope = not_negative(negative_slope, "negative_slope", self.name)
        self.supports_masking = True

    def call(self, inputs: Array) -> Array:
        return activations.leaky_relu(inputs, self.negative_slope)
