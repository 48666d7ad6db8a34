"""`RandomBrightness`."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from lamina.layers.preprocessing.image_layer import ImageLayer, symmetric
from lamina.typing import Array


class RandomBrightness(ImageLayer):
    """Makes images lighter or darker while training: a random number, one for each image, is added to all pixels.

    Args:
        factor: the greatest change as a share of the range of pixels, or `(lower, upper)`, in [-1, 1].
        value_range: smallest and greatest pixel; the result is kept within.
        seed: whole number that makes the draws reproducible.

    Input shape: `(batch, height, width, channels)` or without the batch. Output shape: the same.

    Example:
        >>> lamina.layers.RandomBrightness((0.2, 0.2))(lamina.ops.zeros((1, 1, 1, 1)), training=True).tolist()
        [[[[51.0]]]]
    """

    def __init__(self, factor: Any, value_range: Any = (0, 255), seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.factor = symmetric(factor, "factor", self.name)
        if len(value_range) != 2 or value_range[0] >= value_range[1]:
            raise ValueError(f"Layer {self.name!r}: value_range must be a pair in order, got {value_range!r}.")
        self.value_range = tuple(value_range)
        self.draw_from(seed)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        if not training:
            return None
        low, high = self.value_range
        return {"rgb_delta": self.uniform(data, *self.factor, seed) * (high - low)}

    def transform_images(self, images: Array, transformation: Any = None, training: bool = True) -> Array:
        images = self.as_floats(images)
        if not training or transformation is None:
            return images
        delta = self.per_image(jnp.asarray(transformation["rgb_delta"]), images).astype(images.dtype)
        return self.limited(images + delta, self.value_range)

    def transform_segmentation_masks(
        self, segmentation_masks: Array, transformation: Any = None, training: bool = True
    ) -> Array:
        return segmentation_masks
