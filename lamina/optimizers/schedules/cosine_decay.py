"""`CosineDecay`: down along half a cosine, after an optional linear warm-up."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np

from lamina.optimizers.arguments import check_positive
from lamina.optimizers.schedules.learning_rate_schedule import LearningRateSchedule, float_step
from lamina.typing import Array, ArrayLike


class CosineDecay(LearningRateSchedule):
    """Half a cosine from the highest rate down to `alpha` times it, then constant.

    With a `warmup_target` the rate first rises along a line from `initial_learning_rate` to it in `warmup_steps`
    steps, and falls from there in the `decay_steps` that follow.

    Args:
        initial_learning_rate: the rate at step 0.
        decay_steps: steps in which the rate falls.
        alpha: the lowest rate as a share of the highest.
        name: a label.
        warmup_target: the rate after warming up; None for no warm-up.
        warmup_steps: steps in which the rate rises.

    Example:
        >>> schedule = lamina.optimizers.schedules.CosineDecay(0.0, 100, warmup_target=1.0, warmup_steps=10)
        >>> [round(float(schedule(step)), 6) for step in (0, 5, 10, 60, 110)]
        [0.0, 0.5, 1.0, 0.5, 0.0]

    Reference:
        Loshchilov and Hutter, 2017, https://arxiv.org/abs/1608.03983, without restarts.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        alpha: float = 0.0,
        name: str = "CosineDecay",
        warmup_target: float | None = None,
        warmup_steps: float = 0,
    ) -> None:
        check_positive("CosineDecay", "initial_learning_rate", initial_learning_rate, zero=True)
        check_positive("CosineDecay", "decay_steps", decay_steps)
        check_positive("CosineDecay", "alpha", alpha, zero=True)
        check_positive("CosineDecay", "warmup_steps", warmup_steps, zero=True)
        if warmup_target is not None:
            check_positive("CosineDecay", "warmup_target", warmup_target, zero=True)
        elif warmup_steps:
            raise ValueError("CosineDecay: warmup_steps needs warmup_target, the rate to warm up to.")
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.alpha = alpha
        self.name = name
        self.warmup_target = warmup_target
        self.warmup_steps = warmup_steps

    def __call__(self, step: ArrayLike) -> Array:
        """Return the learning rate of a step."""
        step = float_step(step)
        if self.warmup_target is None:
            return self._fall(step, self.initial_learning_rate)
        fall = self._fall(step - self.warmup_steps, self.warmup_target)
        if not self.warmup_steps:
            return fall
        rise = self.warmup_target - self.initial_learning_rate
        warm = self.initial_learning_rate + rise * (step / self.warmup_steps)
        return jnp.where(step < self.warmup_steps, warm, fall)

    def _fall(self, step: Array, highest: float) -> Array:
        share = jnp.minimum(step, self.decay_steps) / self.decay_steps
        cosine = 0.5 * (1 + jnp.cos(np.float32(np.pi) * share))
        return highest * ((1 - self.alpha) * cosine + self.alpha)
