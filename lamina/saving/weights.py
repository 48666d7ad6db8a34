"""Weights of a model to the groups of a file and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, Protocol

import jax
import numpy as np

from lamina.core.variable import Variable
from lamina.errors import warn
from lamina.layers.layer import Layer
from lamina.optimizers import Optimizer
from lamina.random import SeedGenerator
from lamina.saving.errors import LoadError
from lamina.saving.hdf5 import Dataset
from lamina.saving.hdf5.writer import GroupToWrite
from lamina.saving.tree import VARIABLES, AnyGroup, Place, places

_NEVER_TRAINED = 2  # variables of an optimizer that has no slots yet: step count and learning rate
_SHOWN = 50


def write_weights(model: Any, *, include_optimizer: bool = True) -> GroupToWrite:
    """Return what a weight file of a model holds."""
    root = GroupToWrite()
    optimizer = getattr(model, "optimizer", None)
    if include_optimizer and optimizer is not None and model.built and not optimizer.built:
        optimizer.build(model.trainable_variables)  # readers expect the slots of a compiled model
    for place in places(model):
        if place.value is optimizer and not include_optimizer:
            continue
        group = root.group(_variables_of(place.path))
        group.attributes["name"] = str(getattr(place.value, "name", type(place.value).__name__))
        group.members.update(_own_arrays(place.value))
    return root


def _own_arrays(value: Any) -> dict[str, Any]:
    variables = standard_variables(value)
    if variables is not None:
        return {str(index): variable.array for index, variable in enumerate(variables)}
    store: dict[str, Any] = {}
    value.save_own_variables(store)
    return {_checked_key(value, name): np.asarray(array) for name, array in store.items()}


def _checked_key(value: Any, name: Any) -> str:
    if not isinstance(name, str) or not name or "/" in name:
        raise ValueError(
            f"{type(value).__name__}.save_own_variables stored an array under {name!r}; use a text without '/'."
        )
    return name


def standard_variables(value: Any) -> list[Variable] | None:
    """Return the variables that an object keeps under "0", "1", …; None if its class has a way of its own."""
    if isinstance(value, SeedGenerator):
        return [value.state]
    base = Optimizer if isinstance(value, Optimizer) else Layer
    for method in ("save_own_variables", "load_own_variables"):
        if getattr(type(value), method) is not getattr(base, method):
            return None
    return list(value.variables) if isinstance(value, Optimizer) else value.own_variables()


class StoredArray(Protocol):
    """An array in a file, of any format."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def dtype(self) -> str | None: ...

    def verify(self) -> None: ...

    def read(self) -> np.ndarray: ...


class Assignment(NamedTuple):
    """A variable and the array of a file that it is to get."""

    variable: Variable
    dataset: StoredArray


