"""Image files and arrays, by Pillow."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from lamina import config

_MODES = {"grayscale": "L", "rgb": "RGB", "rgba": "RGBA"}
_INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "hamming", "box", "lanczos")


def _pillow() -> Any:
    try:
        from PIL import Image
    except ImportError as error:
        raise ImportError("Image files need Pillow: pip install 'lamina[data]'") from error
    return Image


def load_img(
    path: Any,
    color_mode: str = "rgb",
    target_size: tuple[int, int] | None = None,
    interpolation: str = "nearest",
    keep_aspect_ratio: bool = False,
) -> Any:
    """Return an image file as a Pillow image.

    Args:
        path: a path or an open file.
        color_mode: "grayscale", "rgb" or "rgba".
        target_size: `(height, width)` in pixels to bring it to; None keeps its own.
        interpolation: "nearest", "bilinear", "bicubic", "lanczos", "box" or "hamming".
        keep_aspect_ratio: whether to cut the borders so that nothing is distorted.

    Raises:
        ImportError: without Pillow (`pip install 'lamina[data]'`).
        ValueError: for an unknown option.
    """
    if color_mode not in _MODES:
        raise ValueError(f"load_img: color_mode must be one of {', '.join(map(repr, _MODES))}, got {color_mode!r}.")
    if interpolation not in _INTERPOLATIONS:
        raise ValueError(
            f"load_img: interpolation must be one of {', '.join(map(repr, _INTERPOLATIONS))}, got {interpolation!r}."
        )
    pillow = _pillow()
    with pillow.open(path) as opened:
        # Sixteen-bit grey levels stay as they are; all else becomes what was asked for.
        keep = color_mode == "grayscale" and opened.mode in ("L", "I;16", "I")
        image = opened.copy() if keep else opened.convert(_MODES[color_mode])
    if target_size is None:
        return image
    height, width = target_size
    method = getattr(pillow.Resampling, interpolation.upper())
    box = None
    if keep_aspect_ratio:
        kept_height = min(image.height, image.width * height // width)
        kept_width = min(image.width, image.height * width // height)
        left, top = (image.width - kept_width) // 2, (image.height - kept_height) // 2
        box = (left, top, left + kept_width, top + kept_height)
    return image.resize((width, height), method, box=box)


def img_to_array(img: Any, data_format: str | None = None, dtype: Any = None) -> np.ndarray:
    """Return a Pillow image as an array with an axis of channels.

    Args:
        img: the image.
        data_format: "channels_last", "channels_first" or None for the default.
        dtype: default `lamina.config.floatx()`.
    """
    first = config.standardize_data_format(data_format) == "channels_first"
    array = np.asarray(img, config.standardize_dtype(dtype))
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim != 3:
        raise ValueError(f"img_to_array: an image has 2 or 3 axes, got an array of shape {array.shape}.")
    return array.transpose(2, 0, 1) if first else array


def array_to_img(x: Any, data_format: str | None = None, scale: bool = True, dtype: Any = None) -> Any:
    """Return an array as a Pillow image.

    Args:
        x: `(height, width, channels)` with 1, 3 or 4 channels.
        data_format: "channels_last", "channels_first" or None for the default.
        scale: whether to stretch the numbers to the range from 0 to 255.
        dtype: to compute in; default `lamina.config.floatx()`.

    Raises:
        ImportError: without Pillow.
        ValueError: for another shape.
    """
    first = config.standardize_data_format(data_format) == "channels_first"
    array = np.asarray(x, config.standardize_dtype(dtype))
    if array.ndim != 3:
        raise ValueError(f"array_to_img: expected an array with 3 axes (one image), got shape {array.shape}.")
    array = array.transpose(1, 2, 0) if first else array
    if array.shape[-1] not in (1, 3, 4):
        raise ValueError(f"array_to_img: expected 1, 3 or 4 channels, got {array.shape[-1]} in shape {array.shape}.")
    if scale:
        array = array - array.min()
        array = array / (array.max() or 1) * 255
    if array.shape[-1] == 1:
        wide = array.max() > 255
        return _pillow().fromarray(array[..., 0].astype("int32" if wide else "uint8"))
    return _pillow().fromarray(array.astype("uint8"))


def save_img(
    path: Any,
    x: Any,
    data_format: str | None = None,
    file_format: str | None = None,
    scale: bool = True,
    **kwargs: Any,
) -> None:
    """Write an array as an image file.

    Args:
        path: a path, or an open file together with `file_format`.
        x: `(height, width, channels)` with 1, 3 or 4 channels.
        data_format: "channels_last", "channels_first" or None for the default.
        file_format: such as "png"; default by the path's extension.
        scale: whether to stretch the numbers to the range from 0 to 255.
        kwargs: further arguments of Pillow's `Image.save`.
    """
    image = array_to_img(x, data_format=data_format, scale=scale)
    by_name = os.fspath(path).lower().endswith((".jpg", ".jpeg")) if isinstance(path, str | os.PathLike) else False
    if image.mode == "RGBA" and (by_name or file_format in ("jpg", "jpeg")):
        image = image.convert("RGB")  # JPEG files know no transparency
    image.save(path, format="jpeg" if file_format == "jpg" else file_format, **kwargs)
