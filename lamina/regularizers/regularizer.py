"""What all regularizers are: functions from a weight to the penalty that it adds to the loss."""

from __future__ import annotations

import math
from numbers import Real
from typing import Any

import jax.numpy as jnp
import numpy as np

from lamina import config as settings
from lamina.core.serialization import constructor_config
from lamina.typing import Array, ArrayLike


class Regularizer:
    """The base of all regularizers: an object that is called with an array and returns its penalty, a scalar.

    Subclasses write `__call__(self, x)` with `jax.numpy`. A subclass that keeps each argument of its constructor in an
    attribute of the same name needs no `get_config`.

    Example:
        >>> class Largest(lamina.regularizers.Regularizer):
        ...     def __call__(self, x):
        ...         return abs(x).max()
        >>> float(Largest()(np.array([1.0, -3.0])))
        3.0
    """

    def __call__(self, x: ArrayLike) -> Any:
        """Return the penalty of an array.

        Args:
            x: a layer's weight or output.
        """
        raise NotImplementedError(
            f"{type(self).__name__} must have a method `__call__(self, x)` that returns the penalty of an array."
        )

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return constructor_config(self)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Regularizer:
        """Return a regularizer made from `get_config`."""
        return cls(**config)


def checked_factor(owner: object, name: str, value: Any, default: float) -> float:
    """Return a penalty's factor as a float, `default` for None.

    Raises:
        ValueError: unless it is a finite number of at least 0.
    """
    if value is None:
        return default
    number = isinstance(value, Real) and not isinstance(value, bool | np.bool_)
    if not number or not math.isfinite(value) or value < 0:
        raise ValueError(f"{type(owner).__name__}: {name} must be a finite number of at least 0, got {value!r}.")
    return float(value)


def floating(x: ArrayLike) -> Array:
    """Return `x` as an array of floats: whole numbers become `lamina.config.floatx()`."""
    array = jnp.asarray(x)
    return array if jnp.issubdtype(array.dtype, jnp.inexact) else array.astype(settings.floatx())
