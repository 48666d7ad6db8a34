"""`Diagram`: what a picture of a model shows, before it is known where and how."""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple

import jax

from lamina.core.symbolic import KerasTensor, is_symbolic, symbolic_leaves
from lamina.layers.layer import Layer
from lamina.typing import PyTree

_MOST_SHAPES = 4


class Wire(NamedTuple):
    """A tensor on its way: the box that gives it and which output it is, the box that takes it and which input."""

    source: int
    output: int
    target: int
    input: int


@dataclasses.dataclass
class Box:
    """A call of a layer or function.

    Attributes:
        title: the class.
        name: the layer's name.
        family: the package that the layer belongs to ("core", "convolutional", ...), "model" or "operation".
        rows: labels and values to show below the title.
        details: all that is known, as a text for the mouse to find.
        call: which call it is, of a layer that is shared by several.
        inner: the diagram of a nested model that is to be expanded.
    """

    title: str
    name: str
    family: str
    rows: list[tuple[str, str]]
    details: str
    call: str = ""
    inner: Diagram | None = None


@dataclasses.dataclass
class Diagram:
    """Boxes and the tensors that flow between them.

    Attributes:
        name: that of the model.
        boxes: in the order in which they run.
        wires: between them.
        entries: for each input of the model the box (and its input) that takes it.
        exits: for each output of the model the box (and its output) that gives it.
        wired: False where nothing is known of what flows (a model with a `call` of its own); then `wires` only say
            what stands below what.
    """

    name: str
    boxes: list[Box]
    wires: list[Wire]
    entries: list[tuple[int, int]]
    exits: list[tuple[int, int]]
    wired: bool = True


@dataclasses.dataclass(frozen=True)
class Shown:
    """Which facts a diagram shows; the fields are arguments of `plot_model`."""

    shapes: bool = False
    dtype: bool = False
    layer_names: bool = False
    expand_nested: bool = False
    layer_activations: bool = False
    trainable: bool = False
    parameters: bool = False


def diagram_of(model: Any, shown: Shown) -> Diagram:
    """Return the diagram of a built model.

    Args:
        model: a `Sequential`, a Functional or a subclassed model.
        shown: what the boxes say.

    Raises:
        ValueError: if the model is not built.
    """
    if not model.built:
        raise ValueError(
            f"Model {model.name!r} is not built yet, so there is nothing to draw. Start it with Input(shape), call "
            "build(input_shape), or call it on data."
        )
    return _of_stack(model, shown) if model.graph is None else _of_graph(model, shown)


def _of_stack(model: Any, shown: Shown) -> Diagram:
    """Return the diagram of a `Sequential`, or of a model whose `call` only its author knows."""
    wired = hasattr(model, "add")
    boxes = [_box(layer, inputs, outputs, shown) for layer, inputs, outputs in model.layer_flow()]
    if not boxes:  # a model that keeps no layers is one box
        return Diagram(model.name, [_box(model, None, None, shown)], [], [(0, 0)], [(0, 0)])
    wires = [Wire(index, 0, index + 1, 0) for index in range(len(boxes) - 1)]
    return Diagram(model.name, boxes, wires, [(0, 0)], [(len(boxes) - 1, 0)], wired)


def _of_graph(model: Any, shown: Shown) -> Diagram:
    graph = model.graph
    calls = [(operation, number, node) for operation in graph.operations for number, node in _calls(graph, operation)]
    index_of = {(operation.name, number): index for index, (operation, number, _) in enumerate(calls)}
    places = {key: (index_of[name, number], output) for key, (name, number, output) in graph.places().items()}
    boxes, wires = [], []
    for index, (operation, number, node) in enumerate(calls):
        times = len(graph.calls_of(operation))
        # An InputLayer may be noted as the call that made its tensor, without arguments.
        inputs = symbolic_leaves((node.args, node.kwargs))
        box = _box(operation, inputs or None, node.outputs, shown)
        if times > 1:
            box.call = f"call {number + 1} of {times}"
        boxes.append(box)
        for slot, tensor in enumerate(inputs):
            source, output = places[id(tensor)]
            wires.append(Wire(source, output, index, slot))
    entries = [(places[id(tensor)][0], 0) for tensor in graph.input_tensors]
    return Diagram(model.name, boxes, wires, entries, [places[id(tensor)] for tensor in graph.output_tensors])


