"""Colours: red, green and blue; hue, saturation and value; grey."""

from __future__ import annotations

import jax.numpy as jnp

from lamina import config
from lamina.core.recording import operation
from lamina.ops.image.layout import check_rank
from lamina.typing import Array, ArrayLike

__all__ = ["hsv_to_rgb", "rgb_to_grayscale", "rgb_to_hsv"]

_LUMA = (0.2989, 0.5870, 0.1140)  # ITU-R BT.601


@operation(class_name="RGBToGrayscale")
def rgb_to_grayscale(images: ArrayLike, data_format: str | None = None) -> Array:
    """Return the brightness of images as a single channel: 0.2989 red + 0.587 green + 0.114 blue.

    Args:
        images: `(height, width, 3)` or a batch of those.
        data_format: "channels_last", "channels_first" or None for the default.
    """
    axis = _channel_axis(images, "rgb_to_grayscale", data_format)
    weights = jnp.asarray(_LUMA, "float32").reshape([3 if at == axis else 1 for at in range(images.ndim)])
    return jnp.sum(images.astype("float32") * weights, axis, keepdims=True).astype(images.dtype)


@operation(class_name="RGBToHSV")
def rgb_to_hsv(images: ArrayLike, data_format: str | None = None) -> Array:
    """Return images as hue, saturation and value, all in [0, 1].

    Args:
        images: floats in [0, 1], `(height, width, 3)` or a batch of those.
        data_format: "channels_last", "channels_first" or None for the default.
    """
    axis = _channel_axis(images, "rgb_to_hsv", data_format, floats=True)
    red, green, blue = jnp.moveaxis(images, axis, 0)
    value = jnp.maximum(jnp.maximum(red, green), blue)
    span = value - jnp.minimum(jnp.minimum(red, green), blue)
    saturation = jnp.where(value > 0, span / jnp.where(value > 0, value, 1), 0)
    sixth = 1 / (6 * jnp.where(span > 0, span, 1))
    hue = jnp.where(
        red == value,
        sixth * (green - blue),
        jnp.where(green == value, sixth * (blue - red) + 2 / 6, sixth * (red - green) + 4 / 6),
    )
    hue = jnp.where(span > 0, hue, 0)
    return jnp.stack([jnp.where(hue < 0, hue + 1, hue), saturation, value], axis).astype(images.dtype)


@operation(class_name="HSVToRGB")
def hsv_to_rgb(images: ArrayLike, data_format: str | None = None) -> Array:
    """Return images of hue, saturation and value as red, green and blue.

    Args:
        images: floats in [0, 1], `(height, width, 3)` or a batch of those.
        data_format: "channels_last", "channels_first" or None for the default.
    """
    axis = _channel_axis(images, "hsv_to_rgb", data_format, floats=True)
    hue, saturation, value = jnp.moveaxis(images, axis, 0)
    place = hue * 6
    colours = jnp.clip(jnp.stack([jnp.abs(place - 3) - 1, 2 - jnp.abs(place - 2), 2 - jnp.abs(place - 4)], axis), 0, 1)
    saturation, value = jnp.expand_dims(saturation, axis), jnp.expand_dims(value, axis)
    return (((1 - saturation) + saturation * colours) * value).astype(images.dtype)


def _channel_axis(images: Array, function: str, data_format: str | None, floats: bool = False) -> int:
    check_rank(images, function)
    axis = images.ndim - (1 if config.standardize_data_format(data_format) == "channels_last" else 3)
    if images.shape[axis] != 3:
        raise ValueError(f"{function}: images must have 3 channels on axis {axis}, received shape {images.shape}.")
    if floats and not jnp.issubdtype(images.dtype, jnp.floating):
        raise ValueError(f"{function}: images must hold floats in [0, 1], received dtype {images.dtype}.")
    return axis
