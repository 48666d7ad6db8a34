"""Images cut into patches."""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp

from lamina import config
from lamina.core.recording import operation
from lamina.ops.image.layout import check_rank, one_of
from lamina.typing import Array, ArrayLike

__all__ = ["extract_patches", "extract_patches_3d"]


@operation
def extract_patches(
    images: ArrayLike,
    size: Any,
    strides: Any = None,
    dilation_rate: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
) -> Array:
    """Return the patches of images, the pixels of each in a row.

    Args:
        images: `(height, width, channels)` or a batch of those.
        size: `(height, width)` of a patch, or one number.
        strides: pixels from one patch to the next; default `size`, so that patches do not overlap.
        dilation_rate: pixels from one pixel of a patch to the next.
        padding: "valid" (patches inside the image) or "same" (with zeros around it).
        data_format: "channels_last", "channels_first" or None for the default.

    Returns:
        `(batch, rows, columns, height * width * channels)`.

    Example:
        >>> lamina.ops.image.extract_patches(lamina.ops.ones((1, 8, 8, 3)), 4).shape
        (1, 2, 2, 48)
    """
    check_rank(images, "extract_patches")
    return _patches("extract_patches", images, 2, size, strides, dilation_rate, padding, data_format)


@operation(class_name="ExtractPatches3D")
def extract_patches_3d(
    volumes: ArrayLike,
    size: Any,
    strides: Any = None,
    dilation_rate: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
) -> Array:
    """Return the patches of volumes, the points of each in a row; as `extract_patches`, with one axis more.

    Args:
        volumes: `(depth, height, width, channels)` or a batch of those.
        size: `(depth, height, width)` of a patch, or one number.
        strides, dilation_rate, padding, data_format: as for `extract_patches`.
    """
    if volumes.ndim not in (4, 5):
        raise ValueError(f"extract_patches_3d: volumes must have 4 or 5 axes, received shape {volumes.shape}.")
    return _patches("extract_patches_3d", volumes, 3, size, strides, dilation_rate, padding, data_format)


def _patches(
    function: str,
    images: Array,
    axes: int,
    size: Any,
    strides: Any,
    dilation: Any,
    padding: str,
    data_format: str | None,
) -> Array:
    size, dilation = _sizes(function, "size", size, axes), _sizes(function, "dilation_rate", dilation, axes)
    strides = size if strides is None else _sizes(function, "strides", strides, axes)
    one_of(padding, ("valid", "same"), "padding", function)
    first = config.standardize_data_format(data_format) == "channels_first"
    single = images.ndim == axes + 1
    batch = images[None] if single else images
    batch = jnp.moveaxis(batch, 1, -1) if first else batch
    if padding == "valid" and strides == size and dilation == (1,) * axes:
        outputs = _tiles(batch, size)
    else:
        spatial = "DHW"[-axes:]
        outputs = jax.lax.conv_general_dilated_patches(
            batch,
            size,
            strides,
            padding.upper(),
            rhs_dilation=dilation,
            dimension_numbers=(f"N{spatial}C", f"{spatial}IO", f"N{spatial}C"),
            precision=jax.lax.Precision.HIGHEST,
        )
        # One channel after the other; wanted is one pixel after the other.
        outputs = outputs.reshape(*outputs.shape[:-1], batch.shape[-1], math.prod(size))
        outputs = jnp.swapaxes(outputs, -1, -2).reshape(*outputs.shape[:-2], -1)
    outputs = jnp.moveaxis(outputs, -1, 1) if first else outputs
    return outputs[0] if single else outputs


def _tiles(batch: Array, size: tuple[int, ...]) -> Array:
    """Cut into patches that do not overlap: numbers are moved, nothing is computed."""
    axes = len(size)
    counts = [extent // step for extent, step in zip(batch.shape[1:-1], size)]
    batch = batch[(slice(None), *(slice(count * step) for count, step in zip(counts, size)))]
    split = batch.reshape(batch.shape[0], *(part for pair in zip(counts, size) for part in pair), batch.shape[-1])
    order = [0, *range(1, 2 * axes, 2), *range(2, 2 * axes + 1, 2), 2 * axes + 1]
    return split.transpose(order).reshape(batch.shape[0], *counts, math.prod(size) * batch.shape[-1])


def _sizes(function: str, argument: str, value: Any, axes: int) -> tuple[int, ...]:
    values = (value,) * axes if isinstance(value, int) else tuple(value)
    if len(values) != axes or any(isinstance(one, bool) or not isinstance(one, int) or one < 1 for one in values):
        raise ValueError(f"{function}: {argument} must hold {axes} positive whole numbers, got {value!r}.")
    return values
