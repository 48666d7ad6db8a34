"""`ZeroPadding3D`."""

from typing import Any

from lamina.layers.reshaping.borders import ZeroPadding


class ZeroPadding3D(ZeroPadding):
    """Adds zeros around volumes.

    Args:
        padding: how many to add: one number for all ends, one for each axis `(1, 2, 3)`, or a pair (before,
            after) for each axis `((1, 2), (0, 0), (3, 4))`.
        data_format: "channels_last" or "channels_first"; default the process's.

    Input shape: `(batch, depth, height, width, channels)`, or `(batch, channels, depth, height, width)`.
    Output shape: the same with new sizes.

    Raises:
        ValueError: if `padding` has none of these forms or the input has another rank.

    Example:
        >>> lamina.layers.ZeroPadding3D()(lamina.ops.ones((2, 5, 6, 7, 4))).shape
        (2, 7, 8, 9, 4)
    """

    def __init__(self, padding: Any = ((1, 1), (1, 1), (1, 1)), data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(3, padding, data_format, **kwargs)
