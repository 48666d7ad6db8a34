"""`Rescaling`."""

from typing import Any

import jax.numpy as jnp
import numpy as np

from lamina.layers.layer import Layer
from lamina.typing import Array


class Rescaling(Layer):
    """Multiplies its inputs and adds to them, in training and afterwards: `inputs * scale + offset`.

    `Rescaling(1 / 255)` takes pixels to [0, 1], `Rescaling(1 / 127.5, offset=-1)` to [-1, 1].

    Args:
        scale: what to multiply by, a number or one for each channel.
        offset: what to add, a number or one for each channel.

    Input shape: any. Output shape: the same, as floats.

    Raises:
        ValueError: if there is not one number for each channel.

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
        try:
            np.broadcast_shapes(inputs.shape, np.shape(self.scale), np.shape(self.offset))
        except ValueError:
            raise ValueError(
                f"Layer {self.name!r}: scale and offset are numbers, or hold one for each channel; they have the "
                f"shapes {np.shape(self.scale)} and {np.shape(self.offset)}, the input {tuple(inputs.shape)}."
            ) from None
        return inputs.astype(dtype) * jnp.asarray(self.scale, dtype) + jnp.asarray(self.offset, dtype)
