"""`RandomContrast`."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from lamina.layers.preprocessing.image_layer import ImageLayer
from lamina.typing import Array


class RandomContrast(ImageLayer):
    """Strengthens or weakens the contrast of images while training: `(x - mean) * contrast + mean`, channel by channel.

    Args:
        factor: how far the contrast may be from 1, or `(lower, upper)`: contrasts are drawn from
            [1 - lower, 1 + upper].
        value_range: smallest and greatest pixel; the result is kept within.
        seed: whole number that makes the draws reproducible.

    Input shape: `(batch, height, width, channels)` or without the batch. Output shape: the same.

    Example:
        >>> lamina.layers.RandomContrast(0.3)(lamina.ops.ones((1, 2, 2, 3)), training=True).shape
        (1, 2, 2, 3)
    """

    def __init__(self, factor: Any, value_range: Any = (0, 255), seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        pair = (factor, factor) if isinstance(factor, int | float) else factor
        if not isinstance(pair, list | tuple) or len(pair) != 2 or not all(0 <= one <= 1 for one in pair):
            raise ValueError(f"Layer {self.name!r}: factor must be a number in [0, 1] or two of them, got {factor!r}.")
        self.factor = factor
        self.lower, self.upper = map(float, pair)
        self.value_range = tuple(value_range)
        self.draw_from(seed)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        if not training:
            return None
        return {"contrast_factor": self.uniform(data, 1 - self.lower, 1 + self.upper, seed)}

    def transform_images(self, images: Array, transformation: Any = None, training: bool = True) -> Array:
        images = self.as_floats(images)
        if not training or transformation is None:
            return images
        factor = self.per_image(jnp.asarray(transformation["contrast_factor"]), images).astype(images.dtype)
        axes = (-3, -2) if self.data_format == "channels_last" else (-2, -1)
        mean = jnp.mean(images, axes, keepdims=True)
        return self.limited((images - mean) * factor + mean, self.value_range)

    def transform_segmentation_masks(
        self, segmentation_masks: Array, transformation: Any = None, training: bool = True
    ) -> Array:
        return segmentation_masks
