"""Names for the types that signatures mention."""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

Array = jax.Array
"""A JAX array or, while a function is being traced, its stand-in."""

ArrayLike = jax.Array | np.ndarray | float | int | bool | Sequence[Any]
"""Anything that `jax.numpy.asarray` accepts."""

Axis = int | Sequence[int] | None
"""One axis, several, or all of them."""

Shape = tuple[int | None, ...]
"""Sizes by axis; None is an axis whose size is known only when data arrives."""

PyTree = Any
"""Arrays in nested lists, tuples and dictionaries."""

Initializer = Callable[..., Any]
"""`(shape, dtype) -> array`."""
