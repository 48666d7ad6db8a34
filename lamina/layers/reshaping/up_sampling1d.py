"""`UpSampling1D`."""

from typing import Any

import jax.numpy as jnp

from lamina.layers.arguments import positive_int
from lamina.layers.input_spec import InputSpec
from lamina.layers.layer import Layer
from lamina.typing import Array


class UpSampling1D(Layer):
    """Repeats each step of sequences `size` times.

    Args:
        size: how often.

    Input shape: `(batch, steps, channels)`. Output shape: `(batch, steps * size, channels)`.

    Raises:
        ValueError: if `size` is not a positive whole number.

    Example:
        >>> lamina.layers.UpSampling1D(2)(lamina.ops.ones((2, 5, 4))).shape
        (2, 10, 4)
    """

    def __init__(self, size: int = 2, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size = positive_int(size, "size", self.name)
        self.input_spec = InputSpec(ndim=3)

    def call(self, inputs: Array) -> Array:
        return jnp.repeat(inputs, self.size, 1)
