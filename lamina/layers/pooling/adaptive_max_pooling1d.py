"""`AdaptiveMaxPooling1D`."""

from typing import Any

from lamina.layers.pooling.adaptive_pooling import AdaptiveMaxPooling


class AdaptiveMaxPooling1D(AdaptiveMaxPooling):
    """Keeps the largest number of as many windows as `output_size` says, whatever the size of the input.

    Output `i` of `n` along an axis of size `s` sees the inputs from `floor(i * s / n)` to `ceil((i + 1) * s / n)`.

    Args:
        output_size: number of windows.
        data_format: "channels_last" or "channels_first"; default the process's.

    Input shape: `(batch, steps, channels)`, or `(batch, channels, steps)`.
    Output shape: the same with the sizes `output_size`.

    Raises:
        ValueError: if `output_size` is no positive whole number, or the input has another rank.

    Example:
        >>> lamina.layers.AdaptiveMaxPooling1D(3)(lamina.ops.ones((2, 10, 4))).shape
        (2, 3, 4)
    """

    def __init__(self, output_size: int | tuple[int, ...], data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(1, output_size, data_format, **kwargs)
