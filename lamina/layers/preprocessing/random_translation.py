"""`RandomTranslation`."""

from __future__ import annotations

from typing import Any

from lamina.layers.preprocessing.image_layer import symmetric
from lamina.layers.preprocessing.random_affine import RandomAffine, affine_rows


class RandomTranslation(RandomAffine):
    """Moves images by random distances while training.

    Args:
        height_factor: largest way down, or up if negative, as a share of the height, or `(lower, upper)`.
        width_factor: largest way to the right, or to the left if negative, as a share of the width.
        fill_mode: what is outside of the image: "reflect", "wrap", "constant", "nearest" or "mirror".
        interpolation: "bilinear" or "nearest".
        seed: whole number that makes the draws reproducible.
        fill_value: what is outside, for "constant".
        data_format: "channels_last", "channels_first" or None for the default.

    Input shape: `(batch, height, width, channels)` or without the batch. Output shape: the same.

    Example:
        >>> lamina.layers.RandomTranslation(0.2, 0.2)(lamina.ops.ones((1, 4, 4, 3)), training=True).shape
        (1, 4, 4, 3)
    """

    def __init__(
        self,
        height_factor: Any,
        width_factor: Any,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(fill_mode, interpolation, seed, fill_value, data_format, **kwargs)
        self.height_factor = symmetric(height_factor, "height_factor", self.name)
        self.width_factor = symmetric(width_factor, "width_factor", self.name)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        if not training:
            return None
        height, width = self.size_of(data)
        down = self.uniform(data, *self.height_factor, seed) * height
        right = self.uniform(data, *self.width_factor, seed) * width
        return affine_rows(1.0, 0.0, -right, 0.0, 1.0, -down)
