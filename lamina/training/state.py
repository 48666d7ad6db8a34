"""`TrainState`: everything that training changes, as one pytree, and its exchange with the variables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import jax.numpy as jnp

from lamina.core.naming import unique_name
from lamina.core.variable import Variable
from lamina.typing import Array


class TrainState(NamedTuple):
    """Values of all variables, by path.

    Attributes:
        params: what the optimizer changes.
        buffers: what else the model keeps: moving statistics, frozen weights, seeds.
        optimizer: step count, learning rate and slots.
        metrics: sums over this epoch.
    """

    params: dict[str, Array]
    buffers: dict[str, Array]
    optimizer: dict[str, Array]
    metrics: dict[str, Array]


class TrainVariables(NamedTuple):
    """The variables whose values a `TrainState` holds, by the same paths."""

    params: dict[str, Variable]
    buffers: dict[str, Variable]
    optimizer: dict[str, Variable]
    metrics: dict[str, Variable]


def flat(groups: TrainState | TrainVariables) -> dict[str, Any]:
    """Return what the groups hold in one dictionary, by group and path."""
    return {f"{name}/{path}": value for name, group in groups._asdict().items() for path, value in group.items()}


def regrouped(values: Mapping[str, Any], groups: TrainState, name: str) -> dict[str, Any]:
    """Return one group out of what `flat` returned."""
    return {path: values[f"{name}/{path}"] for path in getattr(groups, name)}


def read(variables: TrainVariables) -> TrainState:
    """Return the values that the variables hold now."""
    return TrainState(*({path: variable.held for path, variable in group.items()} for group in variables))


def write(variables: TrainVariables, state: TrainState) -> None:
    """Hand the arrays of a state to the variables."""
    for group, values in zip(variables, state, strict=True):
        hand_over(group, values)


def hand_over(variables: Mapping[str, Variable], values: Mapping[str, Array]) -> None:
    """Hand arrays to the variables of the same paths; neither copies nor checks."""
    for path, variable in variables.items():
        variable.array = values[path]


def nbytes(variables: TrainVariables) -> int:
    """Return how many bytes the values of the variables take."""
    return sum(variable.size * jnp.dtype(variable.dtype).itemsize for group in variables for variable in group.values())


def by_path(variables: Iterable[Variable]) -> dict[str, Variable]:
    """Return variables by path; a path that several share gets a number."""
    named: dict[str, Variable] = {}
    for variable in variables:
        named[unique_name(variable.path, named)] = variable
    return named
