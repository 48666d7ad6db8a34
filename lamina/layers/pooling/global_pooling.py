"""What global poolings share."""

from __future__ import annotations

from typing import Any

from lamina.config import standardize_data_format
from lamina.layers.input_spec import InputSpec
from lamina.layers.layer import Layer


class GlobalPooling(Layer):
    """A summary of every channel over all of `rank` axes.

    Args:
        rank: number of axes that disappear.
        The others as in `GlobalMaxPooling2D`.
    """

    def __init__(self, rank: int, data_format: str | None, keepdims: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rank = rank
        self.data_format = standardize_data_format(data_format)
        self.keepdims = keepdims
        self.input_spec = InputSpec(ndim=rank + 2)

    @property
    def pooled_axes(self) -> tuple[int, ...]:
        """The axes that disappear."""
        first = 1 if self.data_format == "channels_last" else 2
        return tuple(range(first, first + self.rank))
