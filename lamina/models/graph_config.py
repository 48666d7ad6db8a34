"""A graph as a configuration, in the form in which Keras writes Functional models, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax

from lamina.core import serialization
from lamina.core.recording import OPERATIONS, Operation, RecordedFunction, camel_case
from lamina.core.symbolic import KerasTensor, is_symbolic
from lamina.errors import nearest
from lamina.layers.core.input_layer import InputLayer
from lamina.layers.layer import Layer
from lamina.models.graph import Graph
from lamina.typing import PyTree

_KEYS = {"layers", "input_layers", "output_layers"}


def is_graph_config(config: Mapping[str, Any]) -> bool:
    """Tell whether a configuration is that of a graph."""
    return set(config) >= _KEYS


def graph_config(graph: Graph) -> dict[str, Any]:
    """Return the operations of a graph with their calls, and where its inputs and outputs are."""
    places = graph.places()

    def refer(value: Any) -> Any:
        if is_symbolic(value):
            described = serialization.serialize(value)
            described["config"]["keras_history"] = places[id(value)]
            return described
        if isinstance(value, dict):
            return {key: refer(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [refer(item) for item in value]
        return serialization.serialize(value)

    layers = []
    for operation in graph.operations:
        described = _describe(operation)
        calls = [] if isinstance(operation, InputLayer) else graph.calls_of(operation)
        described["name"] = operation.name
        described["inbound_nodes"] = [{"args": refer(node.args), "kwargs": refer(node.kwargs)} for node in calls]
        layers.append(described)
    return {
        "layers": layers,
        "input_layers": _places(graph.inputs, places),
        "output_layers": _places(graph.outputs, places),
    }


def graph_from_config(config: Mapping[str, Any]) -> tuple[PyTree, PyTree]:
    """Return the symbolic inputs and outputs of a graph that `graph_config` described.

    Raises:
        ValueError: if a call refers to something that is never made.
    """
    operations: dict[str, Any] = {}
    waiting: list[tuple[str, int, Mapping[str, Any]]] = []
    for described in config["layers"]:
        name = described.get("name") or described["config"]["name"]
        operations[name] = _make(described)
        waiting += [(name, index, call) for index, call in enumerate(described["inbound_nodes"])]
    made: dict[tuple[str, int], list[KerasTensor]] = {
        (name, 0): [operation.output] for name, operation in operations.items() if isinstance(operation, InputLayer)
    }
    while waiting:
        ready = [(name, index, call) for name, index, call in waiting if _is_ready(name, index, call, made)]
        if not ready:
            raise ValueError(
                f"The graph's calls of {', '.join(sorted({name for name, *_ in waiting}))} never get inputs."
            )
        for name, index, call in ready:
            args, kwargs = _resolve(call["args"], made), _resolve(call["kwargs"], made)
            operation = operations[name]
            call_on = operation.call_recorded if isinstance(operation, RecordedFunction) else operation
            outputs = call_on(*args, **kwargs)
            made[name, index] = jax.tree.leaves(outputs, is_leaf=is_symbolic)
        waiting = [entry for entry in waiting if (entry[0], entry[1]) not in made]
    return _tensors(config["input_layers"], made), _tensors(config["output_layers"], made)


def _describe(operation: Any) -> dict[str, Any]:
    if not isinstance(operation, RecordedFunction):
        return serialization.serialize(operation)
    known = _operations().get(operation.class_name)
    if known is None:  # a function of the user's own
        function = serialization.serialize(operation.function)
        return {
            "module": "lamina.ops",
            "class_name": "wrap",
            "config": {"name": operation.name, "function": function},
            "registered_name": "wrap",
        }
    settings = serialization.in_config(operation.settings)
    return {
        "module": _keras_module(known.module),
        "class_name": operation.class_name,
        "config": {"name": operation.name, **settings},
        "registered_name": operation.class_name,
    }


def _keras_module(module: str) -> str:
    package, part = module.split(".")[1:3]
    return f"keras.src.ops.{part}" if package == "ops" else "keras.src.activations.activations"


def _make(described: Mapping[str, Any]) -> Any:
    module, class_name = str(described.get("module")), str(described.get("class_name"))
    config = dict(described.get("config") or {})
    if module == "lamina.ops" and class_name == "wrap":
        function = serialization.deserialize(config["function"])
        return _named(RecordedFunction(function, camel_case(function.__name__)), config["name"])
    if not module.startswith(("keras.src.ops.", "keras.src.activations")):
        layer = serialization.deserialize(described)
        if not isinstance(layer, Layer):
            raise ValueError(f"{class_name!r} is no layer.")
        return layer
    operations = _operations()
    if class_name not in operations:
        raise ValueError(
            f"The graph uses the operation {class_name!r} of {module}, which lamina does not have. "
            f"{nearest(class_name, operations)}"
        )
    name = config.pop("name")
    settings = {key: _as_tuple(serialization.deserialize(value)) for key, value in config.items()}
    return _named(RecordedFunction(operations[class_name].function, class_name, settings), name)


def _operations() -> dict[str, Operation]:
    """Return the functions that graphs may hold, by the name that files use."""
    import lamina.ops  # noqa: F401  (defines them; loaded when first used)

    return OPERATIONS


def _named(operation: RecordedFunction, name: str) -> RecordedFunction:
    operation.name, operation.name_is_automatic = name, False
    return operation


def _as_tuple(value: Any) -> Any:
    return tuple(_as_tuple(item) for item in value) if isinstance(value, list) else value


def _places(structure: PyTree, places: dict[int, list[Any]]) -> Any:
    return jax.tree.map(lambda tensor: places[id(tensor)], structure, is_leaf=is_symbolic)


def _is_place(value: Any) -> bool:
    return isinstance(value, list | tuple) and len(value) == 3 and isinstance(value[0], str)


def _tensors(structure: Any, made: dict[tuple[str, int], list[KerasTensor]]) -> PyTree:
    if _is_place(structure):
        name, call, output = structure
        return _made(name, call, made)[output]
    if isinstance(structure, dict):
        return {key: _tensors(value, made) for key, value in structure.items()}
    return [_tensors(value, made) for value in structure]


def _made(name: str, call: int, made: dict[tuple[str, int], list[KerasTensor]]) -> list[KerasTensor]:
    if (name, call) not in made:
        raise ValueError(f"The graph refers to call {call} of {name!r}, which is not part of it.")
    return made[name, call]


def _history(value: Any) -> Any:
    if isinstance(value, Mapping) and value.get("class_name") == "__keras_tensor__":
        return value["config"]["keras_history"]
    return None


def _is_ready(name: str, index: int, call: Mapping[str, Any], made: dict[tuple[str, int], Any]) -> bool:
    """Whether all inputs of a call are made, and the calls of the same operation before it."""
    leaves = jax.tree.leaves([call["args"], call["kwargs"]], is_leaf=lambda value: _history(value) is not None)
    needed = [history for leaf in leaves if (history := _history(leaf)) is not None]
    return all((source, number) in made for source, number, _ in needed) and (index == 0 or (name, index - 1) in made)


def _resolve(value: Any, made: dict[tuple[str, int], list[KerasTensor]]) -> Any:
    history = _history(value)
    if history is not None:
        return _made(history[0], history[1], made)[history[2]]
    if isinstance(value, Mapping) and "class_name" in value:
        return serialization.deserialize(value)
    if isinstance(value, Mapping):
        return {key: _resolve(item, made) for key, item in value.items()}
    return [_resolve(item, made) for item in value] if isinstance(value, list | tuple) else value
