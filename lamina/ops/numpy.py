"""Operations named after NumPy's."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from lamina import config
from lamina.core.variable import Variable
from lamina.typing import Array, Shape


def array(x: Any, dtype: Any = None) -> Array:
    """Return `x` as an array."""
    return convert_to_tensor(x, dtype)


def convert_to_tensor(x: Any, dtype: Any = None) -> Array:
    """Return `x` as an array; Python floats get the type `floatx()`."""
    if isinstance(x, Variable):
        x = x.value
    if dtype is None and isinstance(x, float):
        dtype = config.floatx()
    return jnp.asarray(x, None if dtype is None else config.standardize_dtype(dtype))


def convert_to_numpy(x: Any) -> np.ndarray:
    """Return `x` as a NumPy array."""
    return np.asarray(x)


def ones(shape: Shape, dtype: Any = None) -> Array:
    """Return an array of ones."""
    return jnp.ones(shape, config.standardize_dtype(dtype))


def zeros(shape: Shape, dtype: Any = None) -> Array:
    """Return an array of zeros."""
    return jnp.zeros(shape, config.standardize_dtype(dtype))
