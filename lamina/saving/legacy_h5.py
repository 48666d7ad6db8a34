"""Whole models and weights in the `.h5` files of tf.keras 2, which Keras 3 still reads and writes.

The configuration is a text at the root. The weights lie in a group for each layer of the model, under the names that an
attribute of the group lists: trainable ones first, those of layers within layers among them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from lamina import losses
from lamina.core import serialization
from lamina.core.naming import unique_name
from lamina.core.variable import Variable
from lamina.errors import warn
from lamina.layers.layer import Layer
from lamina.optimizers import Optimizer
from lamina.saving import strict_json
from lamina.saving.atomic import written_file
from lamina.saving.errors import LoadError
from lamina.saving.hdf5 import Dataset, Group
from lamina.saving.hdf5.writer import GroupToWrite, write_hdf5
from lamina.saving.keras2 import compile_arguments, modernized
from lamina.saving.model_file import KERAS_VERSION, model_from_config, within_bounds
from lamina.saving.weights import Assignment, assign, fits, told

_WEIGHTS, _OPTIMIZER, _TOP = "model_weights", "optimizer_weights", "top_level_model_weights"
_LONGEST_LIST = 60_000  # bytes; HDF5 keeps an attribute in a record of at most 64 KiB
_FOREIGN = (
    "{name} holds the state of another optimizer than the model's, or for other weights; it is left out, and "
    "training starts with a fresh optimizer."
)
# What the slots of an optimizer were called before Keras 3.
_SLOTS = {
    "m": "momentum",
    "v": "velocity",
    "vhat": "velocity_hat",
    "rms": "velocity",
    "mg": "average_gradient",
    "u": "norm",
    "accum_grad": "accumulated_grad",
    "accum_var": "accumulated_delta_var",
}
_NEW_SLOTS = ("momentum", "velocity", "velocity_hat", "average_gradient", "accumulator", "linear", "norm")
_NEW_SLOTS += ("accumulated_grad", "accumulated_delta_var")
_OPTIONAL = ("learning_rate", "variable")  # not kept by Keras 2, which has the rate in the configuration
_OPERATION_MODULE = "keras.src.ops."
_LAYER_MODULES = ("keras.layers", "keras.src.models.functional")


def is_legacy(root: Group) -> bool:
    """Tell whether an HDF5 file is of this kind, not a `.weights.h5` file of Keras 3."""
    return root.group(_WEIGHTS) is not None or bool({"layer_names", "layer_names0"} & set(root.attributes))


def load_legacy_model(
    root: Group, name: str, custom_objects: Mapping[str, Any] | None = None, compile: bool = True
) -> Any:
    """Return the model of an `.h5` file."""
    weights = root.group(_WEIGHTS)
    text = root.attributes.get("model_config")
    if weights is None or not isinstance(text, str):
        raise LoadError(
            f"{name}: it holds weights alone and does not say of which model. Make the model, then "
            f"model.load_weights({name!r})."
        )
    version = root.attributes.get("keras_version", "2")
    config = strict_json.parse(text, f"{name}: model_config")
    training = root.attributes.get("training_config") if compile else None
    training = strict_json.parse(training, f"{name}: training_config") if isinstance(training, str) else None

    if not str(version).startswith("3"):
        config = within_bounds(lambda: modernized(config), f"{name}: model_config", custom_objects)
    model = model_from_config(config, f"{name}: model_config", custom_objects, compile=False)
    read_legacy_weights(model, weights, name)
    if isinstance(training, dict) and hasattr(model, "compile_from_config"):
        _compile(model, training, f"{name}: training_config", custom_objects)
        state = root.group(_OPTIMIZER)
        if state is not None and model.optimizer is not None and not _read_optimizer(model, state):
            warn(_FOREIGN.format(name=name))
    return model


def _compile(model: Any, training: dict[str, Any], name: str, custom_objects: Mapping[str, Any] | None) -> None:
    def compile() -> None:
        if arguments := compile_arguments(training, model.output_names):
            model.compile_from_config(arguments)

    within_bounds(compile, name, custom_objects)


# Weights


def read_legacy_weights(
    model: Any,
    group: Group,
    name: str,
    *,
    by_name: bool = False,
    skip_mismatch: bool = False,
    skipped: tuple[Any, ...] = (),
) -> None:
    """Give a model the weights of a file; nothing changes if the file is not right.

    Args:
        model: a built model.
        group: what holds a group for each layer.
        name: how messages call the file.
        by_name: whether only layers that both have, by name, get weights; else all must fit, in their order.
        skip_mismatch: whether layers that do not fit keep their weights with a warning, in the place of an error.
        skipped: layers that are left as they are.

    Raises:
        LoadError: if weights are missing, unexpected or of another shape; names them all.
    """
    passed_over = {id(layer) for one in skipped for layer in one.flat_layers()}
    assignments: list[Assignment] = []
    problems: list[str] = []
    for layer, datasets in _pairs(model, group, by_name, problems):
        if id(layer) in passed_over:
            continue
        of_layer = list(_compared(layer, datasets))
        wrong = [problem for _, problem in of_layer if problem]
        problems += wrong
        if not wrong:
            assignments += [assignment for assignment, _ in of_layer if assignment]
    if problems:
        message = told(name, problems)
        if not skip_mismatch:
            raise LoadError(message)
        warn(f"{message}\nThese weights stay as they were (skip_mismatch=True).")
    assign(assignments, name)


class _Top:
    """The weights that a model has beside its layers."""

    name = _TOP

    def __init__(self, model: Layer) -> None:
        self.variables = model.own_variables()


def _weights_of(layer: Any) -> list[Variable]:
    if isinstance(layer, _Top):
        return layer.variables
    return [*layer.trainable_weights, *layer.non_trainable_weights]


def _pairs(model: Any, group: Group, by_name: bool, problems: list[str]) -> Iterator[tuple[Any, dict[str, Dataset]]]:
    """Yield the layers that have weights with what the file holds for them."""
    layers = {layer.name: layer for layer in model.layers if _weights_of(layer)}
    stored = {name: found for name in _names(group, "layer_names") if (found := _stored(group, name))}
    top = _Top(model)
    of_top = _stored(group, _TOP) if _TOP in group.names() else {}
    if not by_name and (top.variables or of_top):
        yield top, of_top
    if by_name or set(layers) == set(stored):
        yield from ((layer, stored[name]) for name, layer in layers.items() if name in stored)
    elif len(layers) == len(stored):
        yield from zip(layers.values(), stored.values(), strict=True)
    else:
        problems += [f"{name}: the file has no layer of this name" for name in layers if name not in stored]
        extra = [name for name in stored if name not in layers]
        problems += [f"{name}: the file holds it, the model has no place for it" for name in extra]
        yield from ((layer, stored[name]) for name, layer in layers.items() if name in stored)


def _compared(layer: Any, datasets: dict[str, Dataset]) -> Iterator[tuple[Assignment | None, str]]:
    variables = _weights_of(layer)
    if len(variables) != len(datasets):
        names = ", ".join(datasets) or "none"
        yield None, f"{layer.name}: the model has {len(variables)} weights here, the file {len(datasets)} ({names})"
        return
    for variable, (path, dataset) in zip(variables, datasets.items(), strict=True):
        problems = fits(f"{layer.name}/{path} ({variable.path})", dataset, variable)
        yield (None, problems[0]) if problems else (Assignment(variable, dataset), "")


def stored_arrays(group: Group) -> dict[str, dict[str, Dataset]]:
    """Return the arrays by layer and name, in the order of the file."""
    return {name: _stored(group, name) for name in _names(group, "layer_names")}


def _stored(group: Group, name: str) -> dict[str, Dataset]:
    """Return the arrays of a layer in their order."""
    member = _at(group, name)
    if not isinstance(member, Group):
        group.source.damaged(f"there is no group {name!r}, which the list of layers names")
    found = {path: _at(member, path) for path in _names(member, "weight_names")}
    for path, dataset in found.items():
        if not isinstance(dataset, Dataset):
            group.source.damaged(f"layer {name!r} has no array {path!r}, which its list of weights names")
    return found  # type: ignore[return-value]


def _at(group: Group, path: str) -> Group | Dataset | None:
    found: Group | Dataset | None = group
    for part in path.split("/"):
        found = found.get(part) if isinstance(found, Group) else None
    return found


def _names(group: Group, attribute: str) -> list[str]:
    """Return a list of texts, which may be spread over several attributes."""
    if attribute in group.attributes:
        lists = [group.attributes[attribute]]
    else:
        lists = []
        while f"{attribute}{len(lists)}" in group.attributes:
            lists.append(group.attributes[f"{attribute}{len(lists)}"])
    names = [name for part in lists for name in (part if isinstance(part, list | np.ndarray) else [part])]
    listed = not any(isinstance(part, str) for part in lists)
    if not listed or not all(isinstance(name, str) for name in names) or len(set(names)) != len(names):
        group.source.damaged(f"the attribute {attribute!r} is no list of names")
    return names


# The optimizer


def _read_optimizer(model: Any, group: Group) -> bool:
    """Give the optimizer its state; return whether the file's fits it."""
    optimizer = model.optimizer
    if not isinstance(optimizer, Optimizer):
        return False
    if not optimizer.built:
        optimizer.build(model.trainable_variables)
    wanted: dict[str, list[Variable]] = {}
    for variable in optimizer.variables:
        wanted.setdefault(_new_slot(variable.name), []).append(variable)
    stored: dict[str, list[Dataset]] = {}
    paths = _names(group, "weight_names")
    legacy = any(path.endswith("/iter:0") for path in paths)
    for path in paths:
        dataset = _at(group, path)
        if not isinstance(dataset, Dataset):
            group.source.damaged(f"the optimizer has no array {path!r}, which its list of weights names")
        stored.setdefault(_slot(path, legacy), []).append(dataset)
    wanted_slots = {slot: variables for slot, variables in wanted.items() if slot in stored or slot not in _OPTIONAL}
    stored = {slot: datasets for slot, datasets in stored.items() if slot in wanted or slot not in _OPTIONAL}
    if set(stored) <= {"iteration", *_OPTIONAL}:  # it was never trained, so that it has no slots yet
        wanted_slots = {slot: variables for slot, variables in wanted_slots.items() if slot in stored}
    if {slot: len(found) for slot, found in stored.items()} != {slot: len(own) for slot, own in wanted_slots.items()}:
        return False
    assignments = []
    for slot, variables in wanted_slots.items():
        for variable, dataset in zip(variables, stored[slot], strict=True):
            if fits(slot, dataset, variable):
                return False
            assignments.append(Assignment(variable, dataset))
    assign(assignments, group.source.name)
    return True


