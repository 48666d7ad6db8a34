"""`UpSampling3D`."""

from typing import Any

import jax.numpy as jnp

from lamina.config import standardize_data_format
from lamina.layers.arguments import per_axis
from lamina.layers.input_spec import InputSpec
from lamina.layers.layer import Layer
from lamina.typing import Array


class UpSampling3D(Layer):
    """Makes volumes larger by repeating each position, by whole factors.

    Args:
        size: factors for the three axes, one number for all or one for each.
        data_format: "channels_last" or "channels_first"; default the process's.

    Input shape: `(batch, depth, height, width, channels)`, or `(batch, channels, depth, height, width)`.
    Output shape: the same with sizes times `size`.

    Raises:
        ValueError: if an argument is out of range or the input has another rank.

    Example:
        >>> lamina.layers.UpSampling3D(2)(lamina.ops.ones((1, 2, 3, 4, 5))).shape
        (1, 4, 6, 8, 5)
    """

    def __init__(
        self, size: int | tuple[int, int, int] = (2, 2, 2), data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.size = per_axis(size, 3, "size", self.name)
        self.data_format = standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=5)

    def call(self, inputs: Array) -> Array:
        first = 1 if self.data_format == "channels_last" else 2
        for axis, factor in enumerate(self.size, first):
            inputs = jnp.repeat(inputs, factor, axis)
        return inputs
