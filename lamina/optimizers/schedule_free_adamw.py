"""`ScheduleFreeAdamW`: AdamW that needs no schedule, because it averages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

from lamina.core.variable import Variable
from lamina.optimizers.arguments import check_positive, check_share, check_whole
from lamina.optimizers.optimizer import Optimizer
from lamina.optimizers.optimizer_state import copied
from lamina.typing import Array


class ScheduleFreeAdamW(Optimizer):
    """Takes AdamW's steps on one sequence of weights, averages them, and computes gradients between the two.

    The model's variables are the points in between, `(1 - beta_1) * momentum + beta_1 * average`, where the slot
    "momentum" holds the sequence of steps. (`optax.contrib.schedule_free_adamw` weights the average by the rate; here
    all steps count the same.)

    Args:
        learning_rate: a number, a `LearningRateSchedule`, or a function without arguments.
        beta_1: share of the average in the point between, in (0, 1).
        beta_2: share of the square's moving average that stays, in [0, 1).
        epsilon: keeps the quotient finite.
        warmup_steps: steps in which the rate rises along a line.
        weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency,
            loss_scale_factor, gradient_accumulation_steps, name: see `Optimizer`.

    Example:
        >>> weight = lamina.Variable(1.0)
        >>> optimizer = lamina.optimizers.ScheduleFreeAdamW(0.1)
        >>> for _ in range(2):
        ...     optimizer.apply([2.0], [weight])
        >>> round(float(weight), 4)
        0.845

    Reference:
        Defazio et al., 2024, https://arxiv.org/abs/2405.15682
    """

    def __init__(
        self,
        learning_rate: Any = 0.0025,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        warmup_steps: int = 0,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            learning_rate=learning_rate,
            weight_decay=weight_decay,
            clipnorm=clipnorm,
            clipvalue=clipvalue,
            global_clipnorm=global_clipnorm,
            use_ema=use_ema,
            ema_momentum=ema_momentum,
            ema_overwrite_frequency=ema_overwrite_frequency,
            loss_scale_factor=loss_scale_factor,
            gradient_accumulation_steps=gradient_accumulation_steps,
            name=name,
            **kwargs,
        )
        check_share("ScheduleFreeAdamW", "beta_1", beta_1)
        check_positive("ScheduleFreeAdamW", "beta_1", beta_1)  # the average is computed back from the point between
        check_share("ScheduleFreeAdamW", "beta_2", beta_2)
        check_positive("ScheduleFreeAdamW", "epsilon", epsilon, zero=True)
        check_whole("ScheduleFreeAdamW", "warmup_steps", warmup_steps, 0)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.warmup_steps = warmup_steps
        self._points: list[Variable] = []
        self._squares: list[Variable] = []

    def build(self, var_list: Sequence[Variable]) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        if self.built:
            return
        super().build(var_list)
        for variable in var_list:
            names = ["momentum", "velocity"]
            kinds = [copied(variable), "zeros"]
            (point,), (square,) = self.add_optimizer_variables([variable], names, kinds)
            self._points.append(point)
            self._squares.append(square)

    def update_step(self, gradient: Array, variable: Variable, learning_rate: Array) -> None:
        index = self._get_variable_index(variable)
        point, square = self._points[index], self._squares[index]
        step = self._step_number()
        if self.warmup_steps:
            learning_rate = learning_rate * jnp.minimum(step / self.warmup_steps, 1)
        unbias = (1 / (1 - jnp.power(self.beta_2, step))).astype(variable.dtype)
        share = (1 / step).astype(variable.dtype)
        average = (variable.value - (1 - self.beta_1) * point.value) / self.beta_1
        self.assign(square, self.beta_2 * square.value + (1 - self.beta_2) * jnp.square(gradient))
        direction = gradient / (jnp.sqrt(square.value * unbias) + self.epsilon)
        self.assign_sub(point, learning_rate.astype(variable.dtype) * direction)
        average = (1 - share) * average + share * point.value
        self.assign(variable, (1 - self.beta_1) * point.value + self.beta_1 * average)