def _new_slot(name: str) -> str:
    """Return the slot of a variable of an optimizer, such as "momentum" of "dense_kernel_momentum"."""
    matching = [slot for slot in _NEW_SLOTS if name.endswith(f"_{slot}")]
    return max(matching, key=len) if matching else name


def _slot(path: str, legacy: bool) -> str:
    parts = path.removesuffix(":0").split("/")
    if parts[-1] in ("iter", "iteration"):
        return "iteration"
    old = parts[-1] if legacy else parts[1] if len(parts) > 2 else ""
    if old in _SLOTS or old in _NEW_SLOTS:
        return _SLOTS.get(old, old)
    return _new_slot(parts[-1])


# Writing


def save_legacy_model(model: Any, path: Path, *, include_optimizer: bool = True) -> None:
    """Write a Sequential or Functional model to an `.h5` file."""
    if model.output_names is None and not hasattr(model, "add"):
        raise ValueError(
            f"Only Sequential and Functional models can be written to .h5 files; {type(model).__name__} is a class of "
            f"your own. Save it as {path.with_suffix('.keras').name!r}."
        )
    config = serialization.serialize(model)
    compile_config = config.pop("compile_config", None)
    root = GroupToWrite(attributes=_versions())
    root.attributes["model_config"] = json.dumps(_without_modules(config))
    root.members[_WEIGHTS] = legacy_weights(model)
    if include_optimizer and compile_config:
        root.attributes["training_config"] = json.dumps(_training_config(compile_config))
        if model.optimizer is not None:
            root.members[_OPTIMIZER] = _optimizer_weights(model)
    with written_file(path) as file:
        write_hdf5(root, file.write)


