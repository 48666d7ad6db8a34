"""`PiecewiseConstantDecay`: one rate after the other."""

from __future__ import annotations

from collections.abc import Sequence

import jax.numpy as jnp

from lamina.optimizers.arguments import check_positive
from lamina.optimizers.schedules.learning_rate_schedule import LearningRateSchedule
from lamina.typing import Array, ArrayLike


class PiecewiseConstantDecay(LearningRateSchedule):
    """`values[0]` up to and including step `boundaries[0]`, then `values[1]` up to `boundaries[1]`, and so on.

    Args:
        boundaries: steps, rising.
        values: learning rates, one more than boundaries.
        name: a label.

    Example:
        >>> schedule = lamina.optimizers.schedules.PiecewiseConstantDecay([100, 200], [1.0, 0.5, 0.25])
        >>> [float(schedule(step)) for step in (100, 101, 1000)]
        [1.0, 0.5, 0.25]
    """

    def __init__(self, boundaries: Sequence[float], values: Sequence[float], name: str = "PiecewiseConstant") -> None:
        if len(values) != len(boundaries) + 1:
            raise ValueError(
                "PiecewiseConstantDecay needs one more of values than of boundaries, "
                f"got {len(values)} values and {len(boundaries)} boundaries."
            )
        if list(boundaries) != sorted(boundaries):
            raise ValueError(f"PiecewiseConstantDecay: boundaries must rise, got {boundaries!r}.")
        for value in values:
            check_positive("PiecewiseConstantDecay", "each of values", value, zero=True)
        self.boundaries = boundaries
        self.values = values
        self.name = name

    def __call__(self, step: ArrayLike) -> Array:
        """Return the learning rate of a step."""
        passed = jnp.searchsorted(jnp.asarray(self.boundaries), jnp.asarray(step), side="left")
        return jnp.asarray(self.values, "float32")[passed]
