"""Types and shapes of arrays, slices and scatters, gradients stopped, functions of the user's own in graphs."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lamina import config
from lamina.core import shapes
from lamina.core.recording import as_array, operation, recording
from lamina.core.symbolic import is_symbolic
from lamina.typing import Array, ArrayLike, PyTree

__all__ = [
    "convert_to_tensor", "convert_to_numpy",
    "cast", "dtype", "is_tensor", "ndim", "rearrange", "saturate_cast", "scatter", "scatter_update", "shape",
    "size", "slice", "slice_update", "stop_gradient", "unstack", "wrap",
]  # fmt: skip


@operation
def saturate_cast(x: ArrayLike, dtype: Any) -> Array:
    """Return `x` in another type, limited to what that can hold."""
    return _saturate_cast(x, config.standardize_dtype(dtype))


@operation
def scatter(indices: ArrayLike, values: ArrayLike, shape: Any) -> Array:
    """Return zeros with values added at indices (count, axes)."""
    return jnp.zeros(shape, values.dtype).at[_places(indices)].add(values)


@operation
def scatter_update(inputs: ArrayLike, indices: ArrayLike, updates: ArrayLike, reduction: str | None = None) -> Array:
    """Return `inputs` with elements at indices (count, axes) set, or combined by "add", "mul", "min" or "max"."""
    return _scatter_update(inputs, indices, updates, reduction)


@operation
def slice(inputs: ArrayLike, start_indices: Sequence[ArrayLike], shape: Any) -> Array:
    """Return the part of a shape that begins at given indices, which may be known only when the program runs."""
    return _slice(inputs, start_indices, shape)


@operation
def slice_update(inputs: ArrayLike, start_indices: Sequence[ArrayLike], updates: ArrayLike) -> Array:
    """Return `inputs` with a part replaced that begins at given indices."""
    return jax.lax.dynamic_update_slice(inputs, updates.astype(inputs.dtype), tuple(start_indices))


@operation
def stop_gradient(variable: ArrayLike) -> Array:
    """Return `variable` so that no gradient flows through it."""
    return jax.lax.stop_gradient(jnp.asarray(variable))


@operation
def unstack(x: ArrayLike, num: int | None = None, axis: int = 0) -> list[Array]:
    """Return the elements along an axis as a list."""
    return _unstack(x, num, axis)


def convert_to_tensor(x: Any, dtype: Any = None, sparse: bool | None = None, ragged: bool | None = None) -> Array:
    """Return `x` as an array; Python floats get the type `lamina.config.floatx()`.

    Args:
        x: an array, a number, a list, a Variable; a symbolic tensor stays one, cast if need be.
        dtype: default that of `x`.
        sparse, ragged: JAX's arrays are neither; must be None or False.
    """
    if ragged:
        raise ValueError("convert_to_tensor: ragged=True is not supported: JAX's arrays are dense. Leave it out.")
    if sparse and not isinstance(x, jax.Array | np.ndarray | list | tuple | bool | int | float):
        raise ValueError("convert_to_tensor: sparse=True is not supported: JAX's arrays are dense. Leave it out.")
    return _converted(x, dtype=None if dtype is None else config.standardize_dtype(dtype), sparse=sparse, ragged=ragged)


@operation(class_name="ConvertToTensor")
def _converted(x: ArrayLike, dtype: Any, sparse: bool | None, ragged: bool | None) -> Array:
    if dtype is None and jnp.asarray(x).weak_type:
        dtype = config.floatx() if jnp.issubdtype(x.dtype, jnp.floating) else x.dtype
    return jnp.asarray(x, dtype)


def convert_to_numpy(x: Any) -> np.ndarray:
    """Return `x` as a NumPy array."""
    return np.array(as_array(x))


def cast(x: Any, dtype: Any) -> Array:
    """Return `x` in another type."""
    return _cast(x, dtype=config.standardize_dtype(dtype))


@operation(class_name="Cast")
def _cast(x: ArrayLike, dtype: str) -> Array:
    array = jnp.asarray(x)
    if jnp.issubdtype(array.dtype, jnp.complexfloating) and not jnp.issubdtype(dtype, jnp.complexfloating):
        array = jnp.real(array)
    return array.astype(dtype)


def dtype(x: Any) -> str:
    """Return the name of the type of an array, a Variable, a symbolic tensor or a number."""
    return config.standardize_dtype(getattr(x, "dtype", None) or jnp.result_type(x))


def shape(x: Any) -> tuple[int | None, ...]:
    """Return the sizes of an array by axis; None where a symbolic tensor's are unknown.

    Example:
        >>> lamina.ops.shape(lamina.Input((3,)))
        (None, 3)
    """
    return tuple(x.shape) if hasattr(x, "shape") else np.shape(x)


def ndim(x: Any) -> int:
    """Return the number of axes."""
    return len(shape(x))


def size(x: Any) -> int | None:
    """Return the number of elements; None where a symbolic tensor's is unknown."""
    sizes = shape(x)
    return None if None in sizes else int(np.prod(sizes, dtype=np.int64))


def is_tensor(x: Any) -> bool:
    """Tell whether `x` is an array of JAX (which a NumPy array is not) or a symbolic tensor."""
    return isinstance(x, jax.Array) or is_symbolic(x)


