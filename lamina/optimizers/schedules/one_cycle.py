"""`OneCycle`: up to a high rate and down to a very low one, in one run."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np

from lamina.optimizers.arguments import check_positive, check_share
from lamina.optimizers.schedules.learning_rate_schedule import LearningRateSchedule, float_step
from lamina.typing import Array, ArrayLike


class OneCycle(LearningRateSchedule):
    """Rises along half a cosine to `max_learning_rate`, falls along another one to almost nothing, and stays there.

    Not in Keras. The numbers are those of `torch.optim.lr_scheduler.OneCycleLR` with `anneal_strategy="cos"` and
    `cycle_momentum=False`.

    Args:
        max_learning_rate: the highest rate; `lamina.tuning.lr_find` suggests one.
        total_steps: steps of the whole run, epochs times steps per epoch; at least 2.
        warmup_share: share of the steps in which the rate rises, in (0, 1).
        initial_division: the first rate is the highest divided by this.
        final_division: the last rate is the first divided by this.
        name: a label.

    Example:
        >>> schedule = lamina.optimizers.schedules.OneCycle(0.1, total_steps=100)
        >>> [round(float(schedule(step)), 6) for step in (0, 29, 99)]
        [0.004, 0.1, 0.0]

    Reference:
        Smith and Topin, 2018, https://arxiv.org/abs/1708.07120
    """

    def __init__(
        self,
        max_learning_rate: float,
        total_steps: int,
        warmup_share: float = 0.3,
        initial_division: float = 25.0,
        final_division: float = 1e4,
        name: str = "OneCycle",
    ) -> None:
        check_positive("OneCycle", "max_learning_rate", max_learning_rate)
        check_share("OneCycle", "warmup_share", warmup_share)
        check_positive("OneCycle", "warmup_share", warmup_share)
        check_positive("OneCycle", "initial_division", initial_division)
        check_positive("OneCycle", "final_division", final_division)
        check_positive("OneCycle", "total_steps", total_steps)
        if total_steps < 2:
            raise ValueError(f"OneCycle: total_steps must be at least 2, got {total_steps!r}.")
        self.max_learning_rate = max_learning_rate
        self.total_steps = total_steps
        self.warmup_share = warmup_share
        self.initial_division = initial_division
        self.final_division = final_division
        self.name = name

    def __call__(self, step: ArrayLike) -> Array:
        """Return the learning rate of a step."""
        step = float_step(step)
        first = self.max_learning_rate / self.initial_division
        last, highest = self.total_steps - 1, self.warmup_share * self.total_steps - 1
        rising = _half_cosine(first, self.max_learning_rate, step / highest if highest > 0 else jnp.ones_like(step))
        falling = _half_cosine(self.max_learning_rate, first / self.final_division, (step - highest) / (last - highest))
        return jnp.where(step <= highest, rising, falling)


def _half_cosine(start: float, end: float, share: Array) -> Array:
    return end + (start - end) * 0.5 * (1 + jnp.cos(np.float32(np.pi) * jnp.clip(share, 0, 1)))
