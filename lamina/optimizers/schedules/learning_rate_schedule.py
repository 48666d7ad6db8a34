"""`LearningRateSchedule`: the learning rate as a function of the step."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from lamina.core import serialization
from lamina.typing import Array, ArrayLike


class LearningRateSchedule:
    """Base of all schedules: a learning rate that depends on the step of the optimizer.

    Subclasses write `__call__(step)` with `jax.numpy` or `lamina.ops` (the step is a traced array while a model
    trains, so no Python `if` on it), and `get_config` where constructor arguments are not kept in attributes of the
    same name.

    Example:
        >>> class Halving(lamina.optimizers.schedules.LearningRateSchedule):
        ...     def __init__(self, start):
        ...         self.start = start
        ...     def __call__(self, step):
        ...         return self.start * 0.5**step
        >>> optimizer = lamina.optimizers.SGD(Halving(0.1))
        >>> float(optimizer.learning_rate)
        0.10000000149011612
    """

    def __call__(self, step: ArrayLike) -> Array:
        """Return the learning rate of a step.

        Args:
            step: how many steps were taken before, a whole number or an array of them.
        """
        raise NotImplementedError(f"Learning rate schedule {type(self).__name__!r} must override __call__(self, step).")

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return serialization.in_config(serialization.constructor_config(self))

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> LearningRateSchedule:
        """Return a schedule made from `get_config`."""
        return cls(**config)


def float_step(step: ArrayLike) -> Array:
    """Return the step as float32, or float64 where it came as that."""
    step = jnp.asarray(step)
    return step if jnp.issubdtype(step.dtype, jnp.floating) else step.astype("float32")
