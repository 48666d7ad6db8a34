"""`Graph`: the calls that lead from symbolic inputs to symbolic outputs, in the order in which they run."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from lamina.core import masks, shapes
from lamina.core.naming import unique_name
from lamina.core.symbolic import KerasTensor, Node, is_symbolic, symbolic_leaves
from lamina.errors import brief
from lamina.layers.core.input_layer import InputLayer
from lamina.layers.layer import Layer
from lamina.typing import PyTree


class Graph:
    """A graph of calls.

    Args:
        inputs: symbolic tensors, in any nesting of lists, tuples and dictionaries.
        outputs: symbolic tensors computed from them.

    Attributes:
        operations: the layers and functions, each once: deepest first, as Keras orders them.
        nodes: the calls, in an order in which they can run.

    Raises:
        ValueError: if something is no symbolic tensor, an output needs an input that is not given, or two layers have
            one name.
    """

    def __init__(self, inputs: PyTree, outputs: PyTree) -> None:
        self.inputs, self.outputs = inputs, outputs
        self.input_tensors = _tensors(inputs, "inputs")
        self.output_tensors = _tensors(outputs, "outputs")
        # A tensor computed by a layer may be an input as well; then an InputLayer of the model's own stands for it.
        self._entries = [_entry(tensor) for tensor in self.input_tensors]
        self._entry_of = {id(t): entry for t, entry in zip(self.input_tensors, self._entries, strict=True)}
        self._given = {id(entry) for entry in self._entries}
        if len(self._entry_of) < len(self.input_tensors):
            raise ValueError("The same tensor stands twice among the inputs of a model.")
        visited = self._visit()
        depths, operation_depths = _depths(visited, self._entry_of)
        self.nodes = sorted(visited, key=lambda node: -depths[id(node)])
        by_id = {id(node.operation): node.operation for node in visited}
        first_seen = {key: position for position, key in enumerate(self._first_seen)}
        self.operations = [
            by_id[key] for key in sorted(by_id, key=lambda key: (-operation_depths[key], first_seen[key]))
        ]
        self._name_apart()

    @property
    def layers(self) -> list[Layer]:
        """The layers among the operations."""
        return [operation for operation in self.operations if isinstance(operation, Layer)]

    @property
    def input_names(self) -> list[str]:
        """The names of the inputs, in order."""
        return [str(entry.node.operation.name if entry.node is not None else entry.name) for entry in self._entries]

    @property
    def output_names(self) -> list[str]:
        """The names of the operations that give the outputs, made unique."""
        names: list[str] = []
        for tensor in self.output_tensors:
            name = tensor.node.operation.name if tensor.node is not None else tensor.name  # type: ignore[attr-defined]
            names.append(unique_name(str(name), names))
        return names

    def calls_of(self, operation: Any) -> list[Node]:
        """Return the calls of an operation that belong to this graph, in the order in which they were made."""
        own = {id(node) for node in self.nodes}
        made = operation._nodes if isinstance(operation, Layer) else self.nodes
        return [node for node in made if id(node) in own and node.operation is operation]

    def places(self) -> dict[int, list[Any]]:
        """Return for each tensor, by `id`, where it comes from: name of the operation, number of the call, output."""
        places: dict[int, list[Any]] = {}
        for operation in self.operations:
            for number, node in enumerate(self.calls_of(operation)):
                for index, tensor in enumerate(jax.tree.leaves(node.outputs, is_leaf=is_symbolic)):
                    places[id(tensor)] = [operation.name, number, index]
        for tensor, name in zip(self.input_tensors, self.input_names, strict=True):
            places[id(tensor)] = [name, 0, 0]
        return places

    def hand_nodes_to_layers(self) -> None:
        """Tell the layers of a copied graph about their calls."""
        for layer in self.layers:
            layer._nodes = [node for node in self.nodes if node.operation is layer]

    # Running

    def run(self, inputs: PyTree, input_masks: PyTree = None, training: bool | None = None) -> tuple[PyTree, PyTree]:
        """Return outputs and their masks for arrays in the nesting of `inputs`; the layers find masks by themselves."""
        arrays = self.match_inputs(inputs)
        values = {id(tensor): array for tensor, array in zip(self.input_tensors, arrays, strict=True)}
        masks.note(arrays, input_masks)
        for node in self.nodes:
            if isinstance(node.operation, InputLayer):
                continue
            results = jax.tree.leaves(self._run_node(node, values, training), is_leaf=_is_none)
            for tensor, result in zip(jax.tree.leaves(node.outputs, is_leaf=is_symbolic), results, strict=True):
                values.setdefault(id(tensor), result)
        outputs = jax.tree.map(lambda tensor: values[id(tensor)], self.outputs, is_leaf=is_symbolic)
        return outputs, masks.of(outputs)

    def _run_node(self, node: Node, values: dict[int, Any], training: bool | None) -> PyTree:
        def value_of(leaf: Any) -> Any:
            return values[id(leaf)] if is_symbolic(leaf) else leaf

        args, kwargs = jax.tree.map(value_of, (node.args, node.kwargs), is_leaf=_is_leaf)
        if training is not None and isinstance(node.operation, Layer):
            kwargs.setdefault("training", training)
        return node.operation(*args, **kwargs)

    def match_inputs(self, inputs: PyTree) -> list[Any]:
        """Return the arrays in the order of the input tensors.

        Raises:
            ValueError: if one is missing or there are too many; names it.
        """
        if isinstance(inputs, dict):
            names = self._keys()
            missing = [name for name in names if name not in inputs]
            if missing:
                came = ", ".join(map(str, inputs)) or "nothing"
                raise ValueError(
                    f"The input {missing[0]!r} is missing. The model has the inputs {', '.join(names)}; the data hold "
                    f"{came}."
                )
            arrays = [inputs[name] for name in names]
        else:
            arrays = jax.tree.leaves(inputs, is_leaf=_is_leaf)
        if len(arrays) != len(self.input_tensors):
            raise ValueError(
                f"The model has {len(self.input_tensors)} input(s) ({', '.join(self.input_names)}), "
                f"but was given {len(arrays)}."
            )
        arrays = [fit_rank(array, tensor) for array, tensor in zip(arrays, self.input_tensors, strict=True)]
        for array, tensor in zip(arrays, self.input_tensors, strict=True):
            self._check_sizes(array, tensor)
        return arrays

    def _check_sizes(self, array: Any, tensor: KerasTensor) -> None:
        declared, sizes = tensor.shape[1:], getattr(array, "shape", ())[1:]
        # Programs for export leave sizes open, which are no numbers.
        fits = [
            one == size or not isinstance(one, int) or not isinstance(size, int) for one, size in zip(declared, sizes)
        ]
        if all(fits):
            return
        varying = tuple(one if fit else None for one, fit in zip(declared, fits))
        advice = f" Axes whose size may vary are declared as None: Input(shape={varying})."
        if len(self.input_tensors) > 1:
            advice += " Inputs are taken in the order in which the model lists them, or by name."
        raise _other_shape(array, tensor, advice)

    def _keys(self) -> list[str]:
        if isinstance(self.inputs, dict):
            return [path[-1].key for path, _ in jax.tree_util.tree_leaves_with_path(self.inputs, is_leaf=is_symbolic)]
        return self.input_names

    # Finding the calls

    def _visit(self) -> list[Node]:
        """Return the nodes that the outputs need, each after those that it needs; note operations as they are met."""
        finished: list[Node] = []
        state: dict[int, str] = {}
        self._first_seen: dict[int, None] = {}
        outputs = [self._entry_of.get(id(tensor), tensor) for tensor in self.output_tensors]
        stack = [(tensor, False) for tensor in reversed(outputs)]
        while stack:
            tensor, leaving = stack.pop()
            node = tensor.node
            if node is None:
                if id(tensor) not in self._given:
                    raise _disconnected(tensor, self.input_tensors)
                continue
            if leaving:
                if state[id(node)] != "done":
                    state[id(node)] = "done"
                    finished.append(node)
                continue
            if id(node) in state:
                continue
            state[id(node)] = "open"
            self._first_seen.setdefault(id(node.operation))
            if isinstance(node.operation, InputLayer) and id(tensor) not in self._given:
                raise _disconnected(tensor, self.input_tensors)
            stack.append((tensor, True))
            stack.extend((self._entry_of.get(id(needed), needed), False) for needed in reversed(node.inputs))
        for entry in self._entries:  # inputs that no output needs belong to the model all the same
            node = entry.node
            if node is not None and id(node) not in state:
                self._first_seen.setdefault(id(node.operation))
                finished.append(node)
        return finished

    def _name_apart(self) -> None:
        taken: set[str] = set()
        automatic = []
        for operation in self.operations:
            if getattr(operation, "name_is_automatic", True):
                automatic.append(operation)
            elif operation.name in taken:
                raise ValueError(
                    f"Two layers of the model are named {operation.name!r}; the names in a model must differ. "
                    f"Give one of them another name, such as {unique_name(operation.name, taken)!r}."
                )
            else:
                taken.add(operation.name)
        for operation in automatic:
            operation.name = unique_name(operation.name, taken)
            taken.add(operation.name)


def _entry(tensor: KerasTensor) -> KerasTensor:
    if tensor.node is not None and isinstance(tensor.node.operation, InputLayer):
        return tensor
    return InputLayer(batch_shape=tensor.shape, dtype=tensor.dtype, name=tensor.name).output


def _depths(nodes: list[Node], entry_of: dict[int, KerasTensor]) -> tuple[dict[int, int], dict[int, int]]:
    """Return how far each node and each operation is from the outputs, counted along the longest way."""
    node_depths: dict[int, int] = {}
    operation_depths: dict[int, int] = {}
    for node in reversed(nodes):
        depth = max(node_depths.get(id(node), 0), operation_depths.get(id(node.operation), 0))
        node_depths[id(node)] = operation_depths[id(node.operation)] = depth
        for needed_tensor in node.inputs:
            tensor = entry_of.get(id(needed_tensor), needed_tensor)
            if tensor.node is not None:
                needed = id(tensor.node)
                node_depths[needed] = max(depth + 1, node_depths.get(needed, 0))
    return node_depths, operation_depths


def _tensors(structure: PyTree, what: str) -> list[KerasTensor]:
    leaves = jax.tree.leaves(structure, is_leaf=_is_leaf)
    for leaf in leaves:
        if not is_symbolic(leaf):
            raise ValueError(
                f"The {what} of a model must be symbolic tensors, made by Input(shape) and by layers called on them; "
                f"got {brief(leaf)}.{_called(leaf)}"
            )
    if not leaves:
        raise ValueError(f"A model needs {what}.")
    return symbolic_leaves(structure)


def _called(leaf: Any) -> str:
    """Return the advice for a layer that stands where its output should."""
    if not isinstance(leaf, Layer):
        return ""
    return f" That is the layer itself: call it on a tensor, as in {type(leaf).__name__}(...)(inputs)."


def _disconnected(tensor: KerasTensor, inputs: list[KerasTensor]) -> ValueError:
    given = ", ".join(str(one.name) for one in inputs)
    return ValueError(
        f"The graph is disconnected: the outputs need the tensor {tensor.name!r} of shape {tensor.shape}, which is not "
        f"computed from the inputs ({given}). Add it to the inputs of the model."
    )


def fit_rank(array: Any, tensor: KerasTensor) -> Any:
    """Add or drop a last axis of size 1 where the input was declared with one less or more, as Keras does.

    Raises:
        ValueError: if the number of axes differs otherwise.
    """
    if array is None or is_symbolic(array) or not hasattr(array, "ndim") or array.ndim == len(tensor.shape):
        return array
    if array.ndim == len(tensor.shape) - 1 and tensor.shape[-1] == 1:
        return jnp.expand_dims(array, -1)
    if array.ndim == len(tensor.shape) + 1 and array.shape[-1] == 1:
        return jnp.squeeze(array, -1)
    raise _other_shape(array, tensor, _rank_advice(array, tensor.shape))


def _other_shape(array: Any, tensor: KerasTensor, advice: str) -> ValueError:
    return ValueError(
        f"The input {tensor.name!r} was declared with shape {tensor.shape} (None is the batch), but the data have "
        f"shape {shapes.declared_shape(array)}.{advice}"
    )


def _rank_advice(array: Any, declared: tuple) -> str:
    if array.ndim == len(declared) - 1 and array.shape == declared[1:]:
        return " The batch axis is missing: pass x[None, ...] for a single example."
    if array.ndim == len(declared) - 1 and array.shape[1:] == declared[1:-1]:
        channels = (
            "np.stack([x] * 3, axis=-1)"
            if declared[-1] == 3
            else f"declare {(*declared[1:-1], 1)} and pass x[..., None]"
        )
        return f" The last axis, the channels, is missing: {channels}."
    if array.ndim == len(declared) - 1 and array.shape[1:] == declared[2:]:
        return (
            " A declared shape leaves the number of rows out: "
            f"write Input(shape={declared[2:]}) or input_shape={declared[2:]}."
        )
    return ""


def _is_none(value: Any) -> bool:
    return value is None


def _is_leaf(value: Any) -> bool:
    return value is None or is_symbolic(value) or isinstance(value, slice)
