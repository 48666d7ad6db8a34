"""Shapes and the order of elements: reshape, transpose, join, split, repeat, pad."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

from lamina.core import shapes
from lamina.core.recording import operation
from lamina.typing import Array, ArrayLike, Axis

__all__ = [
    "append", "array_split", "broadcast_to", "concatenate", "diag", "diagflat", "diagonal", "dsplit", "dstack",
    "expand_dims", "flip", "fliplr", "flipud", "hsplit", "hstack", "moveaxis", "pad", "ravel", "repeat",
    "reshape", "roll", "rot90", "split", "squeeze", "stack", "swapaxes", "tile", "transpose", "tril", "triu",
    "vsplit", "vstack",
]  # fmt: skip


@operation
def append(x1: ArrayLike, x2: ArrayLike, axis: int | None = None) -> Array:
    """Return `x1` followed by `x2`; both flat where `axis` is None."""
    return jnp.append(x1, x2, axis)


@operation
def array_split(x: ArrayLike, indices_or_sections: Any, axis: int = 0) -> list[Array]:
    """Return parts along an axis, the first ones longer by one where it can't be divided evenly."""
    if isinstance(indices_or_sections, int):
        shapes.check_parts(indices_or_sections, "array_split")
    return jnp.array_split(x, indices_or_sections, axis)


@operation
def broadcast_to(x: ArrayLike, shape: Any) -> Array:
    """Return `x` repeated to a shape."""
    return jnp.broadcast_to(x, shape)


@operation
def concatenate(xs: Sequence[ArrayLike], axis: int = 0) -> Array:
    """Return arrays joined along an axis."""
    return jnp.concatenate(xs, axis)


@operation
def diag(x: ArrayLike, k: int = 0) -> Array:
    """Return the matrix with the diagonal `x`, or the diagonal of the matrix `x`."""
    return jnp.diag(x, k)


@operation
def diagflat(x: ArrayLike, k: int = 0) -> Array:
    """Return the matrix with the elements of `x` as its diagonal."""
    return jnp.diagflat(x, k)


