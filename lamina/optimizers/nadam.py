"""`Nadam`: Adam with Nesterov's look-ahead."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

from lamina.core.variable import Variable
from lamina.optimizers.arguments import check_positive, check_share
from lamina.optimizers.optimizer import Optimizer
from lamina.typing import Array

# How fast the momentum schedule of the paper rises; a constant in every implementation.
_SCHEDULE = 0.96


class Nadam(Optimizer):
    """Adam that steps from where its momentum leads, with a momentum that rises over the first steps.

    (`optax.nadam` keeps the momentum constant.)

    Args:
        learning_rate: a number, a `LearningRateSchedule`, or a function without arguments.
        beta_1: share of the gradient's moving average that stays, in [0, 1).
        beta_2: share of the square's moving average that stays, in [0, 1).
        epsilon: keeps the quotient finite.
        weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency,
            loss_scale_factor, gradient_accumulation_steps, name: see `Optimizer`.

    Example:
        >>> weight = lamina.Variable(1.0)
        >>> lamina.optimizers.Nadam(0.1).apply([2.0], [weight])
        >>> round(float(weight), 4)
        0.8937

    Reference:
        Dozat, 2015, https://cs229.stanford.edu/proj2015/054_report.pdf
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
        check_share("Nadam", "beta_1", beta_1)
        check_share("Nadam", "beta_2", beta_2)
        check_positive("Nadam", "epsilon", epsilon, zero=True)
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
        dtype = var_list[0].dtype if var_list else None
        self._product = self.add_variable((), "ones", dtype=dtype, name="variable")

    def begin_step(self) -> None:
        self.assign(self._product, self._product.value * self._momentum(0).astype(self._product.dtype))

    def update_step(self, gradient: Array, variable: Variable, learning_rate: Array) -> None:
        index = self._get_variable_index(variable)
        mean, square = self._means[index], self._squares[index]
        now, following, product = self._momentum(0), self._momentum(1), self._product.value
        self.assign_add(mean, (gradient - mean.value) * (1 - self.beta_1))
        self.assign_add(square, (jnp.square(gradient) - square.value) * (1 - self.beta_2))
        of_mean = (learning_rate * following / (1 - product * following)).astype(variable.dtype)
        of_gradient = (learning_rate * (1 - now) / (1 - product)).astype(variable.dtype)
        unbias = (1 / (1 - jnp.power(self.beta_2, self._step_number()))).astype(variable.dtype)
        step = of_mean * mean.value + of_gradient * gradient
        self.assign_sub(variable, step / (jnp.sqrt(square.value * unbias) + self.epsilon))

    def _momentum(self, ahead: int) -> Array:
        """Return the momentum of this step, or of one ahead."""
        return self.beta_1 * (1 - 0.5 * jnp.power(_SCHEDULE, self._step_number() + ahead))
