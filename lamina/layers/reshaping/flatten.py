"""`Flatten`."""

import math
from typing import Any

import jax.numpy as jnp

from lamina.config import standardize_data_format
from lamina.layers.input_spec import InputSpec
from lamina.layers.layer import Layer
from lamina.typing import Array


class Flatten(Layer):
    """Joins all axes but the batch into one.

    Args:
        data_format: "channels_last" or "channels_first" (whose channels move last before flattening, so that both give
            the same order); default the process's.

    Input shape: `(batch, ...)`. Output shape: `(batch, product of the sizes)`; `(batch, 1)` for `(batch,)`.

    Example:
        >>> lamina.layers.Flatten()(lamina.ops.ones((2, 3, 4))).shape
        (2, 12)
    """

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = standardize_data_format(data_format)
        self.input_spec = InputSpec(min_ndim=1)

    def call(self, inputs: Array) -> Array:
        if self.data_format == "channels_first" and inputs.ndim > 2:
            inputs = jnp.moveaxis(inputs, 1, -1)
        return inputs.reshape(inputs.shape[0], math.prod(inputs.shape[1:]))  # -1 can't be inferred for an empty batch
