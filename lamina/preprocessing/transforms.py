"""Geometry and colours of single images, as NumPy arrays, for `ImageDataGenerator`."""

from __future__ import annotations

from typing import Any

import numpy as np


def apply_affine_transform(
    x: np.ndarray,
    theta: float = 0,
    tx: float = 0,
    ty: float = 0,
    shear: float = 0,
    zx: float = 1,
    zy: float = 1,
    row_axis: int = 1,
    col_axis: int = 2,
    channel_axis: int = 0,
    fill_mode: str = "nearest",
    cval: float = 0.0,
    order: int = 1,
) -> np.ndarray:
    """Return an image turned, moved, sheared and zoomed about its middle, in this order.

    Args:
        x: an image with three axes.
        theta: angle in degrees.
        tx, ty: shift in pixels, along the width and along the height.
        shear: angle in degrees.
        zx, zy: zoom along the width and along the height; below 1 the image grows.
        row_axis, col_axis, channel_axis: the order of the axes.
        fill_mode: what lies beyond the border: "constant", "nearest", "reflect" or "wrap".
        cval: the value for "constant".
        order: of the spline that interpolates.

    Raises:
        ValueError: if a row and a column axis can't be told apart.
    """
    from scipy import ndimage  # jax needs scipy, so it is there; few need this part of it

    if len({row_axis, col_axis, channel_axis}) != 3 or not {row_axis, col_axis, channel_axis} <= {0, 1, 2}:
        raise ValueError(f"The axes must be 0, 1 and 2, got {row_axis}, {col_axis} and {channel_axis}.")
    matrix = np.eye(3)
    for part in (_rotation(theta), _shift(tx, ty), _shear(shear), np.diag([zx, zy, 1.0])):
        matrix = matrix @ part
    if np.array_equal(matrix, np.eye(3)):
        return x
    if row_axis < col_axis:  # the matrix takes (x, y), an array the row first
        matrix = matrix[[1, 0, 2]][:, [1, 0, 2]]
    first, second = sorted((row_axis, col_axis))
    middle = _shift(x.shape[first] / 2 - 0.5, x.shape[second] / 2 - 0.5)
    matrix = middle @ matrix @ np.linalg.inv(middle)
    offset: Any = matrix[:2, 2]
    channels = [
        ndimage.affine_transform(channel, matrix[:2, :2], offset, order=order, mode=fill_mode, cval=cval)
        for channel in np.moveaxis(x, channel_axis, 0)
    ]
    return np.moveaxis(np.stack(channels), 0, channel_axis)


def apply_brightness_shift(x: np.ndarray, brightness: float, scale: bool = True) -> np.ndarray:
    """Return an image made brighter (above 1) or darker, in whole steps from 0 to 255 as Pillow does it.

    Args:
        x: an image.
        brightness: the factor.
        scale: whether the image's range is stretched to 0 … 255, and stays so. One that lies outside is stretched in
            any case, and without `scale` brought back after.
    """
    least, most = float(np.min(x)), float(np.max(x))
    outside = least < 0 or most > 255
    if outside or scale:
        x = (x - least) * (255 / max(most - least, 1e-12))
    x = np.trunc(np.clip(np.trunc(x) * np.float32(brightness), 0, 255))
    return x / 255 * (most - least) + least if outside and not scale else x


def apply_channel_shift(x: np.ndarray, intensity: float, channel_axis: int = 0) -> np.ndarray:
    """Return an image with `intensity` added to every channel, cut to the range that the image has."""
    return np.clip(x + intensity, np.min(x), np.max(x))


def flip(x: np.ndarray, axis: int) -> np.ndarray:
    """Return an image mirrored along an axis."""
    return np.flip(x, axis)


def _rotation(theta: float) -> np.ndarray:
    angle = np.deg2rad(theta)
    return np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])


def _shift(first: float, second: float) -> np.ndarray:
    return np.array([[1, 0, first], [0, 1, second], [0, 0, 1.0]])


def _shear(shear: float) -> np.ndarray:
    angle = np.deg2rad(shear)
    return np.array([[1, -np.sin(angle), 0], [0, np.cos(angle), 0], [0, 0, 1]])


Parameters = dict[str, Any]
"""What `ImageDataGenerator.get_random_transform` draws."""
