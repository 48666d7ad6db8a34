"""Images in other sizes."""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp

from lamina.core.recording import operation
from lamina.ops.image.layout import back_to, channels_last, check_rank, one_of
from lamina.typing import Array, ArrayLike

__all__ = ["resize", "scale_and_translate"]

_METHODS = ("bilinear", "nearest", "bicubic", "lanczos3", "lanczos5")


@operation
def resize(
    images: ArrayLike,
    size: tuple[int, int],
    interpolation: str = "bilinear",
    antialias: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    fill_mode: str = "constant",
    fill_value: float = 0.0,
    data_format: str | None = None,
) -> Array:
    """Return images in another size.

    Args:
        images: `(height, width, channels)` or a batch of those.
        size: `(height, width)` of the result.
        interpolation: "bilinear", "nearest", "bicubic", "lanczos3" or "lanczos5".
        antialias: whether to blur before pixels are left out.
        crop_to_aspect_ratio: whether to cut the borders so that nothing is distorted.
        pad_to_aspect_ratio: whether to add borders so that nothing is distorted.
        fill_mode: "constant", the only way to fill borders.
        fill_value: of the borders.
        data_format: "channels_last", "channels_first" or None for the default.

    Example:
        >>> lamina.ops.image.resize(lamina.ops.ones((2, 4, 4, 3)), (8, 6)).shape
        (2, 8, 6, 3)
    """
    check_rank(images, "resize")
    one_of(interpolation, _METHODS, "interpolation", "resize")
    one_of(fill_mode, ("constant",), "fill_mode", "resize")
    if crop_to_aspect_ratio and pad_to_aspect_ratio:
        raise ValueError("resize: only one of crop_to_aspect_ratio and pad_to_aspect_ratio can be True.")
    if len(size) != 2 or min(size) < 1:
        raise ValueError(f"resize: size must hold a height and a width of at least 1, got {size!r}.")

    def run(batch: Array) -> Array:
        if crop_to_aspect_ratio:
            batch = _cropped(batch, size)
        elif pad_to_aspect_ratio:
            batch = _padded(batch, size, fill_value)
        shape = (batch.shape[0], *size, batch.shape[-1])
        if interpolation == "nearest":
            return jax.image.resize(batch, shape, "nearest")
        return back_to(jax.image.resize(_inexact(batch), shape, interpolation, antialias=antialias), batch.dtype)

    return channels_last(run, images, data_format)


@operation
def scale_and_translate(
    images: ArrayLike,
    output_shape: Sequence[int],
    scale: ArrayLike,
    translation: ArrayLike,
    spatial_dims: Sequence[int],
    method: str,
    antialias: bool = True,
) -> Array:
    """Return images scaled and shifted along some axes; places outside of the input are 0.

    Args:
        images: any array.
        output_shape: of the result; axes that are not in `spatial_dims` keep their size.
        scale: a factor for each of `spatial_dims`.
        translation: pixels to shift by, for each of `spatial_dims`.
        spatial_dims: the axes that are resampled.
        method: "linear", "bilinear", "trilinear", "cubic", "bicubic", "tricubic", "lanczos3" or "lanczos5".
        antialias: whether to blur before pixels are left out.
    """
    return jax.image.scale_and_translate(images, output_shape, spatial_dims, scale, translation, method, antialias)


def _inexact(batch: Array) -> Array:
    return batch if jnp.issubdtype(batch.dtype, jnp.inexact) else batch.astype("float32")


def _cropped(batch: Array, size: tuple[int, int]) -> Array:
    height, width = batch.shape[1:3]
    crop_height = max(min(height, int(width * size[0] / size[1])), 1)
    crop_width = max(min(width, int(height * size[1] / size[0])), 1)
    top, left = int((height - crop_height) / 2), int((width - crop_width) / 2)
    return batch[:, top : top + crop_height, left : left + crop_width]


def _padded(batch: Array, size: tuple[int, int], fill_value: float) -> Array:
    height, width = batch.shape[1:3]
    top = int((max(height, int(width * size[0] / size[1])) - height) / 2)
    left = int((max(width, int(height * size[1] / size[0])) - width) / 2)
    return jnp.pad(batch, ((0, 0), (top, top), (left, left), (0, 0)), constant_values=fill_value)
