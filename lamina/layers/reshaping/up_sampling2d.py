"""`UpSampling2D`."""

from typing import Any

import jax
import jax.numpy as jnp

from lamina.config import standardize_data_format
from lamina.layers.arguments import choice, per_axis
from lamina.layers.input_spec import InputSpec
from lamina.layers.layer import Layer
from lamina.typing import Array

_METHODS = {"bilinear": "linear", "bicubic": "cubic", "lanczos3": "lanczos3", "lanczos5": "lanczos5"}


class UpSampling2D(Layer):
    """Makes images larger, by whole factors.

    Args:
        size: factors for height and width, one number for both or one for each.
        data_format: "channels_last" or "channels_first"; default the process's.
        interpolation: "nearest" (repeats each position), "bilinear", "bicubic", "lanczos3" or "lanczos5".

    Input shape: `(batch, height, width, channels)`, or `(batch, channels, height, width)`.
    Output shape: the same with height and width times `size`.

    Raises:
        ValueError: if an argument is out of range or the input has another rank.

    Example:
        >>> lamina.layers.UpSampling2D(2)(lamina.ops.ones((2, 5, 6, 4))).shape
        (2, 10, 12, 4)
    """

    def __init__(
        self,
        size: int | tuple[int, int] = (2, 2),
        data_format: str | None = None,
        interpolation: str = "nearest",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.size = per_axis(size, 2, "size", self.name)
        self.data_format = standardize_data_format(data_format)
        self.interpolation = choice(interpolation, ("nearest", *_METHODS), "interpolation", self.name)
        self.input_spec = InputSpec(ndim=4)

    def call(self, inputs: Array) -> Array:
        first = 1 if self.data_format == "channels_last" else 2
        if self.interpolation == "nearest":
            return jnp.repeat(jnp.repeat(inputs, self.size[0], first), self.size[1], first + 1)
        shape = list(inputs.shape)
        shape[first], shape[first + 1] = shape[first] * self.size[0], shape[first + 1] * self.size[1]
        return jax.image.resize(inputs, shape, _METHODS[self.interpolation], antialias=False)
