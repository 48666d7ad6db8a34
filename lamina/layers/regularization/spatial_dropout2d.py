"""`SpatialDropout2D`."""

from __future__ import annotations

from typing import Any

from lamina.layers.regularization.spatial_dropout import SpatialDropout


class SpatialDropout2D(SpatialDropout):
    """Sets a random share of the channels to zero while training, at all positions, and scales up the rest.

    Neighbouring positions say nearly the same, so that dropping single numbers would hardly drop information.

    Args:
        rate: share of the channels set to zero, in [0, 1].
        data_format: "channels_last" or "channels_first"; default the process's.
        seed: whole number that makes the choice reproducible.

    Input shape: `(batch, height, width, channels)`, or `(batch, channels, height, width)`. Output shape: the same.

    Raises:
        ValueError: if `rate` is outside [0, 1] or the input has another rank.

    Example:
        >>> lamina.layers.SpatialDropout2D(0.5)(lamina.ops.ones((2, 8, 6, 4)), training=True).shape
        (2, 8, 6, 4)

    Reference: Tompson et al., 2015, https://arxiv.org/abs/1411.4280
    """

    def __init__(
        self,
        rate: float,
        data_format: str | None = None,
        seed: int | None = None,
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(2, rate, data_format, seed, name, dtype, **kwargs)
