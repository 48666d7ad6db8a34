"""`tf.image`: what scripts do to single images and batches of them, channels last."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lamina import ops
from lamina.compat.tensorflow.random import draw_key

__all__ = [
    "adjust_brightness", "adjust_contrast", "central_crop", "convert_image_dtype", "flip_left_right", "flip_up_down",
    "grayscale_to_rgb", "per_image_standardization", "random_brightness", "random_contrast", "random_flip_left_right",
    "random_flip_up_down", "resize", "rgb_to_grayscale", "rot90",
]  # fmt: skip


def resize(
    images: Any,
    size: Any,
    method: str = "bilinear",
    preserve_aspect_ratio: bool = False,
    antialias: bool = False,
    name: str | None = None,
) -> Any:
    """Return images in another size `(height, width)`, as floats."""
    if preserve_aspect_ratio:
        raise ValueError("tf.image.resize: preserve_aspect_ratio is not supported by lamina; leave it out.")
    return ops.image.resize(
        jnp.asarray(images, "float32"),
        tuple(int(one) for one in size),
        interpolation=method,
        antialias=antialias,
        data_format="channels_last",
    )


def convert_image_dtype(image: Any, dtype: Any, saturate: bool = False, name: str | None = None) -> Any:
    """Return an image in another dtype, scaled: floats reach from 0 to 1, whole numbers over all of their range."""
    image, wanted = jnp.asarray(image), np.dtype(dtype)
    top = np.iinfo(image.dtype).max if jnp.issubdtype(image.dtype, jnp.integer) else 1.0
    if not jnp.issubdtype(wanted, jnp.integer):
        return (image / top).astype(wanted)
    limits = np.iinfo(wanted)
    scaled = image / top * (limits.max + 0.5)
    return (jnp.clip(scaled, limits.min, limits.max) if saturate else scaled).astype(wanted)


def flip_left_right(image: Any) -> Any:
    """Return images mirrored, left for right."""
    return jnp.flip(jnp.asarray(image), axis=-2)


def flip_up_down(image: Any) -> Any:
    """Return images mirrored, top for bottom."""
    return jnp.flip(jnp.asarray(image), axis=-3)


def rot90(image: Any, k: int = 1, name: str | None = None) -> Any:
    """Return images turned by `k` quarters, against the clock."""
    return jnp.rot90(jnp.asarray(image), k, axes=(-3, -2))


def random_flip_left_right(image: Any, seed: int | None = None) -> Any:
    """Return each image mirrored or not, at random."""
    return _at_random(flip_left_right, image, seed)


def random_flip_up_down(image: Any, seed: int | None = None) -> Any:
    """Return each image upside down or not, at random."""
    return _at_random(flip_up_down, image, seed)


def adjust_brightness(image: Any, delta: Any) -> Any:
    """Return an image with `delta` added, on a scale from 0 to 1 whatever the dtype."""
    image = jnp.asarray(image)
    brighter = convert_image_dtype(image, "float32") + delta
    return convert_image_dtype(brighter, image.dtype, saturate=True)


def random_brightness(image: Any, max_delta: float, seed: int | None = None) -> Any:
    """Return an image brighter or darker by a random number from `[-max_delta, max_delta)`."""
    if max_delta < 0:
        raise ValueError(f"tf.image.random_brightness: max_delta must not be negative, got {max_delta}.")
    return adjust_brightness(image, jax.random.uniform(draw_key(seed), (), "float32", -max_delta, max_delta))


def adjust_contrast(images: Any, contrast_factor: Any) -> Any:
    """Return images whose distance from their mean, channel by channel, is multiplied."""
    images = jnp.asarray(images)
    floats = convert_image_dtype(images, "float32")
    mean = floats.mean(axis=(-3, -2), keepdims=True)
    return convert_image_dtype((floats - mean) * contrast_factor + mean, images.dtype, saturate=True)


def random_contrast(image: Any, lower: float, upper: float, seed: int | None = None) -> Any:
    """Return an image with its contrast multiplied by a random number from `[lower, upper)`."""
    if not 0 <= lower < upper:
        raise ValueError(f"tf.image.random_contrast: lower must be in [0, upper), got {lower} and {upper}.")
    return adjust_contrast(image, jax.random.uniform(draw_key(seed), (), "float32", lower, upper))


def rgb_to_grayscale(images: Any, name: str | None = None) -> Any:
    """Return the lightness of colours, in one channel."""
    images = jnp.asarray(images)
    floats = convert_image_dtype(images, "float32")
    return convert_image_dtype(floats @ jnp.array([[0.2989], [0.587], [0.114]]), images.dtype, saturate=True)


def grayscale_to_rgb(images: Any, name: str | None = None) -> Any:
    """Return one channel three times."""
    return jnp.repeat(jnp.asarray(images), 3, axis=-1)


def per_image_standardization(image: Any) -> Any:
    """Return each image with mean 0 and deviation 1."""
    image = jnp.asarray(image, "float32")
    axes = (-3, -2, -1)
    least = 1 / np.sqrt(np.prod(image.shape[-3:]))
    deviation = jnp.maximum(image.std(axis=axes, keepdims=True), least)
    return (image - image.mean(axis=axes, keepdims=True)) / deviation


def central_crop(image: Any, central_fraction: float) -> Any:
    """Return the middle of images, a share of each side in (0, 1]."""
    if not 0 < central_fraction <= 1:
        raise ValueError(f"tf.image.central_crop: central_fraction must be in (0, 1], got {central_fraction}.")
    image = jnp.asarray(image)
    rows, columns = (int((size - size * central_fraction) / 2) for size in image.shape[-3:-1])
    return image[..., rows : image.shape[-3] - rows, columns : image.shape[-2] - columns, :]


def _at_random(change: Any, image: Any, seed: int | None) -> Any:
    image = jnp.asarray(image)
    chosen = jax.random.bernoulli(draw_key(seed), 0.5, (*image.shape[:-3], 1, 1, 1))
    return jnp.where(chosen, change(image), image)
