"""`RandomRotation`."""

from __future__ import annotations

import math
from typing import Any

import jax.numpy as jnp

from lamina.layers.preprocessing.image_layer import symmetric
from lamina.layers.preprocessing.random_affine import RandomAffine, affine_rows


class RandomRotation(RandomAffine):
    """Turns images about their middle by random angles while training.

    Args:
        factor: largest angle as a share of a full turn, or `(lower, upper)`; positive is anticlockwise: 0.1 turns by at
            most 36 degrees either way.
        fill_mode: what is outside of the image: "reflect", "wrap", "constant", "nearest" or "mirror".
        interpolation: "bilinear" or "nearest".
        seed: whole number that makes the draws reproducible.
        fill_value: what is outside, for "constant".
        data_format: "channels_last", "channels_first" or None for the default.

    Input shape: `(batch, height, width, channels)` or without the batch. Output shape: the same.

    Example:
        >>> lamina.layers.RandomRotation(0.1)(lamina.ops.ones((1, 4, 4, 3)), training=True).shape
        (1, 4, 4, 3)
    """

    def __init__(
        self,
        factor: Any,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(fill_mode, interpolation, seed, fill_value, data_format, **kwargs)
        self.factor = symmetric(factor, "factor", self.name)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        if not training:
            return None
        height, width = self.size_of(data)
        angle = self.uniform(data, *self.factor, seed) * (2 * math.pi)
        cos, sin = jnp.cos(angle), jnp.sin(angle)
        middle_x, middle_y = (width - 1) / 2, (height - 1) / 2
        return affine_rows(
            cos,
            -sin,
            middle_x - (middle_x * cos - middle_y * sin),
            sin,
            cos,
            middle_y - (middle_x * sin + middle_y * cos),
        )
