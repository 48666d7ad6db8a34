"""`Adam`: steps by moving averages of the gradient and of its square."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

from lamina import kernels
from lamina.core.variable import Variable
from lamina.optimizers.arguments import check_positive, check_share
from lamina.optimizers.optimizer import Optimizer
from lamina.typing import Array


class Adam(Optimizer):
    """Divides a moving average of the gradient by the root of a moving average of its square.

    Epsilon is the "epsilon hat" of the paper's section 2.1. (`optax.adam` adds it after the bias correction, as
    algorithm 1 does.)

    Args:
        learning_rate: a number, a `LearningRateSchedule`, or a function without arguments.
        beta_1: share of the gradient's moving average that stays, in [0, 1).
        beta_2: share of the square's moving average that stays, in [0, 1).
        epsilon: keeps the quotient finite.
        amsgrad: whether to divide by the largest moving average of the square so far.
        weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency,
            loss_scale_factor, gradient_accumulation_steps, name: see `Optimizer`.

    Example:
        >>> weight = lamina.Variable(1.0)
        >>> lamina.optimizers.Adam(0.1).apply([2.0], [weight])
        >>> round(float(weight), 4)
        0.9

    Reference:
        Kingma and Ba, 2015, https://arxiv.org/abs/1412.6980; amsgrad: Reddi et al., 2018,
        https://openreview.net/forum?id=ryQu7f-RZ
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
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
        check_share(type(self).__name__, "beta_1", beta_1)
        check_share(type(self).__name__, "beta_2", beta_2)
        check_positive(type(self).__name__, "epsilon", epsilon, zero=True)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.amsgrad = amsgrad
        self._means: list[Variable] = []
        self._squares: list[Variable] = []
        self._largest: list[Variable] = []

    def build(self, var_list: Sequence[Variable]) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        if self.built:
            return
        super().build(var_list)
        self._means, self._squares = self.add_optimizer_variables(var_list, ["momentum", "velocity"])
        if self.amsgrad:
            self._largest = self.add_optimizer_variables(var_list, "velocity_hat")

    def update_step(self, gradient: Array, variable: Variable, learning_rate: Array) -> None:
        index = self._get_variable_index(variable)
        mean, square = self._means[index], self._squares[index]
        step = self._step_number()
        unbias = jnp.sqrt(1 - jnp.power(self.beta_2, step)) / (1 - jnp.power(self.beta_1, step))
        rate = (learning_rate * unbias).astype(variable.dtype)
        if not self.amsgrad:
            arrays = (gradient, mean.value, square.value, variable.value, rate)
            shares = {"beta_1": self.beta_1, "beta_2": self.beta_2, "epsilon": self.epsilon}
            for changed, value in zip((mean, square, variable), kernels.adam_step(*arrays, **shares)):
                self.assign(changed, value)
            return
        self.assign_add(mean, (gradient - mean.value) * (1 - self.beta_1))
        self.assign_add(square, (jnp.square(gradient) - square.value) * (1 - self.beta_2))
        largest = jnp.maximum(self._largest[index].value, square.value)
        self.assign(self._largest[index], largest)
        self.assign_sub(variable, mean.value * rate / (jnp.sqrt(largest) + self.epsilon))
