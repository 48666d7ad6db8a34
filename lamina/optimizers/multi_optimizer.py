"""`MultiOptimizer`: different optimizers for different variables of one model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from lamina.core import serialization
from lamina.core.naming import unique_name
from lamina.core.variable import Variable
from lamina.optimizers.arguments import check_positive
from lamina.optimizers.loss_scale_optimizer import LossScaleOptimizer
from lamina.optimizers.optimizer import Optimizer
from lamina.optimizers.optimizer_map import OptimizerMap
from lamina.typing import ArrayLike


class MultiOptimizer(Optimizer):
    """Hands each variable to the optimizer that is chosen for it.

    It has no learning rate: set those of `optimizers`.

    Args:
        optimizer_map: an `OptimizerMap`, or a function from a variable to its optimizer.
        loss_scale_factor: see `Optimizer`; it replaces those of the optimizers.
        name: default "multi_optimizer".

    Example:
        >>> chosen = lamina.optimizers.OptimizerMap(lamina.optimizers.SGD(0.1))
        >>> chosen["encoder/.*"] = lamina.optimizers.Adam(0.001)
        >>> optimizer = lamina.optimizers.MultiOptimizer(chosen)
        >>> [inner.name for inner in optimizer.optimizers]
        ['adam', 'sgd']
    """

    def __init__(
        self,
        optimizer_map: OptimizerMap | Callable[[Variable], Optimizer],
        loss_scale_factor: float | None = None,
        name: str | None = None,
    ) -> None:
        if not callable(optimizer_map):
            raise TypeError(
                "MultiOptimizer: optimizer_map must be an OptimizerMap or a function from a variable to its optimizer, "
                f"got {optimizer_map!r}."
            )
        self.optimizer_map = optimizer_map
        self._chosen: list[Optimizer] = []
        super().__init__(learning_rate=0.0, name=name)
        self.loss_scale_factor = loss_scale_factor

    @property
    def optimizers(self) -> list[Optimizer]:
        """The optimizers, each once; those that a function chooses are known once the model is."""
        known = []
        if isinstance(self.optimizer_map, OptimizerMap):
            known = [*self.optimizer_map.optimizer_map.values(), self.optimizer_map.default_optimizer]
        return list({id(optimizer): optimizer for optimizer in [*known, *self._chosen]}.values())

    @property
    def variables(self) -> list[Variable]:
        """Those of its own, then those of each optimizer."""
        own = [self._iterations, self._learning_rate]
        return own + [variable for optimizer in self.optimizers for variable in optimizer.variables]

    @property
    def learning_rate(self) -> Any:
        """Raises: there is none."""
        raise AttributeError(f"{self.name!r} has no learning rate; see those of its optimizers (.optimizers).")

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        raise AttributeError(f"{self.name!r} has no learning rate; set those of its optimizers (.optimizers).")

    @property
    def loss_scale_factor(self) -> float | None:
        """What the loss is multiplied by; setting it sets that of every optimizer."""
        return self._loss_scale_factor

    @loss_scale_factor.setter
    def loss_scale_factor(self, value: float | None) -> None:
        if value is not None:
            check_positive("MultiOptimizer", "loss_scale_factor", value)
        self._loss_scale_factor = value
        for optimizer in self.optimizers:
            optimizer.loss_scale_factor = value

    def build(self, var_list: Sequence[Variable]) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Choose an optimizer for each variable, and create its variables."""
        if self.built:
            return
        choices = [self.optimizer_map(variable) for variable in var_list]
        for variable, optimizer in zip(var_list, choices):
            if not isinstance(optimizer, Optimizer) or isinstance(optimizer, LossScaleOptimizer | MultiOptimizer):
                raise TypeError(
                    f"MultiOptimizer: variable {variable.path!r} must be given a plain optimizer, got {optimizer!r}. "
                    "A LossScaleOptimizer goes around the MultiOptimizer, not inside."
                )
        self._trainable_variables = list(var_list)
        self._chosen = list({id(optimizer): optimizer for optimizer in choices}.values())
        self._places = [next(i for i, known in enumerate(self._chosen) if known is choice) for choice in choices]
        self.loss_scale_factor = self._loss_scale_factor
        names: set[str] = {self.name}
        for optimizer in self.optimizers:
            optimizer.build([variable for variable, choice in zip(var_list, choices) if choice is optimizer])
            # Two optimizers may have one name, two variables may not have one path.
            label = unique_name(optimizer.name, names)
            names.add(label)
            for variable in optimizer.variables:
                variable.path = f"{label}/{variable.path.partition('/')[2]}"
        self.built = True

    def exclude_from_weight_decay(
        self, var_list: Iterable[Variable] | None = None, var_names: Iterable[str] | None = None
    ) -> None:
        """Say which variables the weight decay of every optimizer leaves alone."""
        if not self.optimizers:
            raise ValueError(
                f"{self.name!r}: its function has not chosen any optimizer yet; call exclude_from_weight_decay on the "
                "optimizers that it returns."
            )
        for optimizer in self.optimizers:
            optimizer.exclude_from_weight_decay(var_list, var_names)

    def apply(self, grads: Sequence[ArrayLike | None], trainable_variables: Sequence[Variable] | None = None) -> None:
        """Take a step of each optimizer with the gradients of its variables."""
        grads = list(grads)
        if not grads:
            return
        variables = self._variables_for(grads, trainable_variables)
        if all(gradient is None for gradient in grads):
            raise ValueError(f"Optimizer {self.name!r} got no gradient for any variable.")
        for optimizer, pairs in self._by_optimizer(list(zip(grads, variables))):
            # An optimizer none of whose variables the loss depends on takes no step.
            if any(gradient is not None for gradient, _ in pairs):
                optimizer.apply([gradient for gradient, _ in pairs], [variable for _, variable in pairs])
        self._iterations.assign(self._iterations.value + 1)

    def finalize_variable_values(self, var_list: Sequence[Variable]) -> None:
        """Have each optimizer replace its variables by their averages, where it keeps those."""
        for optimizer, pairs in self._by_optimizer([(None, variable) for variable in var_list]):
            optimizer.finalize_variable_values([variable for _, variable in pairs])

    def _by_optimizer(self, pairs: list[tuple[Any, Variable]]) -> list[tuple[Optimizer, list[tuple[Any, Variable]]]]:
        sorted_pairs: list[list[tuple[Any, Variable]]] = [[] for _ in self._chosen]
        for pair in pairs:
            sorted_pairs[self._places[self._get_variable_index(pair[1])]].append(pair)
        return [(optimizer, theirs) for optimizer, theirs in zip(self._chosen, sorted_pairs) if theirs]

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            "optimizer_map": serialization.serialize(self.optimizer_map),
            "loss_scale_factor": self.loss_scale_factor,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Mapping[str, Any] | None = None) -> MultiOptimizer:
        """Return an optimizer made from `get_config`."""
        config = dict(config)
        config["optimizer_map"] = serialization.deserialize(config["optimizer_map"], custom_objects)
        return cls(**config)
