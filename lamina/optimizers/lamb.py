"""`Lamb`: Adam whose steps are as long as the weights, for large batches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

from lamina.core.variable import Variable
from lamina.optimizers.arguments import check_positive, check_share
from lamina.optimizers.optimizer import Optimizer
from lamina.typing import Array


class Lamb(Optimizer):
    """Adam's direction, scaled for each variable by the ratio of its own norm to the direction's.

    (`optax.lamb` counts its weight decay into the direction; here `weight_decay` is taken off beforehand.)

    Args:
        learning_rate: a number, a `LearningRateSchedule`, or a function without arguments.
        beta_1: share of the gradient's moving average that stays, in [0, 1).
        beta_2: share of the square's moving average that stays, in [0, 1).
        epsilon: keeps the quotient finite.
        weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency,
            loss_scale_factor, gradient_accumulation_steps, name: see `Optimizer`.

    Example:
        >>> weight = lamina.Variable([3.0, 4.0])
        >>> lamina.optimizers.Lamb(0.1).apply([[2.0, 2.0]], [weight])
        >>> weight.numpy().round(4)
        array([2.6464, 3.6464], dtype=float32)

    Reference:
        You et al., 2020, https://arxiv.org/abs/1904.00962
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
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
        check_share("Lamb", "beta_1", beta_1)
        check_share("Lamb", "beta_2", beta_2)
        check_positive("Lamb", "epsilon", epsilon, zero=True)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self._means: list[Variable] = []
        self._squares: list[Variable] = []

    def build(self, var_list: Sequence[Variable]) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        if self.built:
            return
        super().build(var_list)
        self._means, self._squares = self.add_optimizer_variables(var_list, ["momentum", "velocity"])

    def update_step(self, gradient: Array, variable: Variable, learning_rate: Array) -> None:
        index = self._get_variable_index(variable)
        mean, square = self._means[index], self._squares[index]
        step = self._step_number()
        of_mean = (1 / (1 - jnp.power(self.beta_1, step))).astype(variable.dtype)
        of_square = (1 / (1 - jnp.power(self.beta_2, step))).astype(variable.dtype)
        self.assign_add(mean, (gradient - mean.value) * (1 - self.beta_1))
        self.assign_add(square, (jnp.square(gradient) - square.value) * (1 - self.beta_2))
        direction = mean.value * of_mean / (jnp.sqrt(square.value * of_square) + self.epsilon)
        size, length = jnp.linalg.norm(variable.value.ravel()), jnp.linalg.norm(direction.ravel())
        usable = (size > 0) & (length > 0)
        ratio = jnp.where(usable, size / jnp.where(usable, length, 1), 1)
        self.assign_sub(variable, ratio * learning_rate.astype(variable.dtype) * direction)
