"""What all constraints are: functions from a weight to the nearest allowed one."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from lamina.core.serialization import constructor_config
from lamina.typing import Array, ArrayLike


class Constraint:
    """The base of all constraints: an object that is called with a weight after each update and returns its new value.

    Subclasses write `__call__(self, w)` with `jax.numpy`; the base class leaves the weight as it is. A subclass that
    keeps each argument of its constructor in an attribute of the same name needs no `get_config`.

    Example:
        >>> import numpy as np
        >>> class Symmetric(lamina.constraints.Constraint):
        ...     def __call__(self, w):
        ...         return (w + w.T) / 2
        >>> Symmetric()(np.array([[1.0, 2.0], [4.0, 1.0]]))
        array([[1., 3.],
               [3., 1.]])
    """

    def __call__(self, w: ArrayLike) -> Any:
        """Return the value that a weight shall have.

        Args:
            w: the weight after an optimizer's update.
        """
        return w

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return constructor_config(self)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Constraint:
        """Return a constraint made from `get_config`."""
        return cls(**config)


class NonNeg(Constraint):
    """Sets negative weights to zero.

    Example:
        >>> lamina.constraints.NonNeg()([-1.0, 2.0])
        Array([0., 2.], dtype=float32)
    """

    def __call__(self, w: ArrayLike) -> Array:
        return jnp.maximum(jnp.asarray(w), 0)