class Plan:
    """What reading a file into a model will do, and what keeps it from being done.

    Args:
        model: a model.
        root: the file.
        optimizer: whether the state of the optimizer is read as well.
        by_name: see `tree.places`.
        skipped: objects that are left as they are.
    """

    def __init__(
        self,
        model: Any,
        root: AnyGroup,
        *,
        optimizer: bool = True,
        by_name: bool = False,
        skipped: tuple[Any, ...] = (),
    ) -> None:
        self.assignments: list[Assignment] = []
        self.stores: list[tuple[Place, dict[str, Dataset]]] = []
        self.problems: list[str] = []
        self.foreign_optimizer = False
        self._used: set[str] = set()
        self._optimizer = optimizer
        self._passed_over = {id(one) for value in skipped for one in (place.value for place in places(value))}
        for place in places(model, root, by_name=by_name):
            self._add(model, place)
        for path in root.all_datasets():
            if path not in self._used and not _is_optional(path):
                self.problems.append(f"{path}: the file holds it, the model has no place for it")

    def _add(self, model: Any, place: Place) -> None:
        group = place.group.group(VARIABLES) if place.group is not None else None
        datasets = {} if group is None else group.datasets()
        self._used.update(dataset.path for dataset in datasets.values())
        if id(place.value) in self._passed_over:
            return
        if isinstance(place.value, Optimizer):
            self._add_optimizer(model, place.value, place.path, datasets)
            return
        variables = standard_variables(place.value)
        if variables is None:
            self.stores.append((place, datasets))
            return
        problems = compare(place.path, variables, datasets, _owner(place.value))
        if isinstance(place.value, SeedGenerator) and problems:
            return  # files of Keras don't hold seeds, those of Keras 2 hold others
        self._take(variables, datasets, problems)

    def _add_optimizer(self, model: Any, value: Optimizer, path: str, datasets: dict[str, Dataset]) -> None:
        if not self._optimizer or not datasets:
            return
        if not value.built:
            value.build(model.trainable_variables)
        variables = standard_variables(value)
        if variables is None:
            self.stores.append((Place(path, value, None), datasets))
            return
        problems = compare(path, variables, datasets, _owner(value))
        if problems and len(datasets) <= _NEVER_TRAINED:
            variables = variables[: len(datasets)]
            problems = compare(path, variables, datasets, _owner(value))
        if problems:  # Keras 2 keeps the learning rate in the configuration alone
            variables = [variable for variable in variables if variable.name != "learning_rate"]
            problems = compare(path, variables, datasets, _owner(value))
        if problems:
            self.foreign_optimizer = True
        else:
            self._take(variables, datasets, [])

    def _take(self, variables: list[Variable], datasets: dict[str, Dataset], problems: list[str]) -> None:
        self.problems += problems
        if not problems:
            self.assignments += [Assignment(variable, datasets[str(i)]) for i, variable in enumerate(variables)]

    def carry_out(self, name: str) -> None:
        """Check everything, then change the variables; see `assign` for what a disk that fails half way leaves."""
        verify(self.assignments)
        stores = [(place, _Store(place, datasets)) for place, datasets in self.stores]
        undo = [(variable, variable.array) for place, _ in stores for variable in _all_variables(place.value)]
        for place, store in stores:
            try:
                place.value.load_own_variables(store)
            except Exception as error:
                for variable, array in undo:
                    variable.array = array
                raise LoadError(f"{name}: {place.path!r} can't take its weights: {error}") from error
        del stores, undo
        assign(self.assignments, name, verified=True)


def read_weights(
    model: Any,
    root: AnyGroup,
    name: str,
    *,
    skip_mismatch: bool = False,
    optimizer: bool = True,
    by_name: bool = False,
    skipped: tuple[Any, ...] = (),
) -> None:
    """Give a model the weights of a file; nothing changes if the file is not right.

    Args:
        model: a built model.
        root: the file.
        name: how messages call the file.
        skip_mismatch: whether objects that do not fit are left as they are with a warning, in the place of an error.
        optimizer: whether the optimizer's state is read as well; where it belongs to another optimizer or to other
            weights, it is left out with a warning.
        by_name: see `tree.places`.
        skipped: objects that are left as they are, with all below them.

    Raises:
        LoadError: if weights are missing, unexpected or of another shape; names them all.
    """
    plan = Plan(model, root, optimizer=optimizer, by_name=by_name, skipped=skipped)
    if plan.problems:
        message = told(name, plan.problems)
        if not skip_mismatch:
            raise LoadError(message)
        warn(f"{message}\nThese weights stay as they were (skip_mismatch=True).")
    if plan.foreign_optimizer:
        warn(
            f"{name} holds the state of another optimizer than the model's, or for other weights; it is left out, and "
            "training starts with a fresh optimizer.",
        )
    plan.carry_out(name)


def verify(assignments: list[Assignment]) -> None:
    """Raise unless the file holds every array and each can be unpacked; nothing is kept of them."""
    for assignment in assignments:
        assignment.dataset.verify()


