"""Weights by path, as Keras lays them out: objects by attribute, `vars/0`, `vars/1`, … for what each one owns."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from lamina.core.naming import snake_case, unique_name
from lamina.layers.layer import Layer
from lamina.losses import Loss
from lamina.metrics import Metric
from lamina.optimizers import Optimizer
from lamina.saving.errors import LoadError
from lamina.saving.hdf5 import Dataset, Group
from lamina.saving.hdf5.writer import GroupToWrite

# What layers and models keep for themselves; everything else that they hold is found by the name of its attribute.
_OWN = frozenset(
    {"_layers", "_graph_layers", "_nodes", "_weights", "_tensors", "_own_losses", "_build_shapes", "graph", "history"}
    | {"_trainer", "_compile_arguments"}
)
_NEVER_TRAINED = 2  # variables of an optimizer that has no slots yet: step count and learning rate
_SAVED = (Layer, Optimizer, Metric, Loss)


def saved_objects(root: Any) -> Iterator[tuple[str, Any]]:
    """Yield the objects below `root` that may own variables, with their paths, each once, in Keras's order."""
    seen: set[int] = set()

    def visit(value: Any, path: str) -> Iterator[tuple[str, Any]]:
        if id(value) in seen:
            return
        seen.add(id(value))
        yield path, value
        for name, child in _attributes(value):
            yield from descend(child, f"{path}/{name}" if path else name)

    def descend(child: Any, path: str) -> Iterator[tuple[str, Any]]:
        if isinstance(child, _SAVED):
            yield from visit(child, path)
        elif isinstance(child, list | tuple | dict | set):
            taken: set[str] = set()
            for item in child.values() if isinstance(child, dict) else child:
                saved = isinstance(item, _SAVED)
                if not saved and not isinstance(item, list | tuple | dict | set):
                    continue
                name = unique_name(snake_case(type(item).__name__) if saved else "container", taken)
                taken.add(name)
                yield from descend(item, f"{path}/{name}")

    yield from visit(root, "")


def _attributes(value: Any) -> list[tuple[str, Any]]:
    """Return what an object holds by name, in alphabetical order; a model also has `layers` and `optimizer`."""
    found = {name: child for name, child in vars(value).items() if name not in _OWN}
    for name in ("layers", "optimizer"):
        if isinstance(value, Layer) and hasattr(type(value), name):
            found[name] = getattr(value, name)
    return sorted(found.items())


def write_weights(model: Any) -> GroupToWrite:
    """Return what a weight file of a model holds."""
    root = GroupToWrite()
    optimizer = getattr(model, "optimizer", None)
    if optimizer is not None and model.built and not optimizer.built:
        optimizer.build(model.trainable_variables)  # readers expect the slots of a compiled model
    for path, value in saved_objects(model):
        group = root.group(_vars(path))
        group.attributes["name"] = str(getattr(value, "name", type(value).__name__))
        if hasattr(value, "save_own_variables"):
            store: dict[str, np.ndarray] = {}
            value.save_own_variables(store)
            group.members.update({name: np.asarray(array) for name, array in store.items()})
    return root


def read_weights(model: Any, root: Group, name: str, *, skip_mismatch: bool = False, optimizer: bool = True) -> None:
    """Give a model the weights of a file, all or none.

    Args:
        model: a built model.
        root: the file.
        name: how messages call the file.
        skip_mismatch: whether layers that do not fit are left as they are, in the place of an error.
        optimizer: whether the optimizer's state is read as well; where it belongs to another optimizer or to other
            weights, it is left out with a warning.

    Raises:
        LoadError: if weights are missing, unexpected or of another shape; names them all.
    """
    stores: list[tuple[Any, _Store]] = []
    problems: list[str] = []
    expected: set[str] = set()
    foreign_optimizer = False
    for path, value in saved_objects(model):
        if not hasattr(value, "load_own_variables"):
            continue
        group = _at(root, _vars(path))
        datasets = {} if group is None else group.datasets()
        is_optimizer = isinstance(value, Optimizer)
        expected.update(dataset.path for dataset in datasets.values())
        if is_optimizer and (not optimizer or not datasets):
            continue
        if is_optimizer and not value.built:
            value.build(model.trainable_variables)
        found = _compare(path, value, datasets)
        if found and is_optimizer:
            foreign_optimizer = len(datasets) > _NEVER_TRAINED
        elif found:
            problems += found
        elif datasets:
            stores.append((value, _Store(datasets)))
    unexpected = [path for path in root.all_datasets() if path not in expected]
    problems += [f"{path}: the file holds it, the model has no place for it" for path in unexpected if _counts(path)]
    if problems and not skip_mismatch:
        raise LoadError(_told(name, problems))
    if foreign_optimizer:
        warnings.warn(
            f"{name} holds the state of another optimizer than the model's, or for other weights; it is left out, and "
            "training starts with a fresh optimizer.",
            stacklevel=4,
        )
    for _, store in stores:
        store.read()  # everything is read before anything is changed
    for value, store in stores:
        value.load_own_variables(store)


class _Store(Mapping[str, np.ndarray]):
    """The arrays of one object, by name."""

    def __init__(self, datasets: dict[str, Dataset]) -> None:
        self._datasets = datasets
        self._arrays: dict[str, np.ndarray] = {}

    def read(self) -> None:
        self._arrays = {name: dataset.read() for name, dataset in self._datasets.items()}

    def __getitem__(self, name: str) -> np.ndarray:
        return self._arrays[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._datasets)

    def __len__(self) -> int:
        return len(self._datasets)


def _compare(path: str, value: Any, datasets: dict[str, Dataset]) -> list[str]:
    """Return what keeps the arrays of a file from being those of an object; custom formats are their class's affair."""
    if isinstance(value, Layer):
        if type(value).load_own_variables is not Layer.load_own_variables:
            return []
        variables = value.own_variables()
    elif isinstance(value, Optimizer):
        variables = list(value.variables)
    else:
        variables = list(getattr(value, "variables", ()))
    problems = []
    for index, variable in enumerate(variables):
        dataset = datasets.get(str(index))
        where = f"{_vars(path)}/{index} ({variable.path})"
        if dataset is None:
            problems.append(f"{where}: missing in the file, shape {variable.shape} expected")
        elif tuple(dataset.shape) != tuple(variable.shape):
            problems.append(f"{where}: shape {dataset.shape} in the file, {variable.shape} in the model")
    extra = sorted(set(datasets) - {str(index) for index in range(len(variables))})
    problems += [f"{_vars(path)}/{name}: the file holds it, the model has no place for it" for name in extra]
    return problems


def _counts(path: str) -> bool:
    return not path.startswith("optimizer/") and not path.startswith("_")


def _vars(path: str) -> str:
    return f"{path}/vars" if path else "vars"


def _at(root: Group, path: str) -> Group | None:
    group: Group | None = root
    for name in path.split("/"):
        group = group.group(name) if group is not None else None
    return group


def _told(name: str, problems: list[str]) -> str:
    shown = "\n".join(f"  {problem}" for problem in problems[:20])
    more = f"\n  and {len(problems) - 20} more" if len(problems) > 20 else ""
    return f"{name}: the weights in the file do not fit the model:\n{shown}{more}"
