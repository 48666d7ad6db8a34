"""`GlobalMaxPooling1D`."""

from typing import Any

from lamina import kernels
from lamina.layers.pooling.global_pooling import GlobalPooling
from lamina.typing import Array


class GlobalMaxPooling1D(GlobalPooling):
    """Keeps the largest number of every channel over all steps.

    Args:
        data_format: "channels_last" or "channels_first"; default the process's.
        keepdims: whether the pooled axes stay, with size 1.

    Input shape: `(batch, steps, channels)`, or `(batch, channels, steps)`.
    Output shape: `(batch, channels)`; `(batch, 1, channels)` (or channels first) with `keepdims`.

    Example:
        >>> lamina.layers.GlobalMaxPooling1D()(lamina.ops.ones((2, 10, 4))).shape
        (2, 4)
    """

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any) -> None:
        super().__init__(1, data_format, keepdims, **kwargs)

    def call(self, inputs: Array) -> Array:
        return kernels.largest(inputs, self.pooled_axes, self.keepdims)
