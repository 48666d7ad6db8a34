"""`SpatialDropout1D`."""

from __future__ import annotations

from typing import Any

from lamina.layers.regularization.spatial_dropout import SpatialDropout


class SpatialDropout1D(SpatialDropout):
    """Sets a random share of the channels to zero while training, at all steps, and scales up the rest.

    Neighbouring steps say nearly the same, so that dropping single numbers would hardly drop information.

    Args:
        rate: share of the channels set to zero, in [0, 1].
        seed: whole number that makes the choice reproducible.

    Input shape: `(batch, steps, channels)`. Output shape: the same.

    Raises:
        ValueError: if `rate` is outside [0, 1] or the input has another rank.

    Example:
        >>> lamina.layers.SpatialDropout1D(0.5)(lamina.ops.ones((2, 10, 4)), training=True).shape
        (2, 10, 4)

    Reference: Tompson et al., 2015, https://arxiv.org/abs/1411.4280
    """

    def __init__(
        self,
        rate: float,
        seed: int | None = None,
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(1, rate, "channels_last", seed, name, dtype, **kwargs)
