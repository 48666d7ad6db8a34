"""`RandomCrop`."""

from __future__ import annotations

from typing import Any

import jax

from lamina.layers.preprocessing.center_crop import CenterCrop
from lamina.random import SeedGenerator
from lamina.typing import Array


class RandomCrop(CenterCrop):
    """Cuts images at a random place while training, one place for a batch; at the middle otherwise.

    Args:
        height, width: of the result, in pixels. Images that are too small are enlarged, without distortion.
        seed: whole number that makes the draws reproducible.
        data_format: "channels_last", "channels_first" or None for the default.

    Input shape: `(batch, height, width, channels)` or without the batch. Output shape: the same with the new size.

    Example:
        >>> lamina.layers.RandomCrop(2, 2)(lamina.ops.ones((1, 5, 5, 3)), training=True).shape
        (1, 2, 2, 3)
    """

    def __init__(
        self,
        height: int,
        width: int,
        seed: int | None = None,
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(height, width, data_format=data_format, name=name, **kwargs)
        self.draw_from(seed)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        height, width = self.size_of(data)
        if not training or height < self.height or width < self.width:
            return None
        key = (seed if isinstance(seed, SeedGenerator) else self.generator).next()
        rows, columns = jax.random.split(key)
        return (
            jax.random.randint(rows, (), 0, height - self.height + 1),
            jax.random.randint(columns, (), 0, width - self.width + 1),
        )

    def transform_images(self, images: Array, transformation: Any = None, training: bool = True) -> Array:
        return self._cut(images, transformation, "bilinear").astype(self.compute_dtype)

    def transform_segmentation_masks(
        self, segmentation_masks: Array, transformation: Any = None, training: bool = True
    ) -> Array:
        return self._cut(segmentation_masks, transformation, "nearest")

    def _cut(self, images: Array, transformation: Any, interpolation: str) -> Array:
        if transformation is None:
            return self.cropped(images, interpolation)
        first = images.ndim - (3 if self.data_format == "channels_last" else 2)
        starts, sizes = [0] * images.ndim, list(images.shape)
        starts[first : first + 2] = transformation
        sizes[first : first + 2] = self.height, self.width
        return jax.lax.dynamic_slice(images, starts, sizes)
