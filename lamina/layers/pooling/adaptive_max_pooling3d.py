"""`AdaptiveMaxPooling3D`."""

from typing import Any

from lamina.layers.pooling.adaptive_pooling import AdaptiveMaxPooling


class AdaptiveMaxPooling3D(AdaptiveMaxPooling):
    """Keeps the largest number of as many windows as `output_size` says, whatever the size of the input.

    Output `i` of `n` along an axis of size `s` sees the inputs from `floor(i * s / n)` to `ceil((i + 1) * s / n)`.

    Args:
        output_size: number of windows along each axis, one for all axes or one for each.
        data_format: "channels_last" or "channels_first"; default the process's.

    Input shape: `(batch, depth, height, width, channels)`, or `(batch, channels, depth, height, width)`.
    Output shape: the same with the sizes `output_size`.

    Raises:
        ValueError: if `output_size` is no positive whole number, or the input has another rank.

    Example:
        >>> lamina.layers.AdaptiveMaxPooling3D(3)(lamina.ops.ones((2, 5, 6, 7, 4))).shape
        (2, 3, 3, 3, 4)
    """

    def __init__(self, output_size: int | tuple[int, ...], data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(3, output_size, data_format, **kwargs)
