"""`CenterCrop`."""

from __future__ import annotations

from typing import Any

from lamina.layers.arguments import positive_int
from lamina.layers.preprocessing.image_layer import ImageLayer
from lamina.ops.image import resize
from lamina.typing import Array


class CenterCrop(ImageLayer):
    """Cuts out the middle of images; those that are too small are enlarged first, without distortion.

    Args:
        height, width: of the result, in pixels.
        data_format: "channels_last", "channels_first" or None for the default.

    Input shape: `(batch, height, width, channels)` or without the batch. Output shape: the same with the new size.

    Example:
        >>> lamina.layers.CenterCrop(2, 2)(lamina.ops.ones((1, 5, 5, 3))).shape
        (1, 2, 2, 3)
    """

    def __init__(self, height: int, width: int, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.height = positive_int(height, "height", self.name)
        self.width = positive_int(width, "width", self.name)

    def transform_images(self, images: Array, transformation: Any = None, training: bool = True) -> Array:
        return self.cropped(images, "bilinear").astype(self.compute_dtype)

    def transform_segmentation_masks(
        self, segmentation_masks: Array, transformation: Any = None, training: bool = True
    ) -> Array:
        return self.cropped(segmentation_masks, "nearest")

    def cropped(self, images: Array, interpolation: str) -> Array:
        """Return the middle of images, of the layer's size."""
        height, width = self.size_of(images)
        if height < self.height or width < self.width:
            size = (self.height, self.width)
            return resize(images, size, interpolation, crop_to_aspect_ratio=True, data_format=self.data_format)
        return self.window(images, (height - self.height) // 2, (width - self.width) // 2)

    def window(self, images: Array, top: int, left: int) -> Array:
        """Return the part of images that begins at a row and a column."""
        rows, columns = slice(top, top + self.height), slice(left, left + self.width)
        return images[..., rows, columns, :] if self.data_format == "channels_last" else images[..., rows, columns]
