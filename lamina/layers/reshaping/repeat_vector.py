"""`RepeatVector`."""

from typing import Any

import jax.numpy as jnp

from lamina.layers.arguments import positive_int
from lamina.layers.input_spec import InputSpec
from lamina.layers.layer import Layer
from lamina.typing import Array


class RepeatVector(Layer):
    """Makes a sequence of the same vector at `n` steps, as input of a decoder.

    Args:
        n: number of steps.

    Input shape: `(batch, features)`. Output shape: `(batch, n, features)`.

    Raises:
        ValueError: if `n` is not a positive whole number.

    Example:
        >>> lamina.layers.RepeatVector(3)(lamina.ops.ones((2, 4))).shape
        (2, 3, 4)
    """

    def __init__(self, n: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.n = positive_int(n, "n", self.name)
        self.input_spec = InputSpec(ndim=2)

    def call(self, inputs: Array) -> Array:
        return jnp.broadcast_to(inputs[:, None], (inputs.shape[0], self.n, inputs.shape[1]))