def _calls(graph: Any, operation: Any) -> list[tuple[int, Any]]:
    return list(enumerate(graph.calls_of(operation)))


def _box(operation: Any, inputs: PyTree, outputs: PyTree, shown: Shown) -> Box:
    layers = getattr(operation, "layers", None)
    facts = _facts(operation, inputs, outputs)
    wanted = {
        "input": shown.shapes and "input" in facts,
        "output": shown.shapes,
        "dtype": shown.dtype,
        "activation": shown.layer_activations,
        "parameters": shown.parameters,
        "trainable": shown.trainable,
        "layers": not shown.expand_nested,
    }
    rows = [(label, value) for label, values in facts.items() if wanted[label] for value in values]
    name = str(operation.name)
    title = _title(operation)
    details = [f"{title} {name!r}", *(f"{label}: {', '.join(values)}" for label, values in facts.items())]
    inner = None
    if layers and shown.expand_nested and operation.built:
        inner = diagram_of(operation, shown)
    name = name if shown.layer_names else ""
    return Box(title, name, _family(operation), rows, "\n".join(details), inner=inner)


def _facts(operation: Any, inputs: PyTree, outputs: PyTree) -> dict[str, list[str]]:
    facts = {"input": _shapes(inputs)} if inputs is not None else {}
    facts["output"] = _shapes(outputs)
    facts["dtype"] = sorted({tensor.dtype for tensor in symbolic_leaves(outputs)}) or [_dtype(operation)]
    if not isinstance(operation, Layer):
        return facts
    activation = _activation(operation)
    if activation is not None:
        facts["activation"] = [activation]
    if operation.weights:
        facts["parameters"] = [f"{operation.count_params():,}"]
        facts["trainable"] = [_trainable(operation)]
    layers = getattr(operation, "layers", None)
    if layers:
        facts["layers"] = [str(len(layers))]
    return facts


def _shapes(tensors: PyTree) -> list[str]:
    leaves: list[KerasTensor] = [leaf for leaf in jax.tree.leaves(tensors, is_leaf=is_symbolic) if is_symbolic(leaf)]
    if not leaves:
        return ["?"]
    texts = [f"({', '.join(map(str, tensor.shape))}{',' if len(tensor.shape) == 1 else ''})" for tensor in leaves]
    return texts if len(texts) <= _MOST_SHAPES else [*texts[: _MOST_SHAPES - 1], f"{len(texts) - 3} more"]


def _dtype(operation: Any) -> str:
    return str(getattr(operation, "compute_dtype", "?"))


def _activation(layer: Layer) -> str | None:
    activation = getattr(layer, "activation", None)
    if activation is None:
        return None
    return str(getattr(activation, "__name__", None) or getattr(activation, "name", type(activation).__name__))


def _trainable(layer: Layer) -> str:
    if not layer.trainable or not layer.trainable_weights:
        return "no"
    return "partly" if _frozen_inside(layer) else "yes"


def _frozen_inside(layer: Layer) -> bool:
    return any(inner.weights and (not inner.trainable or _frozen_inside(inner)) for inner in layer.held_layers())


def _title(operation: Any) -> str:
    if not isinstance(operation, Layer):
        return str(operation.class_name)
    wrapped = getattr(operation, "layer", None) or getattr(operation, "forward_layer", None)
    title = type(operation).__name__
    identity = getattr(operation, "serialized_identity", None)
    title = identity["class_name"] if identity else title
    return f"{title}({_title(wrapped)})" if isinstance(wrapped, Layer) else title


def _family(operation: Any) -> str:
    if not isinstance(operation, Layer):
        return "operation"
    for cls in type(operation).__mro__:  # a user's own Dense is of Dense's family
        package, _, rest = cls.__module__.partition("lamina.layers.")
        if not package and "." in rest:
            return "input" if cls.__name__ == "InputLayer" else rest.partition(".")[0]
        if cls.__module__.startswith("lamina.models."):
            return "model"
    return "own"