def wrap(function: Callable[..., PyTree]) -> Callable[..., PyTree]:
    """Return a function of arrays so that graphs can hold it: called on symbolic tensors it is recorded.

    Args:
        function: any pure function of arrays, such as those of `jax.numpy`. Register it with
            `@lamina.saving.register_keras_serializable()` to write models with it to files.

    Example:
        >>> import jax.numpy as jnp
        >>> x = lamina.Input((3,))
        >>> model = lamina.Model(x, lamina.ops.wrap(jnp.sinc)(x))
        >>> model(lamina.ops.zeros((1, 3))).tolist()
        [[1.0, 1.0, 1.0]]
    """
    if not callable(function):
        raise TypeError(f"wrap takes a function, got {function!r}.")
    return recording(function)


def rearrange(tensor: ArrayLike, pattern: str, **axes_lengths: int) -> Array:
    """Return an array with axes reordered, joined and taken apart as a pattern says.

    Args:
        tensor: the array.
        pattern: names of axes before and after, joined axes in parentheses: "b h w c -> b (h w) c".
        axes_lengths: sizes of axes that can't be told from the shape.

    Raises:
        ValueError: if the pattern does not fit the shape.

    Example:
        >>> lamina.ops.rearrange(lamina.ops.ones((2, 12)), "b (h w) -> b w h", h=3).shape
        (2, 4, 3)
    """
    return _rearrange(tensor, pattern=pattern, axes_lengths=axes_lengths)


@operation(class_name="Rearrange")
def _rearrange(tensor: ArrayLike, pattern: str, axes_lengths: dict[str, int]) -> Array:
    tensor = jnp.asarray(tensor)
    before, arrow, after = pattern.partition("->")
    if not arrow:
        raise ValueError(f"rearrange: the pattern must be like 'a b -> b a', got {pattern!r}.")
    left, right = _groups(before), _groups(after)
    if len(left) != tensor.ndim:
        raise ValueError(f"rearrange: {before.strip()!r} names {len(left)} axes, but the shape is {tensor.shape}.")
    lengths = dict(axes_lengths)
    for group, total in zip(left, tensor.shape, strict=True):
        unknown = [name for name in group if name not in lengths]
        known = int(np.prod([lengths[name] for name in group if name in lengths], dtype=np.int64))
        if len(unknown) > 1 or total % known or (not unknown and total != known):
            raise ValueError(f"rearrange: an axis of size {total} can't be ({' '.join(group)}) with {axes_lengths}.")
        if unknown:
            lengths[unknown[0]] = total // known
    names = [name for group in left for name in group]
    wanted = [name for group in right for name in group]
    if sorted(names) != sorted(wanted):
        raise ValueError(f"rearrange: both sides must name the same axes once, got {pattern!r}.")
    tensor = tensor.reshape([lengths[name] for name in names]).transpose([names.index(name) for name in wanted])
    return tensor.reshape([int(np.prod([lengths[name] for name in group], dtype=np.int64)) for group in right])


def _groups(side: str) -> list[list[str]]:
    return [part.strip("()").split() for part in re.findall(r"\([^()]*\)|[^\s()]+", side)]


def _saturate_cast(x: Array, dtype: str) -> Array:
    if dtype == "bool" or jnp.issubdtype(dtype, jnp.complexfloating) or x.dtype == bool:
        return x.astype(dtype)
    limits = jnp.iinfo(dtype) if jnp.issubdtype(dtype, jnp.integer) else jnp.finfo(dtype)
    own = jnp.iinfo(x.dtype) if jnp.issubdtype(x.dtype, jnp.integer) else jnp.finfo(x.dtype)
    least, greatest = max(float(own.min), float(limits.min)), min(float(own.max), float(limits.max))
    if jnp.issubdtype(x.dtype, jnp.integer):
        return jnp.clip(x, int(least), int(greatest)).astype(dtype)
    if jnp.issubdtype(dtype, jnp.integer):  # the nearest float may lie beyond the greatest whole number
        greatest = np.nextafter(np.asarray(greatest, x.dtype), np.asarray(0, x.dtype)) if greatest > 2**24 else greatest
    return jnp.clip(x, least, greatest).astype(dtype)


def _places(indices: Array) -> tuple[Array, ...]:
    return tuple(jnp.moveaxis(indices, -1, 0))


def _scatter_update(inputs: Array, indices: Array, updates: Array, reduction: str | None) -> Array:
    methods = {None: "set", "add": "add", "mul": "multiply", "min": "min", "max": "max"}
    if reduction not in methods:
        raise ValueError(f"scatter_update: reduction must be None, 'add', 'mul', 'min' or 'max', got {reduction!r}.")
    return getattr(inputs.at[_places(indices)], methods[reduction])(updates.astype(inputs.dtype))


def _slice(inputs: Array, start_indices: Any, shape: Sequence[int]) -> Array:
    sizes = tuple(
        inputs.shape[axis] - int(start_indices[axis]) if size == -1 else size for axis, size in enumerate(shape)
    )
    return jax.lax.dynamic_slice(inputs, tuple(start_indices), sizes)


def _unstack(x: Array, num: int | None, axis: int) -> list[Array]:
    count = x.shape[axis]
    if num is not None and num != count:
        raise ValueError(f"unstack: num={num}, but the axis {axis} of shape {x.shape} has {count} elements.")
    shapes.check_parts(count, "unstack")
    return [jax.lax.index_in_dim(x, index, axis, keepdims=False) for index in range(count)]
