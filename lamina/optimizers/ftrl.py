"""`Ftrl`: follow the regularized leader, for sparse linear models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

from lamina.core.variable import Variable
from lamina.initializers import Constant
from lamina.optimizers.arguments import check_positive
from lamina.optimizers.optimizer import Optimizer
from lamina.typing import Array


class Ftrl(Optimizer):
    """Chooses the variables anew at each step, from the sum of all gradients and of their squares.

    With an L1 penalty many of them become exactly zero. Not in optax.

    Args:
        learning_rate: a number, a `LearningRateSchedule`, or a function without arguments.
        learning_rate_power: how the rate falls with the sum of squares, not positive; 0 for a constant rate.
        initial_accumulator_value: what the sum of squares starts from.
        l1_regularization_strength: penalty on absolute values.
        l2_regularization_strength: penalty on squares.
        l2_shrinkage_regularization_strength: penalty on squares that is added to the gradient only.
        beta: the beta of the paper, which keeps the first rates small.
        weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency,
            loss_scale_factor, gradient_accumulation_steps, name: see `Optimizer`.

    Raises:
        ValueError: if `learning_rate_power` is positive or another of these numbers is negative.

    Example:
        >>> weight = lamina.Variable(1.0)
        >>> lamina.optimizers.Ftrl(0.1).apply([2.0], [weight])
        >>> round(float(weight), 4)
        0.7451

    Reference:
        McMahan et al., 2013, https://research.google.com/pubs/archive/41159.pdf
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float = 0.0,
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
        given = {
            "initial_accumulator_value": initial_accumulator_value,
            "l1_regularization_strength": l1_regularization_strength,
            "l2_regularization_strength": l2_regularization_strength,
            "l2_shrinkage_regularization_strength": l2_shrinkage_regularization_strength,
            "beta": beta,
        }
        for argument, value in given.items():
            check_positive("Ftrl", argument, value, zero=True)
        if not learning_rate_power <= 0:
            raise ValueError(f"Ftrl: learning_rate_power must not be positive, got {learning_rate_power!r}.")
        self.learning_rate_power = learning_rate_power
        self.initial_accumulator_value = initial_accumulator_value
        self.l1_regularization_strength = l1_regularization_strength
        self.l2_regularization_strength = l2_regularization_strength
        self.l2_shrinkage_regularization_strength = l2_shrinkage_regularization_strength
        self.beta = beta
        self._sums: list[Variable] = []
        self._linears: list[Variable] = []

    def build(self, var_list: Sequence[Variable]) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        if self.built:
            return
        super().build(var_list)
        kinds = [Constant(self.initial_accumulator_value), "zeros"]
        self._sums, self._linears = self.add_optimizer_variables(var_list, ["accumulator", "linear"], kinds)

    def update_step(self, gradient: Array, variable: Variable, learning_rate: Array) -> None:
        rate = learning_rate.astype(variable.dtype)
        index = self._get_variable_index(variable)
        total, linear = self._sums[index], self._linears[index]
        before = self._slowness(total.value)
        self.assign_add(total, jnp.square(gradient))
        after = self._slowness(total.value)
        shrunk = gradient + 2 * self.l2_shrinkage_regularization_strength * variable.value
        self.assign_add(linear, shrunk - (after - before) / rate * variable.value)
        quadratic = after / rate + 2 * (self.l2_regularization_strength + self.beta / (2 * rate))
        bound = self.l1_regularization_strength
        self.assign(variable, (jnp.clip(linear.value, -bound, bound) - linear.value) / quadratic)

    def _slowness(self, total: Array) -> Array:
        """Return what divides the learning rate, from a sum of squares."""
        return jnp.sqrt(total) if self.learning_rate_power == -0.5 else jnp.power(total, -self.learning_rate_power)
