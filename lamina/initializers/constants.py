"""Initializers that give the same value everywhere."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lamina import config as settings
from lamina.core.serialization import deserialize
from lamina.initializers.initializer import Initializer, static_shape, to_device
from lamina.typing import Array, ArrayLike


class Constant(Initializer):
    """Gives a value everywhere, or an array broadcast to the shape.

    Args:
        value: a number, or an array that broadcasts to the shapes asked for.

    Raises:
        TypeError: if `value` is neither.

    Example:
        >>> lamina.initializers.Constant(3.0)((2,))
        Array([3., 3.], dtype=float32)
    """

    def __init__(self, value: ArrayLike = 0.0) -> None:
        kind = np.asarray(value).dtype
        if not (jnp.issubdtype(kind, jnp.number) or kind == np.bool_):
            raise TypeError(f"Constant: value must be a number or an array of numbers, got {value!r}.")
        self.value = value

    def __call__(self, shape: Any, dtype: Any = None) -> Array:
        shape = static_shape(self, shape)
        value = np.asarray(self.value)
        try:
            filled = np.array(np.broadcast_to(value, shape))  # a copy: JAX may go on reading NumPy's memory
        except ValueError:
            raise ValueError(
                f"Constant: a value of shape {value.shape} does not broadcast to the shape {shape} asked for."
            ) from None
        return to_device(filled, settings.standardize_dtype(dtype))

    def get_config(self) -> dict[str, Any]:
        value = self.value
        return {"value": np.asarray(value) if isinstance(value, jax.Array) else value}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Constant:
        """Return an initializer made from `get_config`, whose value may be the description of an array."""
        return cls(**{name: deserialize(item) for name, item in config.items()})


class Zeros(Initializer):
    """Gives zeros.

    Example:
        >>> lamina.initializers.Zeros()((2,))
        Array([0., 0.], dtype=float32)
    """

    def __call__(self, shape: Any, dtype: Any = None) -> Array:
        dtype = settings.standardize_dtype(dtype)
        return to_device(np.zeros(static_shape(self, shape), jnp.dtype(dtype)), dtype)


class Ones(Initializer):
    """Gives ones.

    Example:
        >>> lamina.initializers.Ones()((2,))
        Array([1., 1.], dtype=float32)
    """

    def __call__(self, shape: Any, dtype: Any = None) -> Array:
        dtype = settings.standardize_dtype(dtype)
        return to_device(np.ones(static_shape(self, shape), jnp.dtype(dtype)), dtype)
