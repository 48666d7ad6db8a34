"""`Muon`: steps along orthogonal matrices."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

from lamina.core.variable import Variable
from lamina.optimizers.arguments import check_positive, check_share, check_whole
from lamina.optimizers.optimizer import Optimizer
from lamina.typing import Array, ArrayLike


class Muon(Optimizer):
    """Makes the momentum of each matrix nearly orthogonal before the step; takes Adam's steps for everything else.

    Matrices are the variables with two axes, except embeddings and those that `exclude_layers` names; the output
    layer should be named there. (`optax.contrib.muon` has another coefficient in the place of `rms_rate`.)

    Args:
        learning_rate: a number, a `LearningRateSchedule`, or a function without arguments.
        adam_beta_1: share of the gradient's moving average that stays, in [0, 1), where Adam steps.
        adam_beta_2: share of the square's moving average that stays, in [0, 1), where Adam steps.
        adam_weight_decay: `weight_decay` where Adam steps.
        epsilon: keeps Adam's quotient finite.
        weight_decay: share of each matrix, times the learning rate, that is taken off before its step.
        clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency, loss_scale_factor,
            gradient_accumulation_steps, name: see `Optimizer`.
        exclude_layers: patterns (regular expressions), of which one is found in the path of variables that are no
            matrices.
        exclude_embeddings: whether variables with "embedding" in their path are no matrices either.
        muon_a, muon_b, muon_c: coefficients of the polynomial that is iterated.
        adam_lr_ratio: what the learning rate is multiplied by where Adam steps.
        momentum: share of the momentum that stays, in [0, 1].
        ns_steps: number of iterations.
        nesterov: whether to step from where the momentum leads.
        rms_rate: root mean square of the step before the rate; None for that of an orthogonal matrix.

    Example:
        >>> weight = lamina.Variable([[1.0, 0.0], [0.0, 1.0]])
        >>> lamina.optimizers.Muon(0.1, weight_decay=0.0).apply([[[3.0, 0.0], [0.0, 3.0]]], [weight])
        >>> bool(weight.numpy()[0, 0] < 1)
        True

    Reference:
        Jordan et al., 2024, https://kellerjordan.github.io/posts/muon; Liu et al., 2025,
        https://arxiv.org/abs/2502.16982
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        adam_beta_1: float = 0.9,
        adam_beta_2: float = 0.999,
        adam_weight_decay: float | None = 0.004,
        epsilon: float = 1e-7,
        weight_decay: float | None = 0.004,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        exclude_layers: Sequence[str] | None = None,
        exclude_embeddings: bool = True,
        muon_a: float = 3.4445,
        muon_b: float = -4.775,
        muon_c: float = 2.0315,
        adam_lr_ratio: float = 1,
        momentum: float = 0.95,
        ns_steps: int = 5,
        nesterov: bool = True,
        rms_rate: float | None = 0.2,
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
        check_share("Muon", "adam_beta_1", adam_beta_1)
        check_share("Muon", "adam_beta_2", adam_beta_2)
        check_share("Muon", "momentum", momentum, closed=True)
        check_positive("Muon", "epsilon", epsilon, zero=True)
        check_positive("Muon", "adam_lr_ratio", adam_lr_ratio, zero=True)
        check_whole("Muon", "ns_steps", ns_steps, 0)
        if adam_weight_decay is not None:
            check_positive("Muon", "adam_weight_decay", adam_weight_decay, zero=True)
        if rms_rate is not None:
            check_positive("Muon", "rms_rate", rms_rate)
        if isinstance(exclude_layers, str):
            raise ValueError(f"Muon: exclude_layers must be a list of patterns, got {exclude_layers!r}.")
        self.adam_beta_1 = adam_beta_1
        self.adam_beta_2 = adam_beta_2
        self.adam_weight_decay = adam_weight_decay
        self.epsilon = epsilon
        self.exclude_layers = list(exclude_layers or ())
        self.exclude_embeddings = exclude_embeddings
        self.muon_a = muon_a
        self.muon_b = muon_b
        self.muon_c = muon_c
        self.adam_lr_ratio = adam_lr_ratio
        self.momentum = momentum
        self.ns_steps = ns_steps
        self.nesterov = nesterov
        self.rms_rate = rms_rate
        self._momenta: list[Variable] = []
        self._squares: list[Variable | None] = []

    def build(self, var_list: Sequence[Variable]) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        if self.built:
            return
        super().build(var_list)
        for variable in var_list:
            self._momenta += self.add_optimizer_variables([variable], "momentum")
            matrix = self._is_matrix(variable)
            self._squares += [None] if matrix else self.add_optimizer_variables([variable], "velocity")

    def update_step(self, gradient: Array, variable: Variable, learning_rate: Array) -> None:
        if self._is_matrix(variable):
            self._matrix_step(gradient, variable, learning_rate)
        else:
            self._adam_step(gradient, variable, learning_rate * self.adam_lr_ratio)

    def lr_adjust(self, x: Array) -> Array:
        """Return a step scaled to have the root mean square `rms_rate`, if x is orthogonal."""
        return x if self.rms_rate is None else x * (max(x.shape[:2]) ** 0.5 * self.rms_rate)

    def transpose_last_axis(self, X: ArrayLike) -> Array:
        """Return the transposed matrix, or matrices."""
        return jnp.swapaxes(jnp.asarray(X), -1, -2)

    def zeropower_via_newtonschulz5(self, x: ArrayLike, steps: int) -> Array:
        """Return about the orthogonal matrix nearest to x, whose singular values all lie near 1.

        Args:
            x: a matrix, or several along the first axes.
            steps: iterations of Newton and Schulz.
        """
        matrix = jnp.asarray(x)
        tall = matrix.shape[-2] > matrix.shape[-1]
        if tall:  # the smaller of the two products is enough
            matrix = self.transpose_last_axis(matrix)
        matrix = matrix / (jnp.linalg.norm(matrix, axis=(-2, -1), keepdims=True) + 1e-7)
        for _ in range(steps):
            square = matrix @ self.transpose_last_axis(matrix)
            matrix = self.muon_a * matrix + (self.muon_b * square + self.muon_c * (square @ square)) @ matrix
        return self.transpose_last_axis(matrix) if tall else matrix

    def _is_matrix(self, variable: Variable) -> bool:
        if variable.ndim != 2 or (self.exclude_embeddings and "embedding" in variable.path.lower()):
            return False
        return not any(re.search(pattern, variable.path) for pattern in self.exclude_layers)

    def _decay_of(self, variable: Variable) -> float | None:
        if self._is_matrix(variable) or self._is_undecayed(variable):
            return super()._decay_of(variable)
        return self.adam_weight_decay

    def _matrix_step(self, gradient: Array, variable: Variable, learning_rate: Array) -> None:
        slot = self._momenta[self._get_variable_index(variable)]
        momentum = self.momentum * slot.value + gradient
        self.assign(slot, momentum)
        direction = gradient + self.momentum * momentum if self.nesterov else momentum
        step = self.lr_adjust(self.zeropower_via_newtonschulz5(direction, self.ns_steps))
        self.assign_sub(variable, learning_rate.astype(variable.dtype) * step)

    def _adam_step(self, gradient: Array, variable: Variable, learning_rate: Array) -> None:
        index = self._get_variable_index(variable)
        mean, square = self._momenta[index], self._squares[index]
        assert square is not None
        step = self._step_number()
        unbias = jnp.sqrt(1 - jnp.power(self.adam_beta_2, step)) / (1 - jnp.power(self.adam_beta_1, step))
        self.assign_add(mean, (gradient - mean.value) * (1 - self.adam_beta_1))
        self.assign_add(square, (jnp.square(gradient) - square.value) * (1 - self.adam_beta_2))
        rate = (learning_rate * unbias).astype(variable.dtype)
        self.assign_sub(variable, mean.value * rate / (jnp.sqrt(square.value) + self.epsilon))
