"""`ZeroPadding1D`."""

from typing import Any

from lamina.layers.reshaping.borders import ZeroPadding


class ZeroPadding1D(ZeroPadding):
    """Adds zeros around sequences.

    Args:
        padding: how many to add: one number for both ends, or a pair (before, after).
        data_format: "channels_last" or "channels_first"; default the process's.

    Input shape: `(batch, steps, channels)`, or `(batch, channels, steps)`.
    Output shape: the same with new sizes.

    Raises:
        ValueError: if `padding` has none of these forms or the input has another rank.

    Example:
        >>> lamina.layers.ZeroPadding1D()(lamina.ops.ones((2, 5, 4))).shape
        (2, 7, 4)
    """

    def __init__(self, padding: Any = 1, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(1, padding, data_format, **kwargs)
