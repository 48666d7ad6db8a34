"""`Rescaling`."""

from typing import Any

import jax.numpy as jnp

from lamina.layers.layer import Layer
from lamina.typing import Array


class Rescaling(Layer):
    """Multiplies its inputs and adds to them, in training and afterwards: `inputs * scale + offset`.

    `Rescaling(1 / 255)` takes pixels to [0, 1], `Rescaling(1 / 127.5, offset=-1)` to [-1, 1].

    Args:
        scale: what to multiply by, a number or one for each channel.
        offset: what to add, a number or one for each channel.

    Input shape: any. Output shape: the same, as floats.

    Example:
        >>> lamina.layers.Rescaling(0.5, offset=1.0)(lamina.ops.array([0.0, 4.0])).tolist()
        [1.0, 3.0]
    """

    def __init__(self, scale: Any, offset: Any = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scale = scale
        self.offset = offset
        self.supports_masking = True

    def call(self, inputs: Array) -> Array:
        dtype = self.compute_dtype
        return inputs.astype(dtype) * jnp.asarray(self.scale, dtype) + jnp.asarray(self.offset, dtype)
