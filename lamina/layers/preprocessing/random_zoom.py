"""`RandomZoom`."""

from __future__ import annotations

from typing import Any

from lamina.layers.preprocessing.image_layer import symmetric
from lamina.layers.preprocessing.random_affine import RandomAffine, affine_rows


class RandomZoom(RandomAffine):
    """Shows more or less of images while training, at random.

    Args:
        height_factor: largest share by which more of the height is shown, or less if negative, or `(lower, upper)`:
            `(0.2, 0.3)` zooms out by 20 to 30 percent.
        width_factor: the same of the width; None zooms both alike.
        fill_mode: what is outside of the image: "reflect", "wrap", "constant", "nearest" or "mirror".
        interpolation: "bilinear" or "nearest".
        seed: whole number that makes the draws reproducible.
        fill_value: what is outside, for "constant".
        data_format: "channels_last", "channels_first" or None for the default.

    Input shape: `(batch, height, width, channels)` or without the batch. Output shape: the same.

    Example:
        >>> lamina.layers.RandomZoom(0.2)(lamina.ops.ones((1, 4, 4, 3)), training=True).shape
        (1, 4, 4, 3)
    """

    def __init__(
        self,
        height_factor: Any,
        width_factor: Any = None,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(fill_mode, interpolation, seed, fill_value, data_format, **kwargs)
        self.height_factor = symmetric(height_factor, "height_factor", self.name)
        self.width_factor = None if width_factor is None else symmetric(width_factor, "width_factor", self.name)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        if not training:
            return None
        height, width = self.size_of(data)
        down = 1 + self.uniform(data, *self.height_factor, seed)
        right = down if self.width_factor is None else 1 + self.uniform(data, *self.width_factor, seed)
        return affine_rows(right, 0.0, (width - 1) / 2 * (1 - right), 0.0, down, (height - 1) / 2 * (1 - down))
