"""Arrays of NumPy as arrays of JAX: without compiling, and with as few copies as can be."""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lamina.typing import Array

_ALIGNMENT = 64  # bytes: what XLA asks of memory on the CPU that it is to use as it is


def to_jax(value: Any) -> Array:
    """Return what `jnp.asarray` returns, and of a NumPy array a copy, which later changes of it don't reach.

    `jnp.asarray` compiles a program for each new shape and dtype of a NumPy array, which takes longer than building a
    layer, and `jax.device_put` alone may go on reading NumPy's memory. On the CPU both copy large arrays into pages of
    4 KB, one of them twice: 57 and 33 ms for 40 MB. NumPy asks for large pages and takes 12, and where its memory lies
    right, JAX needs no copy of its own. An array that nobody can write to any more (see `frozen`) is not copied at all.
    """
    if type(value) is not np.ndarray:
        return jnp.asarray(value)
    with jax.ensure_compile_time_eval():  # a constant, also in the middle of a trace
        return jax.device_put(value if _can_be_taken_over(value) else _copied(value))


def empty_array(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """Return memory for an array, at an address from which JAX takes it over without a copy."""
    size = math.prod(shape) * dtype.itemsize
    memory = np.empty(size + _ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % _ALIGNMENT
    return memory[start : start + size].view(dtype).reshape(shape)


def frozen(array: np.ndarray) -> np.ndarray:
    """Return an array that nobody else has, and that nobody can write to from now on: `to_jax` takes it over."""
    part: Any = array
    while isinstance(part, np.ndarray):
        part.flags.writeable = False
        part = part.base
    return array


def _can_be_taken_over(array: np.ndarray) -> bool:
    if array.ctypes.data % _ALIGNMENT or not array.flags.c_contiguous:
        return False
    part: Any = array
    while isinstance(part, np.ndarray) and not part.flags.writeable:
        part = part.base
    return part is None


def _copied(array: np.ndarray) -> np.ndarray:
    dtype = jax.dtypes.canonicalize_dtype(array.dtype)
    copy = empty_array(array.shape, np.dtype(dtype))
    np.copyto(copy, array, casting="unsafe")
    return copy
