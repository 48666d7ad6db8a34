"""TensorFlow's functions that make, shape and pick from tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from lamina import ops
from lamina.compat.tensorflow.text import as_text, is_text
from lamina.compat.tensorflow.wrapping import tensor, unary

__all__ = [
    "argsort", "boolean_mask", "broadcast_to", "cast", "clip_by_value", "concat", "constant", "convert_to_tensor",
    "expand_dims", "eye", "fill", "gather", "identity", "linspace", "meshgrid", "one_hot", "ones", "ones_like", "pad",
    "range", "rank", "repeat", "reshape", "reverse", "roll", "shape", "size", "sort", "split", "squeeze", "stack",
    "stop_gradient", "tile", "transpose", "unstack", "where", "zeros", "zeros_like",
]  # fmt: skip

identity = unary(tensor)
stop_gradient = unary(ops.stop_gradient)


def constant(value: Any, dtype: Any = None, shape: Any = None, name: str = "Const") -> Any:
    """Return a tensor of values; a single one fills `shape`."""
    array = convert_to_tensor(value, dtype)
    if shape is None:
        return array
    return jnp.full(shape, array) if array.size == 1 else jnp.reshape(array, shape)


def convert_to_tensor(value: Any, dtype: Any = None, dtype_hint: Any = None, name: str | None = None) -> Any:
    """Return `value` as a tensor of `dtype`, else of `dtype_hint`, else of its own; text as a NumPy array."""
    return as_text(value) if is_text(value) else tensor(value, dtype or dtype_hint)


def cast(x: Any, dtype: Any, name: str | None = None) -> Any:
    """Return `x` in another dtype."""
    return ops.cast(x, dtype)


def ones(shape: Any, dtype: Any = "float32", name: str | None = None, layout: None = None) -> Any:
    """Return a tensor of ones."""
    _refuse_layout(layout)
    return ops.ones(_shape(shape), dtype=dtype)


def zeros(shape: Any, dtype: Any = "float32", name: str | None = None, layout: None = None) -> Any:
    """Return a tensor of zeros."""
    _refuse_layout(layout)
    return ops.zeros(_shape(shape), dtype=dtype)


def ones_like(input: Any, dtype: Any = None, name: str | None = None, layout: None = None) -> Any:
    """Return ones in the shape of `input`."""
    _refuse_layout(layout)
    return ops.ones_like(input, dtype=dtype)


def zeros_like(input: Any, dtype: Any = None, name: str | None = None, layout: None = None) -> Any:
    """Return zeros in the shape of `input`."""
    _refuse_layout(layout)
    return ops.zeros_like(input, dtype=dtype)


def fill(dims: Any, value: Any, name: str | None = None, layout: None = None) -> Any:
    """Return a tensor that holds one value everywhere."""
    _refuse_layout(layout)
    return ops.full(_shape(dims), value)


def eye(
    num_rows: int, num_columns: int | None = None, batch_shape: Any = None, dtype: Any = "float32", name: Any = None
) -> Any:
    """Return an identity matrix, repeated over `batch_shape`."""
    matrix = jnp.eye(num_rows, num_columns, dtype=dtype)
    return matrix if batch_shape is None else jnp.broadcast_to(matrix, (*_shape(batch_shape), *matrix.shape))


def range(start: Any, limit: Any = None, delta: Any = 1, dtype: Any = None, name: str = "range") -> Any:
    """Return the numbers from `start` (or 0) up to `limit`, without it."""
    start, limit = (0, start) if limit is None else (start, limit)
    return jnp.arange(start, limit, delta, dtype=dtype)


def linspace(start: Any, stop: Any, num: int, name: str | None = None, axis: int = 0) -> Any:
    """Return `num` evenly spaced numbers, both ends included."""
    return ops.linspace(start, stop, int(num), axis=axis)


def one_hot(
    indices: Any,
    depth: int,
    on_value: Any = None,
    off_value: Any = None,
    axis: int | None = None,
    dtype: Any = None,
    name: str | None = None,
) -> Any:
    """Return vectors that hold `on_value` (1) at an index and `off_value` (0) elsewhere."""
    on, off = 1 if on_value is None else on_value, 0 if off_value is None else off_value
    hot = ops.one_hot(indices, int(depth), axis=-1 if axis is None else axis, dtype=dtype or "float32")
    return hot if (on_value, off_value) == (None, None) else hot * (on - off) + off


def shape(input: Any, out_type: Any = "int32", name: str | None = None) -> tuple[Any, ...]:
    """Return the sizes of the axes, in a tuple."""
    return ops.shape(tensor(input))


def rank(input: Any, name: str | None = None) -> int:
    """Return the number of axes."""
    return len(tensor(input).shape)


def size(input: Any, out_type: Any = "int32", name: str | None = None) -> Any:
    """Return the number of elements."""
    return jnp.asarray(tensor(input).size, out_type)


def reshape(tensor: Any, shape: Any, name: str | None = None) -> Any:
    """Return the elements in another shape."""
    return ops.reshape(tensor, _shape(shape))


def transpose(a: Any, perm: Any = None, conjugate: bool = False, name: str = "transpose") -> Any:
    """Return `a` with its axes in another order, by default reversed."""
    a = ops.conj(a) if conjugate else a
    return ops.transpose(a, axes=perm)


def expand_dims(input: Any, axis: int, name: str | None = None) -> Any:
    """Return `input` with a new axis of size 1."""
    return as_text(np.expand_dims(input, axis)) if is_text(input) else ops.expand_dims(input, axis)


def squeeze(input: Any, axis: Any = None, name: str | None = None) -> Any:
    """Return `input` without axes of size 1."""
    return ops.squeeze(input, tuple(axis) if isinstance(axis, list) else axis)


def concat(values: Any, axis: int, name: str = "concat") -> Any:
    """Return tensors put one after another along an axis."""
    return ops.concatenate(values, axis=axis)


def stack(values: Any, axis: int = 0, name: str = "stack") -> Any:
    """Return tensors put side by side along a new axis."""
    return ops.stack(values, axis=axis)


def unstack(value: Any, num: int | None = None, axis: int = 0, name: str = "unstack") -> Any:
    """Return the parts of a tensor along an axis, in a list."""
    return ops.unstack(value, num=num, axis=axis)


def split(value: Any, num_or_size_splits: Any, axis: int = 0, num: int | None = None, name: str = "split") -> Any:
    """Return parts along an axis: so many equal ones, or of the sizes given."""
    parts = num_or_size_splits
    if not isinstance(parts, int):
        parts = [int(place) for place in np.cumsum(np.asarray(parts))[:-1]]
    return ops.split(value, parts, axis=axis)


def tile(input: Any, multiples: Any, name: str | None = None) -> Any:
    """Return `input` repeated as a whole along each axis."""
    return ops.tile(input, _shape(multiples))


def repeat(input: Any, repeats: Any, axis: int | None = None, name: str | None = None) -> Any:
    """Return `input` with each element repeated along an axis."""
    return ops.repeat(input, repeats, axis=axis)


def reverse(tensor: Any, axis: Any, name: str | None = None) -> Any:
    """Return `tensor` from back to front along axes."""
    return ops.flip(tensor, axis=tuple(axis) if isinstance(axis, Sequence) else axis)


def roll(input: Any, shift: Any, axis: Any, name: str | None = None) -> Any:
    """Return `input` moved along axes, what falls off coming in again."""
    return ops.roll(input, shift, axis=axis)


def pad(tensor: Any, paddings: Any, mode: str = "CONSTANT", constant_values: Any = 0, name: str | None = None) -> Any:
    """Return `tensor` with borders: "CONSTANT", "REFLECT" or "SYMMETRIC"."""
    widths = [tuple(int(width) for width in pair) for pair in np.asarray(paddings)]
    mode = mode.lower()
    if mode not in ("constant", "reflect", "symmetric"):
        raise ValueError(f"tf.pad: mode must be 'CONSTANT', 'REFLECT' or 'SYMMETRIC', got {mode!r}.")
    if mode == "constant":
        return ops.pad(tensor, widths, mode=mode, constant_values=constant_values)
    return ops.pad(tensor, widths, mode=mode)


def gather(
    params: Any,
    indices: Any,
    validate_indices: None = None,
    axis: int | None = None,
    batch_dims: int = 0,
    name: str | None = None,
) -> Any:
    """Return the slices of `params` at `indices` along an axis (default the first)."""
    if batch_dims or validate_indices is not None:
        raise ValueError(
            "tf.gather: batch_dims and validate_indices are not supported by lamina; see jnp.take_along_axis."
        )
    return ops.take(params, indices, axis=0 if axis is None else axis)


def boolean_mask(tensor: Any, mask: Any, axis: int | None = None, name: str = "boolean_mask") -> Any:
    """Return the elements at which `mask` is true. Their number must be known, so not inside a model."""
    before = (slice(None),) * (axis or 0)
    return jnp.asarray(tensor)[(*before, np.asarray(mask, bool))]


def broadcast_to(input: Any, shape: Any, name: str | None = None) -> Any:
    """Return `input` repeated to a shape."""
    return ops.broadcast_to(input, _shape(shape))


def meshgrid(*args: Any, indexing: str = "xy", name: str | None = None) -> Any:
    """Return the coordinates of a grid."""
    return ops.meshgrid(*args, indexing=indexing)


def where(condition: Any, x: Any = None, y: Any = None, name: str | None = None) -> Any:
    """Return `x` where the condition holds and `y` elsewhere; without those the indices at which it holds."""
    if x is None and y is None:
        return jnp.argwhere(jnp.asarray(condition))
    return ops.where(condition, x, y)


def clip_by_value(t: Any, clip_value_min: Any, clip_value_max: Any, name: str | None = None) -> Any:
    """Return `t` cut to a range."""
    return ops.clip(t, clip_value_min, clip_value_max)


def sort(values: Any, axis: int = -1, direction: str = "ASCENDING", name: str | None = None) -> Any:
    """Return `values` in order along an axis, "ASCENDING" or "DESCENDING"."""
    ordered = ops.sort(values, axis=axis)
    return ops.flip(ordered, axis=axis) if _descending(direction) else ordered


def argsort(
    values: Any, axis: int = -1, direction: str = "ASCENDING", stable: bool = False, name: str | None = None
) -> Any:
    """Return the indices that put `values` in order along an axis; always stable."""
    return jnp.argsort(jnp.asarray(values), axis=axis, descending=_descending(direction), stable=True)


def _descending(direction: str) -> bool:
    if direction not in ("ASCENDING", "DESCENDING"):
        raise ValueError(f"direction must be 'ASCENDING' or 'DESCENDING', got {direction!r}.")
    return direction == "DESCENDING"


def _shape(shape: Any) -> Any:
    """Return a shape as a tuple of numbers; a tensor of sizes or a single size is as good."""
    if isinstance(shape, int | np.integer):
        return (int(shape),)
    if hasattr(shape, "__array__") and np.ndim(shape) == 0:
        return (int(shape),)
    return tuple(size if size is None else int(size) for size in shape)


def _refuse_layout(layout: Any) -> None:
    if layout is not None:
        raise ValueError("layout is not supported by lamina; leave it out.")
