"""`Resizing`."""

from __future__ import annotations

from typing import Any

from lamina.layers.arguments import choice, positive_int
from lamina.layers.preprocessing.image_layer import ImageLayer
from lamina.ops.image import resize
from lamina.typing import Array


class Resizing(ImageLayer):
    """Brings images to one size.

    Args:
        height, width: of the result, in pixels.
        interpolation: "bilinear", "nearest", "bicubic", "lanczos3" or "lanczos5".
        crop_to_aspect_ratio: whether to cut the borders so that nothing is distorted.
        pad_to_aspect_ratio: whether to add borders so that nothing is distorted.
        fill_mode: "constant", the only way to fill borders.
        fill_value: of the borders.
        antialias: whether to blur before pixels are left out.
        data_format: "channels_last", "channels_first" or None for the default.

    Input shape: `(batch, height, width, channels)` or without the batch. Output shape: the same with the new size.

    Raises:
        ValueError: if a size is not positive or an option unknown.

    Example:
        >>> lamina.layers.Resizing(8, 6)(lamina.ops.ones((2, 4, 4, 3))).shape
        (2, 8, 6, 3)
    """

    def __init__(
        self,
        height: int,
        width: int,
        interpolation: str = "bilinear",
        crop_to_aspect_ratio: bool = False,
        pad_to_aspect_ratio: bool = False,
        fill_mode: str = "constant",
        fill_value: float = 0.0,
        antialias: bool = False,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.height = positive_int(height, "height", self.name)
        self.width = positive_int(width, "width", self.name)
        methods = ("bilinear", "nearest", "bicubic", "lanczos3", "lanczos5")
        self.interpolation = choice(interpolation, methods, "interpolation", self.name)
        if crop_to_aspect_ratio and pad_to_aspect_ratio:
            raise ValueError(f"Layer {self.name!r}: only one of crop_to_ and pad_to_aspect_ratio can be True.")
        self.crop_to_aspect_ratio = crop_to_aspect_ratio
        self.pad_to_aspect_ratio = pad_to_aspect_ratio
        self.fill_mode = choice(fill_mode, ("constant",), "fill_mode", self.name)
        self.fill_value = fill_value
        self.antialias = antialias

    def transform_images(self, images: Array, transformation: Any = None, training: bool = True) -> Array:
        return self._resized(images, self.interpolation).astype(self.compute_dtype)

    def transform_segmentation_masks(
        self, segmentation_masks: Array, transformation: Any = None, training: bool = True
    ) -> Array:
        return self._resized(segmentation_masks, "nearest")

    def _resized(self, images: Array, interpolation: str) -> Array:
        return resize(
            images,
            (self.height, self.width),
            interpolation=interpolation,
            antialias=self.antialias,
            crop_to_aspect_ratio=self.crop_to_aspect_ratio,
            pad_to_aspect_ratio=self.pad_to_aspect_ratio,
            fill_mode=self.fill_mode,
            fill_value=self.fill_value,
            data_format=self.data_format,
        )
