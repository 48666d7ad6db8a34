"""Images with borders added or taken off."""

from __future__ import annotations

import jax.numpy as jnp

from lamina.core.recording import operation
from lamina.ops.image.layout import channels_last, check_rank
from lamina.typing import Array, ArrayLike

__all__ = ["crop_images", "pad_images"]


@operation
def crop_images(
    images: ArrayLike,
    top_cropping: int | None = None,
    left_cropping: int | None = None,
    bottom_cropping: int | None = None,
    right_cropping: int | None = None,
    target_height: int | None = None,
    target_width: int | None = None,
    data_format: str | None = None,
) -> Array:
    """Return images without some of their borders.

    Args:
        images: `(height, width, channels)` or a batch of those.
        top_cropping, bottom_cropping, target_height: rows to take off above and below, and those that remain; exactly
            two of the three.
        left_cropping, right_cropping, target_width: the same of columns.
        data_format: "channels_last", "channels_first" or None for the default.

    Example:
        >>> lamina.ops.image.crop_images(lamina.ops.ones((5, 6, 1)), 1, 2, target_height=3, target_width=4).shape
        (3, 4, 1)
    """
    check_rank(images, "crop_images")

    def run(batch: Array) -> Array:
        height, width = batch.shape[1:3]
        top, _, kept_rows = _solved("crop_images", "height", height, -1, top_cropping, bottom_cropping, target_height)
        left, _, kept_columns = _solved("crop_images", "width", width, -1, left_cropping, right_cropping, target_width)
        return batch[:, top : top + kept_rows, left : left + kept_columns]

    return channels_last(run, images, data_format)


@operation
def pad_images(
    images: ArrayLike,
    top_padding: int | None = None,
    left_padding: int | None = None,
    bottom_padding: int | None = None,
    right_padding: int | None = None,
    target_height: int | None = None,
    target_width: int | None = None,
    data_format: str | None = None,
) -> Array:
    """Return images with zeros around them.

    Args:
        images: `(height, width, channels)` or a batch of those.
        top_padding, bottom_padding, target_height: rows to add above and below, and those of the result; exactly two of
            the three.
        left_padding, right_padding, target_width: the same of columns.
        data_format: "channels_last", "channels_first" or None for the default.

    Example:
        >>> lamina.ops.image.pad_images(lamina.ops.ones((3, 4, 1)), 1, 1, 1, 2).shape
        (5, 7, 1)
    """
    check_rank(images, "pad_images")

    def run(batch: Array) -> Array:
        height, width = batch.shape[1:3]
        top, bottom, _ = _solved("pad_images", "height", height, 1, top_padding, bottom_padding, target_height)
        left, right, _ = _solved("pad_images", "width", width, 1, left_padding, right_padding, target_width)
        return jnp.pad(batch, ((0, 0), (top, bottom), (left, right), (0, 0)))

    return channels_last(run, images, data_format)


def _solved(
    function: str, axis: str, size: int, sign: int, before: int | None, behind: int | None, target: int | None
) -> tuple[int, int, int]:
    """Return the border before, the border behind and the size of the result, of which one is not given."""
    sides = ("top", "bottom") if axis == "height" else ("left", "right")
    word = "cropping" if sign < 0 else "padding"
    if [before, behind, target].count(None) != 1:
        raise ValueError(
            f"{function}: give exactly two of {sides[0]}_{word}, {sides[1]}_{word} and target_{axis}; got {before}, "
            f"{behind} and {target}."
        )
    if before is None:
        before = (target - size) * sign - behind  # type: ignore[operator]
    elif behind is None:
        behind = (target - size) * sign - before  # type: ignore[operator]
    assert before is not None
    assert behind is not None
    result = size + sign * (before + behind)
    if before < 0 or behind < 0 or result < 1:
        raise ValueError(
            f"{function}: an image of {axis} {size} can't become one of {axis} {result} with "
            f"{sides[0]}_{word}={before} and {sides[1]}_{word}={behind}."
        )
    return before, behind, result