@operation
def diagonal(x: ArrayLike, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Array:
    """Return the diagonals of two axes, as a last axis."""
    return jnp.diagonal(x, offset, axis1, axis2)


@operation
def dsplit(x: ArrayLike, indices_or_sections: Any) -> list[Array]:
    """Return parts along the third axis."""
    return jnp.dsplit(x, indices_or_sections)


@operation
def dstack(xs: Sequence[ArrayLike]) -> Array:
    """Return arrays joined along the third axis."""
    return jnp.dstack(xs)


@operation
def expand_dims(x: ArrayLike, axis: int | Sequence[int]) -> Array:
    """Return `x` with axes of size 1 put in."""
    return jnp.expand_dims(x, axis)


@operation
def flip(x: ArrayLike, axis: Axis = None) -> Array:
    """Return `x` with the order along axes reversed."""
    return jnp.flip(x, axis)


@operation
def fliplr(x: ArrayLike) -> Array:
    """Return `x` with the order along the second axis reversed."""
    return jnp.fliplr(x)


@operation
def flipud(x: ArrayLike) -> Array:
    """Return `x` with the order along the first axis reversed."""
    return jnp.flipud(x)


@operation
def hsplit(x: ArrayLike, indices_or_sections: Any) -> list[Array]:
    """Return parts along the second axis, or the only one."""
    return jnp.hsplit(x, indices_or_sections)


@operation
def hstack(xs: Sequence[ArrayLike]) -> Array:
    """Return arrays joined along the second axis, or the only one."""
    return jnp.hstack(xs)


@operation
def moveaxis(x: ArrayLike, source: int | Sequence[int], destination: int | Sequence[int]) -> Array:
    """Return `x` with axes moved to other places."""
    return jnp.moveaxis(x, source, destination)


@operation
def pad(x: ArrayLike, pad_width: Any, mode: str = "constant", constant_values: ArrayLike | None = None) -> Array:
    """Return `x` with a border: constant (default 0), or by any mode of `numpy.pad`."""
    return _pad(x, pad_width, mode, constant_values)


@operation
def ravel(x: ArrayLike) -> Array:
    """Return all elements in one axis."""
    return jnp.ravel(x)


@operation
def repeat(x: ArrayLike, repeats: Any, axis: int | None = None) -> Array:
    """Return each element several times; a flat array where `axis` is None."""
    return jnp.repeat(x, repeats, axis)


@operation
def reshape(x: ArrayLike, newshape: Any) -> Array:
    """Return the same elements in another shape; -1 stands for the size that is left."""
    return jnp.reshape(x, _concrete(newshape, x.shape))


@operation
def roll(x: ArrayLike, shift: int | Sequence[int], axis: Axis = None) -> Array:
    """Return `x` moved along axes; what leaves at the end comes in at the start."""
    return jnp.roll(x, shift, axis)


@operation
def rot90(array: ArrayLike, k: int = 1, axes: Sequence[int] = (0, 1)) -> Array:
    """Return `array` turned by `k` quarters in the plane of two axes."""
    return jnp.rot90(array, k, axes)


@operation
def split(x: ArrayLike, indices_or_sections: Any, axis: int = 0) -> list[Array]:
    """Return a number of equal parts, or the parts between given indices."""
    if isinstance(indices_or_sections, int):
        shapes.check_parts(indices_or_sections, "split")
    return jnp.split(x, indices_or_sections, axis)


@operation
def squeeze(x: ArrayLike, axis: Axis = None) -> Array:
    """Return `x` without axes of size 1."""
    return jnp.squeeze(x, axis)


@operation
def stack(x: Sequence[ArrayLike], axis: int = 0) -> Array:
    """Return arrays of one shape joined along a new axis."""
    return jnp.stack(x, axis)


@operation
def swapaxes(x: ArrayLike, axis1: int, axis2: int) -> Array:
    """Return `x` with two axes exchanged."""
    return jnp.swapaxes(x, axis1, axis2)


@operation
def tile(x: ArrayLike, repeats: Any) -> Array:
    """Return `x` side by side with itself."""
    return jnp.tile(x, repeats)


@operation
def transpose(x: ArrayLike, axes: Sequence[int] | None = None) -> Array:
    """Return `x` with its axes in another order; default reversed."""
    return jnp.transpose(x, axes)


@operation
def tril(x: ArrayLike, k: int = 0) -> Array:
    """Return `x` with zeros above the `k`-th diagonal."""
    return jnp.tril(x, k)


@operation
def triu(x: ArrayLike, k: int = 0) -> Array:
    """Return `x` with zeros below the `k`-th diagonal."""
    return jnp.triu(x, k)


@operation
def vsplit(x: ArrayLike, indices_or_sections: Any) -> list[Array]:
    """Return parts along the first axis."""
    return jnp.vsplit(x, indices_or_sections)


@operation
def vstack(xs: Sequence[ArrayLike]) -> Array:
    """Return arrays joined along the first axis."""
    return jnp.vstack(xs)


def _concrete(newshape: Any, shape: tuple[int, ...]) -> Any:
    """Put sizes in the place of None: that of the same axis where one other size is to be inferred, else -1."""
    if not isinstance(newshape, tuple) or None not in newshape:
        return newshape
    if -1 not in newshape and newshape.count(None) == 1:
        return tuple(-1 if size is None else size for size in newshape)
    return tuple(shape[axis] if size is None and axis < len(shape) else size for axis, size in enumerate(newshape))


def _pad(x: Array, pad_width: Any, mode: str, constant_values: Array | None) -> Array:
    if constant_values is None:
        return jnp.pad(x, pad_width, mode)
    if mode != "constant":
        raise ValueError(f"pad: constant_values has a meaning only with mode='constant', got mode={mode!r}.")
    return jnp.pad(x, pad_width, mode, constant_values=constant_values)
