"""`GlobalMaxPooling2D`."""

from typing import Any

from lamina import kernels
from lamina.layers.pooling.global_pooling import GlobalPooling
from lamina.typing import Array


class GlobalMaxPooling2D(GlobalPooling):
    """Keeps the largest number of every channel over all positions.

    Args:
        data_format: "channels_last" or "channels_first"; default the process's.
        keepdims: whether the pooled axes stay, with size 1.

    Input shape: `(batch, height, width, channels)`, or `(batch, channels, height, width)`.
    Output shape: `(batch, channels)`; `(batch, 1, 1, channels)` (or channels first) with `keepdims`.

    Example:
        >>> lamina.layers.GlobalMaxPooling2D()(lamina.ops.ones((2, 8, 6, 4))).shape
        (2, 4)
    """

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any) -> None:
        super().__init__(2, data_format, keepdims, **kwargs)

    def call(self, inputs: Array) -> Array:
        return kernels.largest(inputs, self.pooled_axes, self.keepdims)
