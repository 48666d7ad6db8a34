"""`Cropping3D`."""

from typing import Any

from lamina.layers.reshaping.borders import Cropping


class Cropping3D(Cropping):
    """Cuts the ends of volumes off.

    Args:
        cropping: how much to cut off: one number for all ends, one for each axis `(1, 2, 3)`, or a pair (before,
            after) for each axis `((1, 2), (0, 0), (3, 4))`.
        data_format: "channels_last" or "channels_first"; default the process's.

    Input shape: `(batch, depth, height, width, channels)`, or `(batch, channels, depth, height, width)`.
    Output shape: the same with new sizes.

    Raises:
        ValueError: if `cropping` has none of these forms, or nothing of the input would be left.

    Example:
        >>> lamina.layers.Cropping3D(1)(lamina.ops.ones((2, 5, 6, 7, 4))).shape
        (2, 3, 4, 5, 4)
    """

    def __init__(self, cropping: Any = ((1, 1), (1, 1), (1, 1)), data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(3, cropping, data_format, **kwargs)
