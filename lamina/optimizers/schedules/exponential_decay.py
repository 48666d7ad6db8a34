"""`ExponentialDecay`: the rate is multiplied by a factor again and again."""

from __future__ import annotations

import jax.numpy as jnp

from lamina.optimizers.arguments import check_positive
from lamina.optimizers.schedules.learning_rate_schedule import LearningRateSchedule, float_step
from lamina.typing import Array, ArrayLike


class ExponentialDecay(LearningRateSchedule):
    """`initial_learning_rate * decay_rate ** (step / decay_steps)`.

    Args:
        initial_learning_rate: the rate at step 0.
        decay_steps: steps in which the rate is multiplied by `decay_rate` once.
        decay_rate: the factor.
        staircase: whether the rate changes only every `decay_steps` steps (the quotient is rounded down).
        name: a label.

    Example:
        >>> schedule = lamina.optimizers.schedules.ExponentialDecay(0.1, decay_steps=100, decay_rate=0.5)
        >>> float(schedule(200))
        0.02500000037252903
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        decay_rate: float,
        staircase: bool = False,
        name: str = "ExponentialDecay",
    ) -> None:
        check_positive("ExponentialDecay", "initial_learning_rate", initial_learning_rate, zero=True)
        check_positive("ExponentialDecay", "decay_steps", decay_steps)
        check_positive("ExponentialDecay", "decay_rate", decay_rate, zero=True)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name

    def __call__(self, step: ArrayLike) -> Array:
        """Return the learning rate of a step."""
        periods = float_step(step) / self.decay_steps
        if self.staircase:
            periods = jnp.floor(periods)
        return self.initial_learning_rate * jnp.power(float_step(self.decay_rate), periods)
