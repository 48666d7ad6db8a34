"""Images moved, turned and bent: each pixel of the result is read from some place of the input."""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp
from jax.scipy.ndimage import map_coordinates as read_at

from lamina import random
from lamina.core.recording import operation
from lamina.ops.image.filters import gaussian_blur
from lamina.ops.image.layout import back_to, channels_last, check_rank, one_of
from lamina.typing import Array, ArrayLike

__all__ = ["affine_transform", "elastic_transform", "map_coordinates", "perspective_transform"]

_ORDERS = {"nearest": 0, "bilinear": 1}
_FILLS = ("constant", "nearest", "wrap", "mirror", "reflect")


@operation
def map_coordinates(
    inputs: ArrayLike, coordinates: ArrayLike, order: int, fill_mode: str = "constant", fill_value: float = 0
) -> Array:
    """Return what an array holds at places between its elements.

    Args:
        inputs: any array.
        coordinates: `(axes of inputs, *shape of the result)`, places in elements.
        order: 0 for the nearest element, 1 for linear interpolation.
        fill_mode: what is outside: "constant", "nearest" (the border), "wrap" (the other side), "mirror" (about the
            border's centre) or "reflect" (about its edge).
        fill_value: what is outside, for "constant".

    Example:
        >>> lamina.ops.image.map_coordinates([0.0, 10.0, 20.0], [[0.5, 1.25]], order=1).tolist()
        [5.0, 12.5]
    """
    if coordinates.shape[0] != inputs.ndim:
        raise ValueError(
            f"map_coordinates: coordinates must have one row for each axis of the inputs, got {coordinates.shape[0]} "
            f"for {inputs.ndim} axes."
        )
    if order not in (0, 1):
        raise ValueError(f"map_coordinates: order must be 0 (nearest) or 1 (linear), got {order!r}.")
    one_of(fill_mode, _FILLS, "fill_mode", "map_coordinates")
    return read_at(inputs, list(coordinates), order, mode=fill_mode, cval=fill_value)


@operation
def affine_transform(
    images: ArrayLike,
    transform: ArrayLike,
    interpolation: str = "bilinear",
    fill_mode: str = "constant",
    fill_value: float = 0,
    data_format: str | None = None,
) -> Array:
    """Return images moved, turned, scaled or sheared.

    Args:
        images: `(height, width, channels)` or a batch of those.
        transform: eight numbers `a0, a1, a2, b0, b1, b2, c0, c1`, or such a row for each image: the pixel at `(x, y)`
            of the result is read at `(a0 x + a1 y + a2, b0 x + b1 y + b2)`. `c0` and `c1` must be 0.
        interpolation: "bilinear" or "nearest".
        fill_mode, fill_value: what is outside, as for `map_coordinates`.
        data_format: "channels_last", "channels_first" or None for the default.
    """
    check_rank(images, "affine_transform")
    if transform.ndim not in (1, 2) or transform.shape[-1] != 8:
        raise ValueError(
            f"affine_transform: transform must have shape (8,) or (batch, 8), received shape {transform.shape}."
        )
    rows = transform[None] if transform.ndim == 1 else transform
    return _read(images, rows, interpolation, fill_mode, fill_value, data_format, "affine_transform")


@operation
def perspective_transform(
    images: ArrayLike,
    start_points: ArrayLike,
    end_points: ArrayLike,
    interpolation: str = "bilinear",
    fill_value: float = 0,
    data_format: str | None = None,
) -> Array:
    """Return images as seen from elsewhere: four points move, straight lines stay straight.

    Args:
        images: `(height, width, channels)` or a batch of those.
        start_points: four points `(x, y)` of the input, in pixels: `(4, 2)`, or `(batch, 4, 2)`.
        end_points: where they are in the result.
        interpolation: "bilinear" or "nearest".
        fill_value: what is outside.
        data_format: "channels_last", "channels_first" or None for the default.
    """
    check_rank(images, "perspective_transform")
    for name, points in (("start_points", start_points), ("end_points", end_points)):
        if points.ndim not in (2, 3) or points.shape[-2:] != (4, 2):
            raise ValueError(
                f"perspective_transform: {name} must have shape (4, 2) or (batch, 4, 2), received shape {points.shape}."
            )
    starts, ends = (points[None] if points.ndim == 2 else points for points in (start_points, end_points))
    starts, ends = jnp.broadcast_arrays(starts.astype("float32"), ends.astype("float32"))
    rows = jax.vmap(_homography)(starts, ends)
    return _read(images, rows, interpolation, "constant", fill_value, data_format, "perspective_transform")


