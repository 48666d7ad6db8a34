"""`Optimizer`: turns gradients into steps of the variables."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import jax.numpy as jnp

from lamina.core import serialization
from lamina.core.functional import pure
from lamina.core.variable import Variable
from lamina.errors import warn
from lamina.optimizers import learning_rate as rates
from lamina.optimizers.arguments import (
    COMMON,
    check_one_clip,
    check_positive,
    check_share,
    check_whole,
    take_legacy,
)
from lamina.optimizers.branching import assign_either
from lamina.optimizers.clipping import clip_by_global_norm, clip_by_norm
from lamina.optimizers.optimizer_state import OptimizerState, copied
from lamina.optimizers.schedules import InverseTimeDecay
from lamina.typing import Array, ArrayLike


class Optimizer(OptimizerState):
    """Base of all optimizers, and of yours.

    A subclass writes `build(variables)`, which creates its own variables after `super().build(variables)`, and
    `update_step(gradient, variable, learning_rate)`, which assigns the variable its new value. Both are run by the
    compiled training program, so the step uses `jax.numpy` or `lamina.ops` and no Python `if` on values.

    Args:
        learning_rate: a number that is not negative, a `LearningRateSchedule`, or a function without arguments that
            is asked at every step.
        weight_decay: share of each variable, times the learning rate, taken off before each step; None for none.
        clipnorm: largest Euclidean norm of each gradient; larger ones are scaled down.
        clipvalue: largest absolute value in each gradient; larger ones are cut.
        global_clipnorm: largest Euclidean norm of all gradients together.
        use_ema: whether to keep an exponential moving average of the variables, which replaces them at the end of
            training or every `ema_overwrite_frequency` steps.
        ema_momentum: share of the old average that stays at each step, in [0, 1].
        ema_overwrite_frequency: steps after which the variables are replaced by their averages; None for only at the
            end of training.
        loss_scale_factor: the loss is multiplied by it before, and the gradients divided after differentiation.
        gradient_accumulation_steps: number of batches whose gradients are averaged for one step, at least 2; None for
            a step at every batch.
        name: default the class's name in snake case.
        kwargs: `lr`, the old spelling of `learning_rate`.

    Raises:
        ValueError: for values outside of these ranges, more than one way to clip, or arguments that do not exist.

    Example:
        >>> class PlainDescent(lamina.optimizers.Optimizer):
        ...     def update_step(self, gradient, variable, learning_rate):
        ...         self.assign_sub(variable, gradient * learning_rate)
        >>> weight = lamina.Variable([1.0, 2.0])
        >>> PlainDescent(0.5).apply([[1.0, 1.0]], [weight])
        >>> weight.numpy()
        array([0.5, 1.5], dtype=float32)
    """

    def __init__(
        self,
        learning_rate: Any,
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
        super().__init__(take_legacy(type(self), learning_rate, kwargs), name)
        self.weight_decay = weight_decay
        self.clipnorm = clipnorm
        self.clipvalue = clipvalue
        self.global_clipnorm = global_clipnorm
        self.use_ema = bool(use_ema)
        self.ema_momentum = ema_momentum
        self.ema_overwrite_frequency = ema_overwrite_frequency
        self.loss_scale_factor = loss_scale_factor
        self.gradient_accumulation_steps = gradient_accumulation_steps
        self._check_arguments()
        self.averages: list[Variable | None] = []
        self._accumulated_gradients: list[Variable] = []
        self._undecayed: list[Variable] = []
        self._undecayed_names: list[str] = []

    def _check_arguments(self) -> None:
        owner = type(self).__name__
        clips = {"clipnorm": self.clipnorm, "clipvalue": self.clipvalue, "global_clipnorm": self.global_clipnorm}
        for name, value in {**clips, "loss_scale_factor": self.loss_scale_factor}.items():
            if value is not None:
                check_positive(owner, name, value)
        check_one_clip(owner, clips)
        if self.weight_decay is not None:
            check_positive(owner, "weight_decay", self.weight_decay, zero=True)
        check_share(owner, "ema_momentum", self.ema_momentum, closed=True)
        if self.ema_overwrite_frequency is not None:
            check_whole(owner, "ema_overwrite_frequency", self.ema_overwrite_frequency, 1)
            if not self.use_ema:
                raise ValueError(f"{owner}: ema_overwrite_frequency needs use_ema=True.")
        if self.gradient_accumulation_steps is not None:
            check_whole(owner, "gradient_accumulation_steps", self.gradient_accumulation_steps, 2)

    def build(self, variables: Sequence[Variable]) -> None:
        """Create the optimizer's variables for those that it will change; nothing is computed yet.

        Args:
            variables: the model's trainable variables.
        """
        if self.built:
            return
        self._trainable_variables = list(variables)
        for variable in self._trainable_variables:
            if not isinstance(variable, Variable):
                raise TypeError(
                    f"{type(self).__name__}.build expects a list of lamina.Variable, got {type(variable).__name__}."
                )
        if self.use_ema:
            for variable in self._trainable_variables:
                self.averages += self.add_optimizer_variables([variable], "average", copied(variable))
        if self.gradient_accumulation_steps:
            for variable in self._trainable_variables:
                self._accumulated_gradients.append(self.add_variable_from_reference(variable, "gradient_accumulator"))
        self.built = True

    def exclude_from_weight_decay(
        self, var_list: Iterable[Variable] | None = None, var_names: Iterable[str] | None = None
    ) -> None:
        """Say which variables weight decay leaves alone; to be called before `build`.

        Args:
            var_list: the variables.
            var_names: patterns (regular expressions), of which one is found in the variable's name.
        """
        if self.built:
            raise ValueError(
                f"Optimizer {self.name!r} is built already; call exclude_from_weight_decay before it sees the model."
            )
        self._undecayed += list(var_list or ())
        self._undecayed_names += list(var_names or ())

    def apply_gradients(self, grads_and_vars: Iterable[tuple[ArrayLike, Variable]]) -> Variable | Array:
        """Take a step, from pairs of gradient and variable; return the count of steps.

        Args:
            grads_and_vars: pairs, such as `zip(gradients, model.trainable_variables)`.
        """
        pairs = list(grads_and_vars)
        self.apply([gradient for gradient, _ in pairs], [variable for _, variable in pairs])
        return self.iterations

    def apply(self, grads: Sequence[ArrayLike | None], trainable_variables: Sequence[Variable] | None = None) -> None:
        """Take a step.

        Args:
            grads: a gradient for each variable, of its shape; None where the loss does not depend on it.
            trainable_variables: the variables; default all that the optimizer was built with.

        Raises:
            ValueError: if the gradients don't match the variables in number or shape, all of them are None, or a
                variable is not one that the optimizer was built with.
        """
        grads = list(grads)
        if not grads:
            return
        variables = self._variables_for(grads, trainable_variables)
        gradients, variables = _paired(self.name, grads, variables)
        for variable in variables:
            self._get_variable_index(variable)
        if self.loss_scale_factor is not None:
            gradients = [
                gradient if variable.overwrite_with_gradient else gradient / self.loss_scale_factor
                for gradient, variable in zip(gradients, variables)
            ]
        if self.gradient_accumulation_steps:
            self._accumulate(gradients, variables)
        else:
            self._step(gradients, variables)
        stepped = [variable for variable in variables if not variable.overwrite_with_gradient]
        if self.use_ema:
            self._average(stepped)
        for variable in stepped:
            if variable.constraint is not None:
                variable.assign(variable.constraint(variable.value))
        self._iterations.assign(self._iterations.value + 1)

    def update_step(self, gradient: Array, variable: Variable, learning_rate: Array) -> None:
        """Assign a variable its new value; every optimizer writes its own.

        Args:
            gradient: has the variable's shape and dtype.
            variable: the model's variable.
            learning_rate: a float32 scalar.
        """
        raise NotImplementedError(f"{type(self).__name__} must have update_step(gradient, variable, learning_rate).")

    def begin_step(self) -> None:
        """Do what is done once a step, before any `update_step`; by default nothing."""

    def assign(self, variable: Variable, value: ArrayLike) -> None:
        """Give a variable a new value."""
        variable.assign(value)

    def assign_add(self, variable: Variable, value: ArrayLike) -> None:
        """Add to a variable."""
        variable.assign_add(value)

    def assign_sub(self, variable: Variable, value: ArrayLike) -> None:
        """Subtract from a variable."""
        variable.assign_sub(value)

    def scale_loss(self, loss: Array) -> Array:
        """Return the loss times `loss_scale_factor`, to be called before differentiation."""
        return loss if self.loss_scale_factor is None else loss * self.loss_scale_factor

    def stateless_apply(
        self,
        optimizer_variables: Sequence[ArrayLike],
        grads: Sequence[ArrayLike],
        trainable_variables: Sequence[ArrayLike],
    ) -> tuple[list[Array], list[Array]]:
        """Return what a step would make of the variables and of the optimizer's state, and change nothing.

        Args:
            optimizer_variables: values of `optimizer.variables`.
            grads: a gradient for each trainable variable.
            trainable_variables: values of the variables that the optimizer was built with.

        Returns:
            `(trainable values, optimizer values)`.
        """
        if not self.built:
            raise ValueError(f"Optimizer {self.name!r} is not built: call build(model.trainable_variables) first.")
        variables, state = self._trainable_variables, self.variables
        if len(trainable_variables) != len(variables) or len(optimizer_variables) != len(state):
            raise ValueError(
                f"Optimizer {self.name!r} has {len(variables)} trainable variables and {len(state)} of its own, got "
                f"{len(trainable_variables)} and {len(optimizer_variables)} values."
            )
        keyed = {str(index): variable for index, variable in enumerate([*variables, *state])}
        arrays = {
            str(index): jnp.asarray(value) for index, value in enumerate([*trainable_variables, *optimizer_variables])
        }
        _, effects = pure(lambda: self.apply(grads, variables), keyed)(arrays)
        new = [effects.values[key] for key in keyed]
        return new[: len(variables)], new[len(variables) :]

    def finalize_variable_values(self, var_list: Sequence[Variable]) -> None:
        """Replace variables by their moving averages, where those are kept; called at the end of training.

        Args:
            var_list: the model's trainable variables.
        """
        if self.use_ema:
            for variable in var_list:
                average = self.averages[self._get_variable_index(variable)]
                if average is not None:
                    variable.assign(average.value)

    def _variables_for(self, grads: Sequence[Any], variables: Sequence[Variable] | None) -> list[Variable]:
        if variables is None:
            if not self.built:
                raise ValueError(
                    f"Optimizer {self.name!r} is not built: call build(variables), or pass the variables to apply."
                )
            variables = self._trainable_variables
        variables = list(variables)
        if len(grads) != len(variables):
            raise ValueError(
                f"Optimizer {self.name!r} got {len(grads)} gradients for {len(variables)} variables; it needs one each."
            )
        if not self.built:  # a build of the user's need not be repeatable
            self.build(variables)
        return variables

    def _step(self, gradients: list[Array], variables: list[Variable]) -> None:
        pairs = list(zip(gradients, variables))
        for gradient, variable in pairs:
            if variable.overwrite_with_gradient:
                variable.assign(gradient)
        pairs = [(gradient, variable) for gradient, variable in pairs if not variable.overwrite_with_gradient]
        if pairs:
            self._update(self._clip([gradient for gradient, _ in pairs]), [variable for _, variable in pairs])

    def _update(self, gradients: list[Array], variables: list[Variable]) -> None:
        rate = self.learning_rate
        rate = rate.value if isinstance(rate, Variable) else jnp.asarray(rate)
        for variable in variables:
            decay = self._decay_of(variable)
            if decay:
                variable.assign(variable.value - variable.value * (rate * decay).astype(variable.dtype))
        self.begin_step()
        for gradient, variable in zip(gradients, variables):
            self.update_step(gradient, variable, rate)

    def _step_number(self) -> Array:
        """Return the number of the step being taken, from 1, as a float for formulas with powers of it."""
        return jnp.asarray(self.iterations).astype(jnp.result_type(float)) + 1

    def _clip(self, gradients: list[Array]) -> list[Array]:
        if self.clipnorm is not None:
            return [clip_by_norm(gradient, self.clipnorm) for gradient in gradients]
        if self.global_clipnorm is not None:
            return clip_by_global_norm(gradients, self.global_clipnorm)
        if self.clipvalue is not None:
            return [jnp.clip(gradient, -self.clipvalue, self.clipvalue) for gradient in gradients]
        return gradients

    def _decay_of(self, variable: Variable) -> float | None:
        """Return the weight decay of a variable, None where it has none."""
        return None if self._is_undecayed(variable) else self.weight_decay

    def _is_undecayed(self, variable: Variable) -> bool:
        return any(excluded is variable for excluded in self._undecayed) or any(
            re.search(pattern, variable.name) for pattern in self._undecayed_names
        )

    def _accumulate(self, gradients: list[Array], variables: list[Variable]) -> None:
        """Add the gradients up, and take a step with their mean at every n-th call."""
        sums = [self._accumulated_gradients[self._get_variable_index(variable)] for variable in variables]
        steps = self.gradient_accumulation_steps
        assert steps is not None
        totals = [
            # Of values that overwrite a variable the largest counts, not the sum.
            (jnp.maximum if variable.overwrite_with_gradient else jnp.add)(accumulator.value, gradient)
            for gradient, accumulator, variable in zip(gradients, sums, variables)
        ]

        def take_step() -> None:
            self._step([t if v.overwrite_with_gradient else t / steps for t, v in zip(totals, variables)], variables)
            for accumulator in sums:
                accumulator.assign(jnp.zeros(accumulator.shape, accumulator.dtype))

        def wait() -> None:
            for accumulator, total in zip(sums, totals):
                accumulator.assign(total)

        kept = {id(variable) for variable in (*self.averages, self._iterations, self._learning_rate)}
        changing = [variable for variable in (*variables, *self.variables) if id(variable) not in kept]
        assign_either((self._iterations.value + 1) % steps == 0, take_step, wait, changing)

    def _average(self, variables: list[Variable]) -> None:
        """Move the averages towards the variables, and now and then replace the variables by them."""
        steps = self.iterations
        steps = steps.value if isinstance(steps, Variable) else steps
        for variable in variables:
            average = self.averages[self._get_variable_index(variable)]
            assert average is not None
            # The first step takes the variable as it is.
            kept = jnp.where(steps == 0, 0.0, self.ema_momentum).astype(variable.dtype)
            new = kept * average.value + (1 - kept) * variable.value
            average.assign(new)
            if self.ema_overwrite_frequency is not None:
                replace = (steps + 1) % self.ema_overwrite_frequency == 0
                variable.assign(jnp.where(replace, new, variable.value))

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments.

        Those of a subclass are read from its attributes of the same names; where it has none, it overrides this
        method and adds them.
        """
        config = {name: getattr(self, name) for name in COMMON if name != "learning_rate"}
        config["learning_rate"] = rates.in_config(self._learning_rate)
        for name, parameter in inspect.signature(type(self).__init__).parameters.items():
            if name == "self" or name in COMMON or parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
                continue
            if hasattr(self, name):
                config[name] = getattr(self, name)
            elif type(self).get_config is Optimizer.get_config:
                raise NotImplementedError(
                    f"{type(self).__name__} can't be described: its argument {name!r} is kept in no attribute of that "
                    f"name. Write `self.{name} = {name}` in __init__, or override get_config."
                )
        return dict(serialization.in_config(config))

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Optimizer:
        """Return an optimizer made from `get_config`, or from the configuration that Keras 2 wrote.

        Args:
            config: the constructor's arguments.
            custom_objects: your own classes by name, such as schedules.
        """
        config = dict(config)
        with serialization.custom_object_scope(custom_objects or {}):
            if isinstance(config.get("learning_rate"), Mapping):
                config["learning_rate"] = serialization.deserialize(config["learning_rate"])
        for name in ("is_legacy_optimizer", "jit_compile"):
            config.pop(name, None)
        if not config.get("use_ema"):
            config.pop("ema_overwrite_frequency", None)
        decay = config.pop("decay", None)
        if decay:  # what Keras 2 did with it
            rate = config.pop("lr", None) or config.get("learning_rate", 0.001)
            config["learning_rate"] = InverseTimeDecay(rate, decay_steps=1, decay_rate=decay)
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


def _paired(owner: str, grads: list[Any], variables: list[Variable]) -> tuple[list[Array], list[Variable]]:
    """Return the gradients as arrays beside their variables, without those that are None."""
    without = [variable.path for gradient, variable in zip(grads, variables) if gradient is None]
    if len(without) == len(variables):
        raise ValueError(
            f"Optimizer {owner!r} got no gradient for any variable ({', '.join(without)}): the loss does not depend on "
            "them. Check that it is computed from the model's outputs."
        )
    if without:
        warn(f"The loss does not depend on {', '.join(without)}: no gradient, no step.")
    gradients, kept = [], []
    for gradient, variable in zip(grads, variables):
        if gradient is None:
            continue
        gradient = jnp.asarray(gradient, variable.dtype)
        if gradient.shape != variable.shape:
            raise ValueError(
                f"Optimizer {owner!r}: the gradient of variable {variable.path!r} must have its shape "
                f"{variable.shape}, got {gradient.shape}."
            )
        gradients.append(gradient)
        kept.append(variable)
    return gradients, kept
