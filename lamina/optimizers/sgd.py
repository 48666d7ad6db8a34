"""`SGD`: gradient descent, with momentum."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lamina.core.variable import Variable
from lamina.kernels import vectorized
from lamina.optimizers.arguments import check_share
from lamina.optimizers.optimizer import Optimizer
from lamina.typing import Array


class SGD(Optimizer):
    """Gradient descent, with momentum and Nesterov's look-ahead where asked.

    Without momentum `variable -= learning_rate * gradient`. With it
    `velocity = momentum * velocity - learning_rate * gradient` and `variable += velocity`, or with `nesterov`
    `variable += momentum * velocity - learning_rate * gradient`. (`optax.sgd` multiplies by the rate after the
    momentum, which differs once the rate changes.)

    Args:
        learning_rate: a number, a `LearningRateSchedule`, or a function without arguments.
        momentum: share of the velocity that stays, in [0, 1].
        nesterov: whether to step from where the momentum leads.
        weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency,
            loss_scale_factor, gradient_accumulation_steps, name: see `Optimizer`.

    Example:
        >>> weight = lamina.Variable(1.0)
        >>> lamina.optimizers.SGD(0.1, momentum=0.9).apply([2.0], [weight])
        >>> round(float(weight), 6)
        0.8

    Reference:
        Sutskever et al., 2013, https://proceedings.mlr.press/v28/sutskever13.html
    """

    def __init__(
        self,
        learning_rate: Any = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
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
        check_share("SGD", "momentum", momentum, closed=True)
        self.momentum = momentum
        self.nesterov = nesterov
        self._velocities: list[Variable] = []

    def build(self, variables: Sequence[Variable]) -> None:
        if self.built:
            return
        super().build(variables)
        if self.momentum:
            self._velocities = self.add_optimizer_variables(variables, "momentum")

    def update_step(self, gradient: Array, variable: Variable, learning_rate: Array) -> None:
        step = gradient * learning_rate.astype(variable.dtype)
        if not self.momentum:
            self.assign_sub(variable, step)
            return
        slot = self._velocities[self._get_variable_index(variable)]
        velocity = slot.value * self.momentum - step
        self.assign(slot, velocity)
        self.assign_add(variable, velocity * self.momentum - step if self.nesterov else vectorized(velocity))
