"""What poolings with windows share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lamina.config import standardize_data_format
from lamina.layers.arguments import choice, per_axis
from lamina.layers.input_spec import InputSpec
from lamina.layers.layer import Layer
from lamina.typing import Array


class Pooling(Layer):
    """A summary of each window that slides over `rank` axes, for every channel apart.

    Args:
        rank: number of axes that windows slide over.
        pool: `(inputs, window, strides, padding, data_format) -> outputs`.
        The others as in `MaxPooling2D`.
    """

    def __init__(
        self,
        rank: int,
        pool: Callable[..., Array],
        pool_size: Any,
        strides: Any,
        padding: str,
        data_format: str | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.rank = rank
        self.pool = pool
        self.pool_size = per_axis(pool_size, rank, "pool_size", self.name)
        self.strides = self.pool_size if strides is None else per_axis(strides, rank, "strides", self.name)
        self.padding = choice(padding, ("valid", "same"), "padding", self.name)
        self.data_format = standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=rank + 2)

    def call(self, inputs: Array) -> Array:
        sizes = inputs.shape[1:-1] if self.data_format == "channels_last" else inputs.shape[2:]
        if self.padding == "valid" and any(size < window for size, window in zip(sizes, self.pool_size, strict=True)):
            raise ValueError(
                f"Layer {self.name!r}: a window of {self.pool_size} does not fit into an input of size {tuple(sizes)} "
                f"(shape {inputs.shape}). Use padding='same', a smaller pool_size, or fewer poolings before it."
            )
        return self.pool(
            inputs, self.pool_size, strides=self.strides, padding=self.padding, data_format=self.data_format
        )
