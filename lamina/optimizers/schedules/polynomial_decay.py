"""`PolynomialDecay`: from one rate to another along a power of the step."""

from __future__ import annotations

import jax.numpy as jnp

from lamina.optimizers.arguments import check_positive
from lamina.optimizers.schedules.learning_rate_schedule import LearningRateSchedule, float_step
from lamina.typing import Array, ArrayLike


class PolynomialDecay(LearningRateSchedule):
    """`(initial_learning_rate - end_learning_rate) * (1 - step / decay_steps) ** power + end_learning_rate`.

    Args:
        initial_learning_rate: the rate at step 0.
        decay_steps: steps until the end, after which the rate stays.
        end_learning_rate: the rate at the end.
        power: 1 for a straight line.
        cycle: whether to stretch `decay_steps` to the next multiple that is not yet passed, instead of staying.
        name: a label.

    Example:
        >>> schedule = lamina.optimizers.schedules.PolynomialDecay(1.0, decay_steps=100, end_learning_rate=0.5)
        >>> [float(schedule(step)) for step in (0, 50, 200)]
        [1.0, 0.75, 0.5]
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
        name: str = "PolynomialDecay",
    ) -> None:
        check_positive("PolynomialDecay", "initial_learning_rate", initial_learning_rate, zero=True)
        check_positive("PolynomialDecay", "decay_steps", decay_steps)
        check_positive("PolynomialDecay", "end_learning_rate", end_learning_rate, zero=True)
        check_positive("PolynomialDecay", "power", power, zero=True)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.end_learning_rate = end_learning_rate
        self.power = power
        self.cycle = cycle
        self.name = name

    def __call__(self, step: ArrayLike) -> Array:
        """Return the learning rate of a step."""
        step = float_step(step)
        if self.cycle:
            last = self.decay_steps * jnp.maximum(jnp.ceil(step / self.decay_steps), 1)
        else:
            last = self.decay_steps
            step = jnp.minimum(step, last)
        left = jnp.power(1 - step / last, self.power)
        return (self.initial_learning_rate - self.end_learning_rate) * left + self.end_learning_rate