def legacy_weights(model: Any) -> GroupToWrite:
    """Return the group that holds the weights of a model, layer by layer."""
    group = GroupToWrite(attributes=_versions())
    layers = model.layers
    _put_names(group, "layer_names", [layer.name for layer in layers])
    prefix = f"{model.path}/"
    for layer in (*layers, _Top(model)):
        _put_arrays(group.group(layer.name), _weights_of(layer), prefix)
    return group


def _optimizer_weights(model: Any) -> GroupToWrite:
    if not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
    group = GroupToWrite()
    _put_arrays(group, model.optimizer.variables, "")
    return group


def _put_arrays(group: GroupToWrite, variables: list[Variable], prefix: str) -> None:
    names: list[str] = []
    for variable in variables:
        name = unique_name(variable.path.removeprefix(prefix), set(names))
        names.append(name)
        folder, _, last = name.rpartition("/")
        group.group(folder).members[last] = variable.array
    _put_names(group, "weight_names", names)


def _put_names(group: GroupToWrite, attribute: str, names: list[str]) -> None:
    width = max((len(name.encode()) for name in names), default=1)
    most = max(1, _LONGEST_LIST // width)
    parts = math.ceil(len(names) / most)
    for index in range(max(1, parts)):
        key = attribute if parts <= 1 else f"{attribute}{index}"
        group.attributes[key] = names[index * most : (index + 1) * most]


def _versions() -> dict[str, Any]:
    return {"keras_version": KERAS_VERSION, "backend": "jax"}


def _without_modules(value: Any) -> Any:
    """Return a configuration whose layers and models are named by their class alone, as these files have them."""
    if isinstance(value, list):
        return [_without_modules(item) for item in value]
    if not isinstance(value, dict):
        return value
    value = {key: _without_modules(item) for key, item in value.items()}
    module, registered = value.get("module"), value.get("registered_name")
    if str(module).startswith(_OPERATION_MODULE):  # Keras leaves it out and then takes the function for a layer
        return value
    if module in _LAYER_MODULES or "build_config" in value or "inbound_nodes" in value:
        own = registered is not None and serialization.get_registered_object(registered) is not None
        value["class_name"] = registered if own else value["class_name"]
        for key in ("module", "registered_name", "build_config", "shared_object_id"):
            value.pop(key, None)
    return value


def _training_config(compile_config: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `compile` was given in the words of these files: classes without modules, functions by full names."""
    config = {key: _in_short(value) for key, value in compile_config.items() if key != "optimizer"}
    config["loss"] = _in_short(compile_config["loss"], losses.get)
    optimizer = compile_config.get("optimizer")
    if optimizer is not None:
        config["optimizer_config"] = {key: optimizer[key] for key in ("class_name", "config")}
    return config


def _in_short(value: Any, full: Callable[[str], Any] | None = None) -> Any:
    if isinstance(value, list):
        return [_in_short(item, full) for item in value]
    if isinstance(value, dict) and value.get("class_name") == "function":
        return value["config"]
    if isinstance(value, dict) and "class_name" in value:
        return {"class_name": value["class_name"], "config": value["config"]}
    if isinstance(value, dict):
        return {key: _in_short(item, full) for key, item in value.items()}
    if isinstance(value, str) and full is not None:  # Keras does not find "mse" in these files
        return getattr(full(value), "__name__", value)
    return value
