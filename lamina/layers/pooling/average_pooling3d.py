"""`AveragePooling3D`."""

from typing import Any

from lamina.kernels import average_pool
from lamina.layers.pooling.pooling import Pooling


class AveragePooling3D(Pooling):
    """Keeps the mean of each window of every channel. Padding does not count.

    Args:
        pool_size: sizes of the window, one number for all axes or one for each.
        strides: steps from one window to the next; default `pool_size`, so that windows don't overlap.
        padding: "valid" (only whole windows) or "same" (every position counts, `ceil(size / strides)` outputs).
        data_format: "channels_last" or "channels_first"; default the process's.

    Input shape: `(batch, depth, height, width, channels)`, or `(batch, channels, depth, height, width)`.
    Output shape: the same with new sizes.

    Raises:
        ValueError: if an argument is out of range, or the input has another rank or is smaller than the window.

    Example:
        >>> lamina.layers.AveragePooling3D(2)(lamina.ops.ones((2, 8, 6, 4, 3))).shape
        (2, 4, 3, 2, 3)
    """

    def __init__(
        self,
        pool_size: int | tuple[int, ...],
        strides: int | tuple[int, ...] | None = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(3, average_pool, pool_size, strides, padding, data_format, name=name, **kwargs)
