"""`RMSprop`: steps divided by the running size of the gradient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
from jax import lax

from lamina.core.variable import Variable
from lamina.optimizers.arguments import check_positive, check_share
from lamina.optimizers.optimizer import Optimizer
from lamina.typing import Array


class RMSprop(Optimizer):
    """Divides each gradient by the root of a moving average of its square.

    Epsilon is added inside of the root. (`optax.rmsprop` adds it outside unless told otherwise, and multiplies by the
    rate after the momentum.)

    Args:
        learning_rate: a number, a `LearningRateSchedule`, or a function without arguments.
        rho: share of the moving average that stays, in [0, 1).
        momentum: share of the velocity that stays, in [0, 1].
        epsilon: keeps the quotient finite.
        centered: whether to divide by an estimate of the gradient's deviation instead, which subtracts the square
            of its moving average.
        weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency,
            loss_scale_factor, gradient_accumulation_steps, name: see `Optimizer`.

    Example:
        >>> weight = lamina.Variable(1.0)
        >>> lamina.optimizers.RMSprop(0.1).apply([2.0], [weight])
        >>> round(float(weight), 4)
        0.6838

    Reference:
        Hinton, 2012, https://www.cs.toronto.edu/~tijmen/csc321/slides/lecture_slides_lec6.pdf
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
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
        check_share("RMSprop", "rho", rho)
        check_share("RMSprop", "momentum", momentum, closed=True)
        check_positive("RMSprop", "epsilon", epsilon, zero=True)
        self.rho = rho
        self.momentum = momentum
        self.epsilon = epsilon
        self.centered = centered
        self._squares: list[Variable] = []
        self._velocities: list[Variable] = []
        self._means: list[Variable] = []

    def build(self, var_list: Sequence[Variable]) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        if self.built:
            return
        super().build(var_list)
        self._squares = self.add_optimizer_variables(var_list, "velocity")
        if self.momentum:
            self._velocities = self.add_optimizer_variables(var_list, "momentum")
        if self.centered:
            self._means = self.add_optimizer_variables(var_list, "average_gradient")

    def update_step(self, gradient: Array, variable: Variable, learning_rate: Array) -> None:
        rate = learning_rate.astype(variable.dtype)
        index = self._get_variable_index(variable)
        square = self.rho * self._squares[index].value + (1 - self.rho) * jnp.square(gradient)
        self.assign(self._squares[index], square)
        denominator = square + self.epsilon
        if self.centered:
            mean = self.rho * self._means[index].value + (1 - self.rho) * gradient
            self.assign(self._means[index], mean)
            denominator = denominator - jnp.square(mean)
        step = rate * gradient * lax.rsqrt(denominator)
        if self.momentum:
            step = self.momentum * self._velocities[index].value + step
            self.assign(self._velocities[index], step)
        self.assign_sub(variable, step)
