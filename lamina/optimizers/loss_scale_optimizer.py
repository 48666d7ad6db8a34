"""`LossScaleOptimizer`: keeps float16 gradients from vanishing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from lamina.core import serialization
from lamina.core.variable import Variable
from lamina.errors import nearest
from lamina.optimizers.arguments import COMMON, check_positive, check_whole
from lamina.optimizers.branching import assign_either
from lamina.optimizers.optimizer import Optimizer
from lamina.typing import Array, ArrayLike


class LossScaleOptimizer(Optimizer):
    """Multiplies the loss by a factor that it finds by itself, and has another optimizer take the steps.

    In float16 small gradients become zero, unless the loss is large. Whenever a gradient is not finite, the step is
    left out and the factor halved; after `dynamic_growth_steps` steps without that, it is doubled.

    Args:
        inner_optimizer: the optimizer that takes the steps; clipping, averages and the like are its arguments.
        initial_scale: the factor to start from; better too high than too low.
        dynamic_growth_steps: steps until the factor is doubled.
        name: default "loss_scale_optimizer".
        kwargs: `dynamic=True`, from configurations that Keras 2 wrote.

    Raises:
        ValueError: for other arguments; or if the inner optimizer has a `loss_scale_factor` of its own.

    Example:
        >>> optimizer = lamina.optimizers.LossScaleOptimizer(lamina.optimizers.SGD(0.1), initial_scale=8.0)
        >>> weight = lamina.Variable(1.0)
        >>> optimizer.build([weight])
        >>> float(optimizer.scale_loss(3.0))
        24.0
        >>> optimizer.apply([8.0])
        >>> round(float(weight), 4)
        0.9
    """

    def __init__(
        self,
        inner_optimizer: Optimizer,
        initial_scale: float = 32768.0,
        dynamic_growth_steps: int = 2000,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        if not isinstance(inner_optimizer, Optimizer):
            raise TypeError(f"LossScaleOptimizer: inner_optimizer must be an Optimizer, got {inner_optimizer!r}.")
        if not kwargs.pop("dynamic", True):
            raise ValueError("LossScaleOptimizer: for a fixed scale pass loss_scale_factor to the optimizer instead.")
        for argument, value in kwargs.items():
            if argument not in COMMON:
                known = ["inner_optimizer", "initial_scale", "dynamic_growth_steps", "name"]
                raise ValueError(f"LossScaleOptimizer does not know {argument!r}. {nearest(argument, known)}")
            if value not in (None, False):
                raise ValueError(f"LossScaleOptimizer: pass {argument} to the inner optimizer instead.")
        if inner_optimizer.loss_scale_factor is not None:
            raise ValueError(
                f"LossScaleOptimizer: the inner optimizer {inner_optimizer.name!r} has a loss_scale_factor of its own "
                f"({inner_optimizer.loss_scale_factor!r}); leave it out."
            )
        check_positive("LossScaleOptimizer", "initial_scale", initial_scale)
        check_whole("LossScaleOptimizer", "dynamic_growth_steps", dynamic_growth_steps, 1)
        super().__init__(learning_rate=0.0, name=name)
        self.inner_optimizer = inner_optimizer
        self.initial_scale = initial_scale
        self.dynamic_growth_steps = dynamic_growth_steps
        self.step_counter = self._scalar(np.zeros((), "int32"), "step_counter")
        self.dynamic_scale = self._scalar(np.asarray(initial_scale, "float32"), "dynamic_scale")

    @property
    def variables(self) -> list[Variable]:
        """Those of its own, then those of the inner optimizer."""
        own = [self._iterations, self._learning_rate, self.step_counter, self.dynamic_scale]
        return own + self.inner_optimizer.variables

    @property
    def iterations(self) -> Variable | Array:
        """How many steps the inner optimizer took."""
        return self.inner_optimizer.iterations

    @property
    def batch_count(self) -> Variable:
        """The inner optimizer's, which a batch that was left out does not advance."""
        return self.inner_optimizer.batch_count

    @property
    def learning_rate(self) -> Any:
        """The inner optimizer's."""
        return self.inner_optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        self.inner_optimizer.learning_rate = value

    def build(self, var_list: Sequence[Variable]) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Create the variables of the inner optimizer."""
        if self.built:
            return
        self.inner_optimizer.build(var_list)
        self._trainable_variables = list(var_list)
        self.averages = self.inner_optimizer.averages
        self.built = True

    def exclude_from_weight_decay(
        self, var_list: Iterable[Variable] | None = None, var_names: Iterable[str] | None = None
    ) -> None:
        """Say which variables the inner optimizer's weight decay leaves alone."""
        self.inner_optimizer.exclude_from_weight_decay(var_list, var_names)

    def apply(self, grads: Sequence[ArrayLike | None], trainable_variables: Sequence[Variable] | None = None) -> None:
        """Divide the gradients by the scale and take the inner optimizer's step, unless one is not finite."""
        grads = list(grads)
        if not grads:
            return
        variables = self._variables_for(grads, trainable_variables)
        scale, counter = self.dynamic_scale.value, self.step_counter.value
        unscaled = [
            gradient if gradient is None or variable.overwrite_with_gradient else jnp.asarray(gradient) / scale
            for gradient, variable in zip(grads, variables)
        ]

        def step() -> None:
            full = counter + 1 == self.dynamic_growth_steps
            self.dynamic_scale.assign(jnp.where(full, scale * 2, scale))
            self.step_counter.assign(jnp.where(full, 0, counter + 1))
            self.inner_optimizer.apply(unscaled, variables)

        def skip() -> None:
            self.dynamic_scale.assign(scale / 2)
            self.step_counter.assign(jnp.zeros_like(counter))

        assign_either(self.check_finite(grads), step, skip, [*variables, *self.variables])

    def check_finite(self, grads: Iterable[ArrayLike | None]) -> Array:
        """Return whether all numbers in the gradients are finite, as a boolean scalar."""
        finite = [jnp.all(jnp.isfinite(jnp.asarray(gradient))) for gradient in grads if gradient is not None]
        return jnp.all(jnp.stack(finite)) if finite else jnp.asarray(True)

    def scale_loss(self, loss: Array) -> Array:
        """Return the loss times the scale."""
        return loss * self.dynamic_scale.value

    def finalize_variable_values(self, var_list: Sequence[Variable]) -> None:
        """Have the inner optimizer replace the variables by their averages, where it keeps those."""
        self.inner_optimizer.finalize_variable_values(var_list)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            "name": self.name,
            "inner_optimizer": serialization.serialize(self.inner_optimizer),
            "initial_scale": self.initial_scale,
            "dynamic_growth_steps": self.dynamic_growth_steps,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Mapping[str, Any] | None = None) -> LossScaleOptimizer:
        """Return an optimizer made from `get_config`."""
        config = dict(config)
        config["inner_optimizer"] = serialization.deserialize(config["inner_optimizer"], custom_objects)
        return cls(**config)
