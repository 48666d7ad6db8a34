"""`RandomFlip`."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from lamina.layers.arguments import choice
from lamina.layers.preprocessing.image_layer import ImageLayer
from lamina.typing import Array

_MODES = ("horizontal_and_vertical", "horizontal", "vertical")


class RandomFlip(ImageLayer):
    """Mirrors every other image while training, at random.

    Args:
        mode: "horizontal" (left becomes right), "vertical" (top becomes bottom) or "horizontal_and_vertical" (each
            with a probability of one half).
        seed: whole number that makes the draws reproducible.
        data_format: "channels_last", "channels_first" or None for the default.

    Input shape: `(batch, height, width, channels)` or without the batch. Output shape: the same.

    Example:
        >>> lamina.layers.RandomFlip("horizontal")(lamina.ops.ones((1, 2, 2, 3)), training=True).shape
        (1, 2, 2, 3)
    """

    def __init__(
        self,
        mode: str = "horizontal_and_vertical",
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.mode = choice(mode, _MODES, "mode", self.name)
        self.draw_from(seed)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        if not training:
            return None
        return {
            axis: self.uniform(data, 0.0, 1.0, seed) < 0.5 for axis in ("horizontal", "vertical") if axis in self.mode
        }

    def transform_images(self, images: Array, transformation: Any = None, training: bool = True) -> Array:
        return self._flipped(self.as_floats(images), transformation)

    def transform_segmentation_masks(
        self, segmentation_masks: Array, transformation: Any = None, training: bool = True
    ) -> Array:
        return self._flipped(segmentation_masks, transformation)

    def _flipped(self, images: Array, transformation: Any) -> Array:
        last = images.ndim - (2 if self.data_format == "channels_last" else 1)
        for axis, flips in (transformation or {}).items():
            mirrored = jnp.flip(images, last if axis == "horizontal" else last - 1)
            images = jnp.where(self.per_image(flips, images), mirrored, images)
        return images
