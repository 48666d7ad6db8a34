"""`Lion`: steps of one size, in the direction of the momentum."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

from lamina.core.variable import Variable
from lamina.optimizers.arguments import check_share
from lamina.optimizers.optimizer import Optimizer
from lamina.typing import Array


class Lion(Optimizer):
    """Moves each number by the learning rate, up or down, as the sign of a mix of gradient and momentum says.

    Wants a rate 3 to 10 times smaller than AdamW and a weight decay as much larger. (The mathematics of
    `optax.lion`.)

    Args:
        learning_rate: a number, a `LearningRateSchedule`, or a function without arguments.
        beta_1: share of the momentum in the mix, in [0, 1).
        beta_2: share of the momentum that stays, in [0, 1).
        weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency,
            loss_scale_factor, gradient_accumulation_steps, name: see `Optimizer`.

    Example:
        >>> weight = lamina.Variable(1.0)
        >>> lamina.optimizers.Lion(0.1).apply([2.0], [weight])
        >>> round(float(weight), 4)
        0.9

    Reference:
        Chen et al., 2023, https://arxiv.org/abs/2302.06675
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.99,
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
        check_share("Lion", "beta_1", beta_1)
        check_share("Lion", "beta_2", beta_2)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self._means: list[Variable] = []

    def build(self, var_list: Sequence[Variable]) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        if self.built:
            return
        super().build(var_list)
        self._means = self.add_optimizer_variables(var_list, "momentum")

    def update_step(self, gradient: Array, variable: Variable, learning_rate: Array) -> None:
        mean = self._means[self._get_variable_index(variable)]
        direction = jnp.sign(self.beta_1 * mean.value + (1 - self.beta_1) * gradient)
        self.assign_sub(variable, learning_rate.astype(variable.dtype) * direction)
        self.assign(mean, self.beta_2 * mean.value + (1 - self.beta_2) * gradient)
