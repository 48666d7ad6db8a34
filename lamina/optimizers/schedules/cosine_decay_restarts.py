"""`CosineDecayRestarts`: cosine after cosine, each longer and lower."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np

from lamina.optimizers.arguments import check_positive
from lamina.optimizers.schedules.learning_rate_schedule import LearningRateSchedule, float_step
from lamina.typing import Array, ArrayLike


class CosineDecayRestarts(LearningRateSchedule):
    """Half a cosine from `initial_learning_rate` down to `alpha` times it, then again from a new height.

    Args:
        initial_learning_rate: the rate at step 0.
        first_decay_steps: length of the first period.
        t_mul: how many times longer each period is than the one before, at least 1.
        m_mul: how many times higher each period starts than the one before.
        alpha: the lowest rate as a share of `initial_learning_rate`.
        name: a label.

    Example:
        >>> schedule = lamina.optimizers.schedules.CosineDecayRestarts(1.0, 100, m_mul=0.5)
        >>> [round(float(schedule(step)), 6) for step in (0, 50, 100, 200)]
        [1.0, 0.5, 0.5, 0.25]

    Reference:
        Loshchilov and Hutter, 2017, https://arxiv.org/abs/1608.03983
    """

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: float,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
        name: str = "SGDRDecay",
    ) -> None:
        check_positive("CosineDecayRestarts", "initial_learning_rate", initial_learning_rate, zero=True)
        check_positive("CosineDecayRestarts", "first_decay_steps", first_decay_steps)
        check_positive("CosineDecayRestarts", "m_mul", m_mul, zero=True)
        check_positive("CosineDecayRestarts", "alpha", alpha, zero=True)
        check_positive("CosineDecayRestarts", "t_mul", t_mul)
        if t_mul < 1:  # periods that shrink would all be over after a finite number of steps
            raise ValueError(f"CosineDecayRestarts: t_mul must be at least 1, got {t_mul!r}.")
        self.initial_learning_rate = initial_learning_rate
        self.first_decay_steps = first_decay_steps
        self.t_mul = t_mul
        self.m_mul = m_mul
        self.alpha = alpha
        self.name = name

    def __call__(self, step: ArrayLike) -> Array:
        """Return the learning rate of a step."""
        period, share = self._place(float_step(step) / self.first_decay_steps)
        height = jnp.power(np.float32(self.m_mul), period)
        cosine = 0.5 * height * (1 + jnp.cos(np.float32(np.pi) * share))
        return self.initial_learning_rate * ((1 - self.alpha) * cosine + self.alpha)

    def _place(self, elapsed: Array) -> tuple[Array, Array]:
        """Return the number of the current period and the share of it that has passed.

        Args:
            elapsed: time, in lengths of the first period.
        """
        if self.t_mul == 1:
            period = jnp.floor(elapsed)
            return period, elapsed - period
        growth = self.t_mul - 1
        period = jnp.floor(jnp.log(1 + elapsed * growth) / np.float32(np.log(self.t_mul)))
        length = jnp.power(np.float32(self.t_mul), period)
        return period, (elapsed - (length - 1) / growth) / length