@operation
def elastic_transform(
    images: ArrayLike,
    alpha: float = 20.0,
    sigma: float = 5.0,
    interpolation: str = "bilinear",
    fill_mode: str = "reflect",
    fill_value: float = 0.0,
    seed: Any = None,
    data_format: str | None = None,
) -> Array:
    """Return images bent at random, as if drawn on rubber.

    Args:
        images: `(height, width, channels)` or a batch of those, each bent in a way of its own.
        alpha: how far pixels move.
        sigma: how smoothly, in pixels.
        interpolation: "bilinear" or "nearest".
        fill_mode, fill_value: what is outside, as for `map_coordinates`.
        seed: a whole number or a `SeedGenerator`.
        data_format: "channels_last", "channels_first" or None for the default.

    Reference: Simard et al., 2003, https://doi.org/10.1109/ICDAR.2003.1227801
    """
    check_rank(images, "elastic_transform")
    order = _ORDERS[one_of(interpolation, tuple(_ORDERS), "interpolation", "elastic_transform")]
    one_of(fill_mode, _FILLS, "fill_mode", "elastic_transform")
    size = 2 * math.ceil(3 * sigma) + 1

    def run(batch: Array) -> Array:
        shape = batch.shape[:3]
        shifts = random.normal((*shape, 2), seed=seed)
        shifts = gaussian_blur(shifts, (size, size), (sigma, sigma), data_format="channels_last") * alpha
        grid = jnp.stack(jnp.meshgrid(*map(jnp.arange, shape[1:]), indexing="ij"), -1)
        return _at(batch, grid + shifts, order, fill_mode, fill_value)

    return channels_last(run, images, data_format)


def _homography(start: Array, end: Array) -> Array:
    """Return the eight numbers of the transform that takes four points of the result to those of the input."""
    x, y = end[:, 0], end[:, 1]
    zero, one = jnp.zeros_like(x), jnp.ones_like(x)
    across = jnp.stack([x, y, one, zero, zero, zero, -start[:, 0] * x, -start[:, 0] * y], 1)
    down = jnp.stack([zero, zero, zero, x, y, one, -start[:, 1] * x, -start[:, 1] * y], 1)
    return jnp.linalg.solve(jnp.concatenate([across, down]), jnp.concatenate([start[:, 0], start[:, 1]]))


def _read(
    images: Array,
    rows: Array,
    interpolation: str,
    fill_mode: str,
    fill_value: float,
    data_format: str | None,
    function: str,
) -> Array:
    order = _ORDERS[one_of(interpolation, tuple(_ORDERS), "interpolation", function)]
    one_of(fill_mode, _FILLS, "fill_mode", function)
    rows = rows.astype("float32")

    def run(batch: Array) -> Array:
        if rows.shape[0] not in (1, batch.shape[0]):
            raise ValueError(f"{function}: {rows.shape[0]} transforms were given for {batch.shape[0]} images.")
        y, x = jnp.meshgrid(*map(jnp.arange, batch.shape[1:3]), indexing="ij")
        a0, a1, a2, b0, b1, b2, c0, c1 = (rows[:, at, None, None] for at in range(8))
        depth = c0 * x + c1 * y + 1
        places = jnp.stack([(b0 * x + b1 * y + b2) / depth, (a0 * x + a1 * y + a2) / depth], -1)
        places = jnp.broadcast_to(places, (batch.shape[0], *places.shape[1:]))
        return _at(batch, places, order, fill_mode, fill_value)

    return channels_last(run, images, data_format)


def _at(batch: Array, places: Array, order: int, fill_mode: str, fill_value: float) -> Array:
    """Return pixels of each image at places `(batch, height, width, 2)`, given as row and column."""

    def of_channel(image: Array, place: Array) -> Array:
        return read_at(image, [place[..., 0], place[..., 1]], order, mode=fill_mode, cval=fill_value)

    each = jax.vmap(jax.vmap(of_channel, in_axes=(-1, None), out_axes=-1))
    floats = batch if jnp.issubdtype(batch.dtype, jnp.floating) else batch.astype("float32")
    read = each(floats, places)
    if jnp.issubdtype(batch.dtype, jnp.integer):
        read = jax.lax.round(read)  # halves away from zero, as Keras does
    return back_to(read, batch.dtype)
