"""`Adadelta`: steps as large as the last ones were."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

from lamina.core.variable import Variable
from lamina.optimizers.arguments import check_positive, check_share
from lamina.optimizers.optimizer import Optimizer
from lamina.typing import Array


class Adadelta(Optimizer):
    """Multiplies each gradient by the root mean square of past steps over that of past gradients.

    The moving averages stand for windows, so the steps do not shrink for ever as Adagrad's do. (The mathematics of
    `optax.adadelta`, which has its first step size of 1 where here it is 0.001.)

    Args:
        learning_rate: a number, a `LearningRateSchedule`, or a function without arguments.
        rho: share of the moving averages that stays, in [0, 1).
        epsilon: keeps the quotient finite and starts the steps.
        weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency,
            loss_scale_factor, gradient_accumulation_steps, name: see `Optimizer`.

    Example:
        >>> weight = lamina.Variable(1.0)
        >>> lamina.optimizers.Adadelta(1.0).apply([2.0], [weight])
        >>> round(float(weight), 4)
        0.9986

    Reference:
        Zeiler, 2012, https://arxiv.org/abs/1212.5701
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.95,
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
        check_share("Adadelta", "rho", rho)
        check_positive("Adadelta", "epsilon", epsilon, zero=True)
        self.rho = rho
        self.epsilon = epsilon
        self._gradient_squares: list[Variable] = []
        self._step_squares: list[Variable] = []

    def build(self, var_list: Sequence[Variable]) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        if self.built:
            return
        super().build(var_list)
        names = ["accumulated_grad", "accumulated_delta_var"]
        self._gradient_squares, self._step_squares = self.add_optimizer_variables(var_list, names)

    def update_step(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, grad: Array, variable: Variable, learning_rate: Array
    ) -> None:
        index = self._get_variable_index(variable)
        gradient_square, step_square = self._gradient_squares[index], self._step_squares[index]
        self.assign(gradient_square, self.rho * gradient_square.value + (1 - self.rho) * jnp.square(grad))
        ratio = (step_square.value + self.epsilon) / (gradient_square.value + self.epsilon)
        step = jnp.sqrt(ratio) * grad
        self.assign(step_square, self.rho * step_square.value + (1 - self.rho) * jnp.square(step))
        self.assign_sub(variable, learning_rate.astype(variable.dtype) * step)
