"""`clone_model`: the same architecture with weights of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax

from lamina.core.recording import RecordedFunction
from lamina.core.symbolic import KerasTensor, is_symbolic
from lamina.layers.core.input_layer import Input, InputLayer
from lamina.layers.layer import Layer
from lamina.models.graph import Graph
from lamina.models.model import Model
from lamina.models.sequential import Sequential
from lamina.typing import PyTree


def clone_model(
    model: Model,
    input_tensors: PyTree = None,
    clone_function: Callable[[Layer], Layer] | None = None,
    call_function: Callable[..., PyTree] | None = None,
    recursive: bool = False,
    **kwargs: Any,
) -> Model:
    """Return a model of the same architecture with new layers and newly drawn weights.

    Args:
        model: a `Sequential`, a Functional model, or a derived one that `get_config` describes.
        input_tensors: symbolic tensors to start from; default new inputs of the same shapes.
        clone_function: makes the new layer from an old one; default from its configuration. Not called for inputs.
        call_function: `(layer, *args, **kwargs)`, calls a new layer in a Functional model; default just calls it.
        recursive: whether `clone_function` is applied inside of nested models, too.

    Raises:
        ValueError: for arguments that a model of this kind has no use for.

    Example:
        >>> model = lamina.Sequential([lamina.Input((3,)), lamina.layers.Dense(2)])
        >>> lamina.models.clone_model(model).output_shape
        (None, 2)
    """
    if kwargs:
        raise ValueError(f"clone_model does not know the argument {sorted(kwargs)[0]!r}.")
    clone_layer = _cloner(clone_function, call_function, recursive)
    if isinstance(model, Sequential):
        if call_function is not None:
            raise ValueError("call_function is for Functional models; a Sequential calls its layers itself.")
        return _clone_stack(model, input_tensors, clone_layer)
    if model.graph is not None and type(model).__init__ is Model.__init__:
        return _clone_graph(model, model.graph, input_tensors, clone_layer, call_function)
    if input_tensors is not None or clone_function is not None or call_function is not None:
        raise ValueError(
            f"{type(model).__name__} is a derived class, which is cloned from its configuration: input_tensors, "
            "clone_function and call_function have no place in it."
        )
    return type(model).from_config(model.get_config())


def _cloner(
    clone_function: Callable[[Layer], Layer] | None, call_function: Callable[..., PyTree] | None, recursive: bool
) -> Callable[[Layer], Layer]:
    make = clone_function or (lambda layer: type(layer).from_config(layer.get_config()))

    def clone_layer(layer: Layer) -> Layer:
        if recursive and isinstance(layer, Model) and (isinstance(layer, Sequential) or layer.graph is not None):
            inner_call = None if isinstance(layer, Sequential) else call_function
            return clone_model(layer, clone_function=make, call_function=inner_call, recursive=True)
        clone = make(layer)
        if not isinstance(clone, Layer):
            raise ValueError(f"clone_function must return a layer for {layer.name!r}, got {clone!r}.")
        return clone

    return clone_layer


def _clone_stack(model: Sequential, input_tensors: Any, clone_layer: Callable[[Layer], Layer]) -> Sequential:
    clone = Sequential(name=model.name, trainable=model.trainable)
    first = model._layers[0] if model._layers else None
    if input_tensors is not None:
        tensors = jax.tree.leaves(input_tensors, is_leaf=is_symbolic)
        if len(tensors) != 1 or not is_symbolic(tensors[0]):
            raise ValueError(
                f"A Sequential has one input; input_tensors must be one symbolic tensor: {input_tensors!r}."
            )
        clone.add(InputLayer(batch_shape=tensors[0].shape, dtype=tensors[0].dtype, name=tensors[0].name))
    elif isinstance(first, InputLayer):
        clone.add(_fresh_input(first.output).node.operation)  # type: ignore[union-attr]
    for layer in model.layers:
        clone.add(clone_layer(layer))
    return clone


def _clone_graph(
    model: Model,
    graph: Graph,
    input_tensors: PyTree,
    clone_layer: Callable[[Layer], Layer],
    call_function: Callable[..., PyTree] | None,
) -> Model:
    if input_tensors is None:
        inputs = jax.tree.map(_fresh_input, graph.inputs, is_leaf=is_symbolic)
    else:
        inputs = input_tensors
    given = jax.tree.leaves(inputs, is_leaf=is_symbolic)
    if len(given) != len(graph.input_tensors):
        raise ValueError(f"input_tensors must hold {len(graph.input_tensors)} tensors, got {len(given)}.")
    made: dict[int, KerasTensor] = {id(old): new for old, new in zip(graph.input_tensors, given, strict=True)}
    clones: dict[int, Any] = {}

    def new_value(leaf: Any) -> Any:
        return made[id(leaf)] if is_symbolic(leaf) else leaf

    for node in graph.nodes:
        operation = node.operation
        if isinstance(operation, InputLayer):
            continue
        args, arguments = jax.tree.map(new_value, (node.args, node.kwargs), is_leaf=_is_leaf)
        if isinstance(operation, RecordedFunction):
            again = RecordedFunction(operation.function, operation.class_name, operation.settings)
            outputs = again.call_recorded(*args, **arguments)
        else:
            if id(operation) not in clones:
                clones[id(operation)] = clone_layer(operation)
            clone = clones[id(operation)]
            outputs = call_function(clone, *args, **arguments) if call_function else clone(*args, **arguments)
        olds = jax.tree.leaves(node.outputs, is_leaf=is_symbolic)
        news = jax.tree.leaves(outputs, is_leaf=is_symbolic)
        made.update({id(old): new for old, new in zip(olds, news, strict=True)})
    outputs = jax.tree.map(lambda tensor: made[id(tensor)], graph.outputs, is_leaf=is_symbolic)
    return type(model)(inputs, outputs, name=model.name)


def _fresh_input(tensor: KerasTensor) -> KerasTensor:
    return Input(batch_shape=tensor.shape, dtype=tensor.dtype, name=tensor.name)


def _is_leaf(value: Any) -> bool:
    return value is None or is_symbolic(value) or isinstance(value, slice)
