"""`Adafactor`: mean squares of gradients kept by row and column only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
from jax import lax

from lamina.core.variable import Variable
from lamina.optimizers.arguments import check_positive
from lamina.optimizers.optimizer import Optimizer
from lamina.typing import Array


class Adafactor(Optimizer):
    """Divides each gradient by the root of a moving average of its square, kept by row and column for matrices.

    The rate is relative to the size of the variable, and the step is cut where it is unusually large.
    (`optax.adafactor` has other defaults and factors only large matrices.)

    Args:
        learning_rate: a number, a `LearningRateSchedule`, or a function without arguments.
        beta_2_decay: power of the step by which the share of new squares falls, negative.
        epsilon_1: added to the squares.
        epsilon_2: least size of a variable to which the rate is relative.
        clip_threshold: largest root mean square of the step before the rate; independent of `clipnorm` and the like.
        relative_step: whether the rate also falls as one over the root of the step.
        weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency,
            loss_scale_factor, gradient_accumulation_steps, name: see `Optimizer`.

    Example:
        >>> weight = lamina.Variable([[3.0, 4.0], [5.0, 6.0]])
        >>> lamina.optimizers.Adafactor(0.1).apply([[[1.0, 1.0], [1.0, 1.0]]], [weight])
        >>> weight.numpy().round(4)
        array([[2.5363, 3.5363],
               [4.5363, 5.5363]], dtype=float32)

    Reference:
        Shazeer and Stern, 2018, https://arxiv.org/abs/1804.04235
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_2_decay: float = -0.8,
        epsilon_1: float = 1e-30,
        epsilon_2: float = 0.001,
        clip_threshold: float = 1.0,
        relative_step: bool = True,
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
        if not beta_2_decay < 0:
            raise ValueError(f"Adafactor: beta_2_decay must be negative, got {beta_2_decay!r}.")
        check_positive("Adafactor", "epsilon_1", epsilon_1, zero=True)
        check_positive("Adafactor", "epsilon_2", epsilon_2, zero=True)
        check_positive("Adafactor", "clip_threshold", clip_threshold)
        self.beta_2_decay = beta_2_decay
        self.epsilon_1 = epsilon_1
        self.epsilon_2 = epsilon_2
        self.clip_threshold = clip_threshold
        self.relative_step = relative_step
        # None where the gradient overwrites the variable.
        self._rows: list[Any] = []
        self._columns: list[Any] = []
        self._squares: list[Any] = []

    def build(self, var_list: Sequence[Variable]) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        if self.built:
            return
        super().build(var_list)
        for variable in var_list:
            row, column, square = (None, None, None) if variable.overwrite_with_gradient else self._slots_of(variable)
            self._rows.append(row)
            self._columns.append(column)
            self._squares.append(square)

    def _slots_of(self, variable: Variable) -> tuple[Variable, Variable, Variable]:
        """Return the three slots that files hold for each variable, of which one or two are used."""
        shape, name = variable.shape, variable.name
        if len(shape) < 2:
            row, column = (self.add_variable((), dtype="int32", name=name) for _ in range(2))
        else:
            row = self.add_variable(shape[:-1], dtype=variable.dtype, name=name)
            column = self.add_variable((*shape[:-2], shape[-1]), dtype=variable.dtype, name=name)
        return row, column, self.add_variable_from_reference(variable, "velocity")

    def update_step(self, gradient: Array, variable: Variable, learning_rate: Array) -> None:
        step = self._step_number()
        rate = jnp.minimum(learning_rate, lax.rsqrt(step)) if self.relative_step else learning_rate
        kept = (1 - jnp.power(step, self.beta_2_decay)).astype(variable.dtype)
        size = jnp.maximum(self.epsilon_2, _root_mean_square(variable.value))
        direction = gradient * lax.rsqrt(self._mean_square(gradient, variable, kept))
        excess = jnp.maximum(1, _root_mean_square(direction) / self.clip_threshold)
        self.assign_sub(variable, rate.astype(variable.dtype) * size / excess * direction)

    def _mean_square(self, gradient: Array, variable: Variable, kept: Array) -> Array:
        """Update the moving averages and return that of the square, for matrices from its rows and columns."""
        index = self._get_variable_index(variable)
        # In half precision the default epsilon would be zero.
        square = jnp.square(gradient) + max(self.epsilon_1, float(jnp.finfo(gradient.dtype).smallest_subnormal))
        if gradient.ndim < 2:
            slot = self._squares[index]
            self.assign(slot, kept * slot.value + (1 - kept) * square)
            return slot.value
        row, column = self._rows[index], self._columns[index]
        self.assign(row, kept * row.value + (1 - kept) * jnp.mean(square, axis=-1))
        self.assign(column, kept * column.value + (1 - kept) * jnp.mean(square, axis=-2))
        # The slot of the whole square stays zero: Keras fills it but never reads it.
        shares = row.value / jnp.mean(row.value, axis=-1, keepdims=True)
        return shares[..., None] * column.value[..., None, :]


def _root_mean_square(x: Array) -> Array:
    return jnp.sqrt(jnp.mean(jnp.square(x)))
