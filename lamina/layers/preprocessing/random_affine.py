"""What layers that turn, move and scale images share."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from lamina.layers.arguments import choice
from lamina.layers.preprocessing.image_layer import FILL_MODES, INTERPOLATIONS, ImageLayer
from lamina.ops.image import affine_transform
from lamina.typing import Array


class RandomAffine(ImageLayer):
    """A layer whose transformation is eight numbers for each image, as `lamina.ops.image.affine_transform` takes them.

    Args:
        fill_mode: what is outside of the image: "reflect", "wrap", "constant", "nearest" or "mirror".
        interpolation: "bilinear" or "nearest".
        seed: whole number that makes the draws reproducible.
        fill_value: what is outside, for "constant".
        data_format: "channels_last", "channels_first" or None for the default.
    """

    def __init__(
        self,
        fill_mode: str,
        interpolation: str,
        seed: int | None,
        fill_value: float,
        data_format: str | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.fill_mode = choice(fill_mode, FILL_MODES, "fill_mode", self.name)
        self.interpolation = choice(interpolation, INTERPOLATIONS, "interpolation", self.name)
        self.fill_value = fill_value
        self.draw_from(seed)

    def transform_images(self, images: Array, transformation: Any = None, training: bool = True) -> Array:
        return self._moved(self.as_floats(images), transformation, self.interpolation)

    def transform_segmentation_masks(
        self, segmentation_masks: Array, transformation: Any = None, training: bool = True
    ) -> Array:
        return self._moved(segmentation_masks, transformation, "nearest")

    def _moved(self, images: Array, rows: Array | None, interpolation: str) -> Array:
        if rows is None:
            return images
        rows = rows[0] if images.ndim == 3 else rows
        return affine_transform(images, rows, interpolation, self.fill_mode, self.fill_value, self.data_format)


def affine_rows(a0: Any, a1: Any, a2: Any, b0: Any, b1: Any, b2: Any) -> Array:
    """Return `(batch, 8)` of numbers and arrays `(batch,)`."""
    parts = jnp.broadcast_arrays(*(jnp.asarray(part, "float32") for part in (a0, a1, a2, b0, b1, b2, 0.0, 0.0)))
    return jnp.stack(parts, -1)
