"""What an optimizer keeps between steps: the count of steps, the learning rate, and slots beside each variable."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from lamina import initializers
from lamina.core.naming import automatic_name, unique_name
from lamina.core.tracking import held
from lamina.core.variable import Variable
from lamina.errors import warn
from lamina.optimizers import learning_rate as rates
from lamina.typing import Array, ArrayLike, Shape

_MODELS = frozenset({"_trainable_variables", "_undecayed"})


class OptimizerState:
    """The variables of an optimizer, in the order in which files hold them.

    Args:
        learning_rate: a number, a `LearningRateSchedule`, or a function without arguments.
        name: default the class's name in snake case.
    """

    gradient_accumulation_steps: int | None = None

    def __init__(self, learning_rate: Any, name: str | None) -> None:
        self.name = automatic_name(type(self)) if name is None else name
        if not isinstance(self.name, str) or "/" in self.name:
            raise ValueError(f"The name of an optimizer must be a string without '/', got {name!r}.")
        self.built = False
        self._trainable_variables: list[Variable] = []
        self._indices: dict[int, int] = {}
        self._slots: list[Variable] = []
        self._paths: set[str] = set()
        self._learning_rate: Any = None
        self._iterations = self._scalar(np.zeros((), "int32"), "iteration")
        self._set_learning_rate(learning_rate)

    @property
    def variables(self) -> list[Variable]:
        """All variables of the optimizer: steps taken, learning rate (where it is a number), then the slots.

        Files hold them in this order.
        """
        rate = [self._learning_rate] if isinstance(self._learning_rate, Variable) else []
        known = [self._iterations, *rate, *self._slots]
        # Variables that a subclass made by itself count as well, the model's do not.
        taken = {id(variable) for variable in (*known, *self._trainable_variables)}
        return known + [variable for variable in held(self, Variable, _MODELS) if id(variable) not in taken]

    @property
    def iterations(self) -> Variable | Array:
        """How many steps were taken; with `gradient_accumulation_steps`, steps of the variables, not batches."""
        if self.gradient_accumulation_steps:
            return self._iterations.value // self.gradient_accumulation_steps
        return self._iterations

    @property
    def batch_count(self) -> Variable:
        """The variable that advances with every batch, whether or not that made a step of the variables."""
        return self._iterations

    @property
    def learning_rate(self) -> Any:
        """The learning rate now. Set it at any time to a number, a schedule or a function without arguments.

        It is a variable where it is a number, and setting that to another number never recompiles a program.
        """
        return rates.now(self._learning_rate, self._iterations)

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        self._set_learning_rate(value)

    def _set_learning_rate(self, value: Any) -> None:
        value = rates.standardize(type(self).__name__, value)
        if callable(value):
            self._learning_rate = value
        elif isinstance(self._learning_rate, Variable):
            self._learning_rate.assign(value)
        else:
            self._learning_rate = self._scalar(value, "learning_rate")

    @property
    def lr(self) -> Any:
        """The learning rate, as Keras 2 spelled it."""
        return self.learning_rate

    @lr.setter
    def lr(self, value: Any) -> None:
        self.learning_rate = value

    def add_variable(
        self,
        shape: Shape,
        initializer: Any = "zeros",
        dtype: object = None,
        aggregation: str | None = "none",
        layout: None = None,
        name: str | None = None,
    ) -> Variable:
        """Return a new variable of the optimizer.

        Args:
            shape: sizes by axis.
            initializer: name of an initializer, or a function `(shape, dtype) -> array`.
            dtype: default `lamina.config.floatx()`.
            aggregation: how replicas combine; see `lamina.Variable`.
            layout: only None; a variable lies where JAX places it.
            name: default "variable".
        """
        if layout is not None:
            raise ValueError(f"{type(self).__name__}: layout must be None, got {layout!r}.")
        variable = Variable(
            _initializer(initializer),
            shape=shape,
            dtype=dtype,
            trainable=False,
            autocast=False,
            aggregation=aggregation,
            name=name,
        )
        variable.path = unique_name(f"{self.name}/{variable.name}", self._paths)
        self._paths.add(variable.path)
        self._slots.append(variable)
        return variable

    def add_variable_from_reference(
        self, reference_variable: Variable, name: str | None = None, initializer: Any = "zeros"
    ) -> Variable:
        """Return a new variable of the optimizer with the shape and dtype of one of the model's.

        Args:
            reference_variable: the model's variable.
            name: what the new one holds, "momentum"; default "var".
            initializer: name of an initializer, or a function `(shape, dtype) -> array`.
        """
        return self.add_variable(
            reference_variable.shape,
            initializer,
            dtype=reference_variable.dtype,
            name=f"{reference_variable.path.replace('/', '_')}_{name or 'var'}",
        )

    def add_optimizer_variables(
        self, trainable_variables: Sequence[Variable], name: str | Sequence[str], initializer: Any = "zeros"
    ) -> Any:
        """Return a list with a new variable for each of the model's; None for those that gradients overwrite.

        Args:
            trainable_variables: the model's variables.
            name: what the new variables hold; several names give a tuple of lists.
            initializer: one for all names or one for each.
        """
        names = [name] if isinstance(name, str) else list(name)
        kinds = list(initializer) if isinstance(initializer, list | tuple) else [initializer] * len(names)
        if len(kinds) != len(names):
            raise ValueError(f"{type(self).__name__}: {len(names)} names need as many initializers, got {len(kinds)}.")
        made: list[list[Variable | None]] = [[] for _ in names]
        for variable in trainable_variables:
            for slots, slot_name, kind in zip(made, names, kinds):
                skip = variable.overwrite_with_gradient
                slots.append(None if skip else self.add_variable_from_reference(variable, slot_name, kind))
        return made[0] if isinstance(name, str) else tuple(made)

    def save_own_variables(self, store: Any) -> None:
        """Write the values of `variables` into a mapping, by their place: "0", "1", …"""
        for index, variable in enumerate(self.variables):
            store[str(index)] = variable.numpy()

    def load_own_variables(self, store: Mapping[str, Any]) -> None:
        """Read the values of `variables` from a mapping; warns and changes nothing if their number differs."""
        variables = self.variables
        if len(store.keys()) != len(variables):
            warn(
                f"The state of optimizer {self.name!r} was not loaded: it has {len(variables)} variables, the file "
                f"{len(store.keys())}. Build it for the same model and with the same arguments as the saved one.",
            )
            return
        for index, variable in enumerate(variables):
            variable.assign(np.asarray(store[str(index)]))

    def set_weights(self, weights: Sequence[ArrayLike]) -> None:
        """Assign a list of arrays to `variables`, in their order."""
        variables = self.variables
        if not self.built or len(weights) != len(variables):
            state = f"has {len(variables)} variables" if self.built else "is not built"
            raise ValueError(f"Optimizer {self.name!r} {state}, got {len(weights)} arrays to set.")
        for variable, weight in zip(variables, weights):
            variable.assign(weight)

    def _get_variable_index(self, variable: Variable) -> int:
        """Return the place of a variable in the list that the optimizer was built with."""
        index = self._indices.get(id(variable), -1)
        if not 0 <= index < len(self._trainable_variables) or self._trainable_variables[index] is not variable:
            # Not known yet, or the ids are those of before a deep copy.
            self._indices = {id(known): place for place, known in enumerate(self._trainable_variables)}
            index = self._indices.get(id(variable), -1)
        if index < 0:
            raise ValueError(
                f"Optimizer {self.name!r} was built for other variables than {variable.path!r}. Use a new optimizer "
                "for new variables, or call build with all of them first."
            )
        return index

    def _scalar(self, value: Any, name: str) -> Variable:
        variable = Variable(value, trainable=False, autocast=False, aggregation="only_first_replica", name=name)
        variable.path = f"{self.name}/{name}"
        return variable


def _initializer(identifier: Any) -> Callable[..., Any]:
    found = initializers.get(identifier)
    if found is None:
        raise ValueError('A variable needs an initializer, such as "zeros", got None.')
    return found


def copied(variable: Variable) -> Callable[..., Array]:
    """Return an initializer that gives what `variable` holds when it is asked."""
    return lambda shape, dtype=None: variable.array  # variables copy what they are given