def assign(assignments: list[Assignment], name: str, *, verified: bool = False) -> None:
    """Give variables their arrays, one after the other, so that no more than one of them is in memory twice.

    Whatever a file can have wrong is found before the first variable changes. What can fail then is the disk, the
    memory, or a file that somebody shortens meanwhile; the message says how far it went.

    Args:
        assignments: arrays that fit their variables.
        name: how messages call the file.
        verified: whether `verify` was called already.

    Raises:
        LoadError: if an array can't be read.
    """
    if not verified:
        verify(assignments)
    for done, assignment in enumerate(assignments):
        try:
            assignment.variable.array = _read(assignment)
        except Exception as error:
            reason = str(error) or type(error).__name__
            if isinstance(error, LoadError):
                reason = reason.removeprefix(f"{name}: ")
            if done:
                reason = (
                    f"reading stopped half way: {reason} {done} of {len(assignments)} weights are the file's by now, "
                    "the others are as they were. Load them again before the model is used."
                )
            raise LoadError(f"{name}: {reason}") from error


def compare(path: str, variables: list[Variable], datasets: Mapping[str, Dataset], owner: str = "") -> list[str]:
    """Return what keeps the arrays of a file from being the values of variables."""
    problems = []
    for index, variable in enumerate(variables):
        dataset = datasets.get(str(index))
        where = f"{_variables_of(path)}/{index} ({variable.path})"
        if dataset is None:
            problems.append(f"{where}: missing in the file, shape {variable.shape} expected")
        else:
            problems += fits(where, dataset, variable)
    extra = sorted(set(datasets) - {str(index) for index in range(len(variables))})
    hint = f"; {owner} is not built" if owner and not variables else ""
    problems += [
        f"{_variables_of(path)}/{name}: the file holds it, the model has no place for it{hint}" for name in extra
    ]
    return problems


def fits(where: str, dataset: StoredArray, variable: Variable) -> list[str]:
    """Return what keeps one array of a file from being the value of a variable, in a list."""
    if tuple(dataset.shape) != tuple(variable.shape):
        return [f"{where}: shape {dataset.shape} in the file, {variable.shape} in the model"]
    if dataset.dtype is None:
        return [f"{where}: holds no numbers"]
    if _is_fractional(dataset.dtype) and not _is_fractional(variable.dtype):
        return [f"{where}: {dataset.dtype} in the file, {variable.dtype} in the model"]
    return []


def told(name: str, problems: list[str]) -> str:
    """Return the message that lists problems."""
    shown = "\n".join(f"  {problem}" for problem in problems[:_SHOWN])
    more = f"\n  and {len(problems) - _SHOWN:,} more" if len(problems) > _SHOWN else ""
    return f"{name}: the weights in the file do not fit the model:\n{shown}{more}"


class _Store(Mapping[str, np.ndarray]):
    """The arrays of one object by name, for classes that read them in their own way."""

    def __init__(self, place: Place, datasets: dict[str, Dataset]) -> None:
        self._arrays = {name: dataset.read() for name, dataset in datasets.items()}
        self._path = place.path

    def __getitem__(self, name: str) -> np.ndarray:
        if name not in self._arrays:
            raise KeyError(f"the file holds no {name!r} for it, only {sorted(self._arrays)}")
        return self._arrays[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)


def _read(assignment: Assignment) -> jax.Array:
    # The array is in memory that nobody else knows, so that JAX may take it over without a copy.
    array = assignment.dataset.read()
    return jax.device_put(array.astype(assignment.variable.dtype, copy=False))


def _all_variables(value: Any) -> list[Variable]:
    return list(value.variables)


def _owner(value: Any) -> str:
    return "" if getattr(value, "built", True) else f"{type(value).__name__} {value.name!r}"


def _is_fractional(dtype: str) -> bool:
    return not dtype.startswith(("int", "uint", "bool"))


def _is_optional(path: str) -> bool:
    """Tell what a model need not have a place for: an optimizer's state, metrics, seeds, a file's own notes."""
    parts = path.split("/")
    return parts[0] in ("optimizer", "metrics", "compile_metrics") or any(
        part.startswith(("_", "seed_generator")) for part in parts
    )


def _variables_of(path: str) -> str:
    return f"{path}/{VARIABLES}" if path else VARIABLES
