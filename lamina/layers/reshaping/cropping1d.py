"""`Cropping1D`."""

from typing import Any

from lamina.layers.reshaping.borders import Cropping


class Cropping1D(Cropping):
    """Cuts the ends of sequences off.

    Args:
        cropping: how much to cut off: one number for both ends, or a pair (before, after).

    Input shape: `(batch, steps, channels)`.
    Output shape: the same with new sizes.

    Raises:
        ValueError: if `cropping` has none of these forms, or nothing of the input would be left.

    Example:
        >>> lamina.layers.Cropping1D(1)(lamina.ops.ones((2, 5, 4))).shape
        (2, 3, 4)
    """

    def __init__(self, cropping: Any = (1, 1), **kwargs: Any) -> None:
        super().__init__(1, cropping, "channels_last", **kwargs)
