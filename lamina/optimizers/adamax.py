"""`Adamax`: Adam with the largest gradient in the place of their mean square."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

from lamina.core.variable import Variable
from lamina.optimizers.arguments import check_positive, check_share
from lamina.optimizers.optimizer import Optimizer
from lamina.typing import Array


class Adamax(Optimizer):
    """Divides a moving average of the gradient by its largest absolute value so far, which slowly fades.

    Epsilon is added to the maximum in the quotient. (`optax.adamax` adds it to the gradient inside of the maximum.)

    Args:
        learning_rate: a number, a `LearningRateSchedule`, or a function without arguments.
        beta_1: share of the gradient's moving average that stays, in [0, 1).
        beta_2: share of the maximum that stays, in [0, 1).
        epsilon: keeps the quotient finite.
        weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency,
            loss_scale_factor, gradient_accumulation_steps, name: see `Optimizer`.

    Example:
        >>> weight = lamina.Variable(1.0)
        >>> lamina.optimizers.Adamax(0.1).apply([2.0], [weight])
        >>> round(float(weight), 4)
        0.9

    Reference:
        Kingma and Ba, 2015, section 7.1, https://arxiv.org/abs/1412.6980
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
        check_share("Adamax", "beta_1", beta_1)
        check_share("Adamax", "beta_2", beta_2)
        check_positive("Adamax", "epsilon", epsilon, zero=True)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self._means: list[Variable] = []
        self._norms: list[Variable] = []

    def build(self, var_list: Sequence[Variable]) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        if self.built:
            return
        super().build(var_list)
        self._means, self._norms = self.add_optimizer_variables(var_list, ["momentum", "norm"])

    def update_step(self, gradient: Array, variable: Variable, learning_rate: Array) -> None:
        index = self._get_variable_index(variable)
        mean, norm = self._means[index], self._norms[index]
        rate = learning_rate / (1 - jnp.power(self.beta_1, self._step_number()))
        self.assign_add(mean, (gradient - mean.value) * (1 - self.beta_1))
        self.assign(norm, jnp.maximum(self.beta_2 * norm.value, jnp.abs(gradient)))
        self.assign_sub(variable, rate.astype(variable.dtype) * mean.value / (norm.value + self.epsilon))
