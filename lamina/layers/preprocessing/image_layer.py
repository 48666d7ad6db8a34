"""What all layers that prepare and augment images are."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from lamina import config
from lamina.layers.layer import Layer
from lamina.ops.image.layout import back_to
from lamina.random import SeedGenerator
from lamina.typing import Array, PyTree

FILL_MODES = ("reflect", "wrap", "constant", "nearest", "mirror")
INTERPOLATIONS = ("bilinear", "nearest")


class ImageLayer(Layer):
    """A layer of images that draws a transformation, then applies it: in the compiled step, to the batch at once.

    Call arguments:
        data: images `(batch, height, width, channels)` or `(height, width, channels)`, or a dictionary with "images"
            and, next to them, "segmentation_masks" (transformed alike) and "labels" (left alone).
        training: whether to transform at random; `fit` says True, `evaluate` and `predict` False.
    """

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = config.standardize_data_format(data_format)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), "data_format": self.data_format}

    def draw_from(self, seed: Any) -> None:
        """Keep a seed, and a generator of random numbers made from it."""
        self.seed = seed
        self.generator = SeedGenerator(seed)

    def call(self, data: PyTree, training: bool = True) -> PyTree:
        if not isinstance(data, dict):
            self._check(data)
            return self.transform_images(data, self.get_random_transformation(data, training), training)
        unknown = sorted(set(data) - {"images", "segmentation_masks", "labels"})
        if unknown or "images" not in data:
            raise ValueError(
                f"Layer {self.name!r}: a dictionary must hold 'images', and may hold 'segmentation_masks' and "
                f"'labels'; got {sorted(data)}. Bounding boxes are not supported."
            )
        self._check(data["images"])
        transformation = self.get_random_transformation(data["images"], training)
        outputs = {"images": self.transform_images(data["images"], transformation, training)}
        if "segmentation_masks" in data:
            masks = data["segmentation_masks"]
            outputs["segmentation_masks"] = self.transform_segmentation_masks(masks, transformation, training)
        if "labels" in data:
            outputs["labels"] = self.transform_labels(data["labels"], transformation, training)
        return {key: outputs[key] for key in data}

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """Return what is to be done to images, drawn anew; None where nothing is."""
        return None

    def transform_images(self, images: Array, transformation: Any = None, training: bool = True) -> Array:
        """Return images as a transformation that was drawn says."""
        raise NotImplementedError

    def transform_labels(self, labels: Any, transformation: Any = None, training: bool = True) -> Any:
        """Return labels of images, which are what they were."""
        return labels

    def transform_segmentation_masks(
        self, segmentation_masks: Array, transformation: Any, training: bool = True
    ) -> Array:
        """Return masks of images, transformed as those; no classes are mixed."""
        return self.transform_images(segmentation_masks, transformation, training)

    def transform_bounding_boxes(self, bounding_boxes: Any, transformation: Any, training: bool = True) -> Any:
        """Raise: bounding boxes are not supported."""
        raise NotImplementedError(f"Layer {self.name!r}: bounding boxes are not supported.")

    def transform_single_bounding_box(self, bounding_box: Any, transformation: Any, training: bool = True) -> Any:
        """Raise: bounding boxes are not supported."""
        raise NotImplementedError(f"Layer {self.name!r}: bounding boxes are not supported.")

    def transform_single_image(self, image: Array, transformation: Any, training: bool = True) -> Array:
        """Return one image, transformed."""
        return self.transform_images(image, transformation, training)

    def transform_single_label(self, label: Any, transformation: Any, training: bool = True) -> Any:
        """Return the label of one image."""
        return self.transform_labels(label, transformation, training)

    def transform_single_segmentation_mask(
        self, segmentation_mask: Array, transformation: Any, training: bool = True
    ) -> Array:
        """Return the mask of one image, transformed."""
        return self.transform_segmentation_masks(segmentation_mask, transformation, training)

    # For subclasses

    def size_of(self, images: Array) -> tuple[int, int]:
        """Return height and width."""
        shape = images.shape[-3:-1] if self.data_format == "channels_last" else images.shape[-2:]
        return shape[0], shape[1]

    def uniform(self, images: Array, low: float, high: float, seed: Any = None) -> Array:
        """Draw a number for each image, `(batch,)`."""
        key = (seed if isinstance(seed, SeedGenerator) else self.generator).next()
        count = images.shape[0] if images.ndim == 4 else 1
        return jax.random.uniform(key, (count,), minval=low, maxval=high)

    def per_image(self, values: Array, images: Array) -> Array:
        """Shape a number for each image so that it can be combined with them."""
        return values.reshape(()) if images.ndim == 3 else values.reshape(-1, 1, 1, 1)

    def as_floats(self, images: Array) -> Array:
        """Return images in the layer's compute dtype."""
        return jnp.asarray(images).astype(self.compute_dtype)

    def limited(self, images: Array, value_range: tuple[float, float]) -> Array:
        """Return images within a range, in the layer's compute dtype."""
        return back_to(jnp.clip(images, *value_range), self.compute_dtype)

    def _check(self, images: Any) -> None:
        if getattr(images, "ndim", 0) not in (3, 4):
            raise ValueError(
                f"Layer {self.name!r} takes images of shape (height, width, channels) or batches of them; received "
                f"shape {getattr(images, 'shape', type(images))}."
            )


def symmetric(value: Any, argument: str, layer: str, low: float = -1.0, high: float = 1.0) -> tuple[float, float]:
    """Return `(lower, upper)` of a factor: a number means from its negative to itself."""
    pair = (-abs(value), abs(value)) if isinstance(value, int | float) and not isinstance(value, bool) else value
    if not isinstance(pair, list | tuple) or len(pair) != 2 or pair[0] > pair[1]:
        raise ValueError(
            f"Layer {layer!r}: {argument} must be a number or a pair (lower, upper) in order, got {value!r}."
        )
    if pair[0] < low or pair[1] > high:
        raise ValueError(f"Layer {layer!r}: {argument} must lie in [{low:g}, {high:g}], got {value!r}.")
    return float(pair[0]), float(pair[1])
