"""`Adagrad`: steps that shrink where gradients were large."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
from jax import lax

from lamina.core.variable import Variable
from lamina.initializers import Constant
from lamina.optimizers.arguments import check_positive
from lamina.optimizers.optimizer import Optimizer
from lamina.typing import Array


class Adagrad(Optimizer):
    """Divides each gradient by the root of the sum of its squares so far.

    Epsilon is added inside of the root, as in `optax.adagrad`, which leaves out the quotient where the sum is zero.

    Args:
        learning_rate: a number, a `LearningRateSchedule`, or a function without arguments.
        initial_accumulator_value: what the sum starts from, not negative.
        epsilon: keeps the quotient finite.
        weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency,
            loss_scale_factor, gradient_accumulation_steps, name: see `Optimizer`.

    Example:
        >>> weight = lamina.Variable(1.0)
        >>> lamina.optimizers.Adagrad(0.1).apply([2.0], [weight])
        >>> round(float(weight), 4)
        0.9012

    Reference:
        Duchi et al., 2011, https://jmlr.org/papers/v12/duchi11a.html
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        initial_accumulator_value: float = 0.1,
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
        check_positive("Adagrad", "initial_accumulator_value", initial_accumulator_value, zero=True)
        check_positive("Adagrad", "epsilon", epsilon, zero=True)
        self.initial_accumulator_value = initial_accumulator_value
        self.epsilon = epsilon
        self._sums: list[Variable] = []

    def build(self, var_list: Sequence[Variable]) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        if self.built:
            return
        super().build(var_list)
        start = Constant(self.initial_accumulator_value)
        self._sums = self.add_optimizer_variables(var_list, "accumulator", start)

    def update_step(self, gradient: Array, variable: Variable, learning_rate: Array) -> None:
        total = self._sums[self._get_variable_index(variable)]
        self.assign_add(total, jnp.square(gradient))
        step = learning_rate.astype(variable.dtype) * gradient * lax.rsqrt(total.value + self.epsilon)
        self.assign_sub(variable, step)
