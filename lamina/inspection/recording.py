"""`record`: a model is called once, and every call of a layer in it is noted."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import jax
import jax.core

from lamina.layers.layer import Layer
from lamina.typing import PyTree


@dataclasses.dataclass(eq=False)
class Call:
    """One call of a layer, or of a function in a graph.

    Attributes:
        operation: the layer or the function.
        name: its name.
        inputs, outputs: what went in and came out, with arrays as leaves.
        calls: those that it made itself, in order.
    """

    operation: Any
    name: str
    inputs: PyTree
    outputs: PyTree = None
    calls: list[Call] = dataclasses.field(default_factory=list)


def record(model: Layer, run: Callable[[], Any]) -> Call:
    """Return the tree of calls that happen in the model while `run` calls it.

    Calls on traced arrays are left out: a loop over steps, as recurrent layers have, is one call.

    Args:
        model: the model; it is left as it was.
        run: calls the model, without compiling it.
    """
    root = Call(model, model.name, None)
    stack = [root]
    layers = model.flat_layers()
    graphs = [layer.graph for layer in layers if getattr(layer, "graph", None) is not None]
    with _noting(stack, layers), _noting_functions(stack, graphs):
        run()
    return root.calls[0] if len(root.calls) == 1 and root.calls[0].operation is model else root


@contextmanager
def _noting(stack: list[Call], layers: list[Layer]) -> Iterator[None]:
    def watch(layer: Layer) -> None:
        compute = layer.outputs_and_mask

        def watched(args: tuple, kwargs: dict[str, Any], mask: PyTree) -> tuple[PyTree, PyTree]:
            inputs = args[0] if args else next((v for k, v in kwargs.items() if k not in ("mask", "training")), None)
            call = Call(layer, layer.name, inputs)
            stack.append(call)
            try:
                found = compute(args, kwargs, mask)
            finally:
                stack.pop()
            call.outputs = found[0]
            if not is_traced((call.inputs, call.outputs)):
                stack[-1].calls.append(call)
            return found

        vars(layer)["outputs_and_mask"] = watched

    for layer in layers:
        watch(layer)
    try:
        yield
    finally:
        for layer in layers:
            vars(layer).pop("outputs_and_mask", None)


@contextmanager
def _noting_functions(stack: list[Call], graphs: list[Any]) -> Iterator[None]:
    """Note the functions among a graph's nodes, such as `a + b`; its layers note themselves."""

    def watch(graph: Any) -> None:
        compute = graph._run_node

        def watched(node: Any, values: dict[int, Any], *rest: Any) -> PyTree:
            found = compute(node, values, *rest)
            if not isinstance(node.operation, Layer) and not is_traced(found):
                inputs = [values[id(tensor)] for tensor in node.inputs]
                name = str(getattr(node.operation, "name", None) or getattr(node.operation, "__name__", "function"))
                stack[-1].calls.append(Call(node.operation, name, inputs, found))
            return found

        vars(graph)["_run_node"] = watched

    for graph in graphs:
        watch(graph)
    try:
        yield
    finally:
        for graph in graphs:
            vars(graph).pop("_run_node", None)


def is_traced(values: PyTree) -> bool:
    """Return whether a structure holds arrays of a program that is being traced."""
    return any(isinstance(leaf, jax.core.Tracer) for leaf in jax.tree.leaves(values))
