"""`Model`: a layer that can be compiled, trained, evaluated, asked, summarised and saved."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import jax

from lamina import saving
from lamina.core import shapes
from lamina.core.serialization import custom_object_scope, in_config, serialize
from lamina.core.symbolic import KerasTensor, is_symbolic
from lamina.errors import nearest
from lamina.layers.building import relabel
from lamina.layers.layer import Layer
from lamina.models.fitting import Fitting
from lamina.models.graph import Graph
from lamina.models.graph_config import graph_config, graph_from_config, is_graph_config
from lamina.models.summary import print_summary
from lamina.training.trainer import Trainer
from lamina.typing import PyTree

if TYPE_CHECKING:
    from pathlib import Path

    from lamina.inspection.trace import Trace


class Model(Fitting):
    """A layer with `compile`, `fit`, `evaluate`, `predict`, `summary` and `save`.

    Made from symbolic tensors it is a graph of layers (the Functional API). Where that does not express the model,
    derive from it and override `call`.

    Args:
        inputs: what `Input` gave, in any nesting of lists, tuples and dictionaries.
        outputs: symbolic tensors computed from `inputs`, in any nesting.
        name: default "functional", or the name of the derived class in snake case.
        trainable: whether training changes the weights.
        dtype: name of a dtype or a `DTypePolicy`.

    Raises:
        ValueError: if the outputs need an input that is not given, or two layers have one name.

    Example:
        >>> a, b = lamina.Input((10,)), lamina.Input((5,))
        >>> joined = lamina.layers.Concatenate()([a, b])
        >>> model = lamina.Model([a, b], lamina.layers.Dense(1)(joined))
        >>> model.output_shape
        (None, 1)
        >>> class Twice(lamina.Model):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.dense = lamina.layers.Dense(1)
        ...     def call(self, x):
        ...         return 2 * self.dense(x)
        >>> Twice()(lamina.ops.ones((3, 4))).shape
        (3, 1)
    """

    def __init__(
        self,
        inputs: PyTree = None,
        outputs: PyTree = None,
        name: str | None = None,
        trainable: bool = True,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, trainable=trainable, dtype=dtype, **kwargs)
        self.graph: Graph | None = None
        self._graph_layers: list[Layer] = []
        if (inputs is None) != (outputs is None):
            raise ValueError(f"{type(self).__name__} needs both inputs and outputs to be a graph, or neither.")
        if inputs is not None:
            self._become(Graph(inputs, outputs))

    def _become(self, graph: Graph) -> None:
        self.graph = graph
        self._graph_layers = graph.layers
        if self.name_is_automatic and type(self) is Model:
            self.name = self.path = "functional"
        self.built = True
        relabel(self)

    # Structure

    @property
    def layers(self) -> list[Layer]:
        """The layers directly below the model."""
        return self.held_layers()

    @property
    def inputs(self) -> list[KerasTensor]:
        """The symbolic inputs, in a list."""
        return self._require_graph("inputs").input_tensors

    @property
    def outputs(self) -> list[KerasTensor]:
        """The symbolic outputs, in a list."""
        return self._require_graph("outputs").output_tensors

    @property
    def input(self) -> PyTree:
        """The symbolic inputs, as they were nested."""
        return self._require_graph("input").inputs

    @property
    def output(self) -> PyTree:
        """The symbolic outputs, as they were nested."""
        return self._require_graph("output").outputs

    @property
    def output_names(self) -> list[str] | None:
        """The names of the layers that give the outputs; None where that is not known."""
        return self.graph.output_names if self.graph else None

    def _require_graph(self, what: str) -> Graph:
        if self.graph is None:
            raise AttributeError(
                f"Model {self.name!r} ({type(self).__name__}) was not made from symbolic tensors, so it has no {what}."
            )
        return self.graph

    @property
    def input_shape(self) -> PyTree:
        """Shape of the input with None for the batch."""
        if self.graph is not None:
            return _shapes(self.graph.inputs)
        if not self._build_shapes:
            raise AttributeError(
                f"Model {self.name!r} does not know its input shape yet: call it on data or build(input_shape) first."
            )
        shapes_given = list(self._build_shapes.values())
        return shapes_given[0] if len(shapes_given) == 1 else shapes_given

    @property
    def output_shape(self) -> PyTree:
        """Shape of the output with None for the batch."""
        if self.graph is not None:
            return _shapes(self.graph.outputs)
        return self.compute_output_shape(self.input_shape)

    # Calling

    def call(self, inputs: PyTree, training: bool | None = None, mask: PyTree = None) -> PyTree:
        if self.graph is None:
            return super().call(inputs)
        return self.graph.run(inputs, mask, training)[0]

    def outputs_and_mask(self, args: tuple, kwargs: dict[str, Any], mask: PyTree) -> tuple[PyTree, PyTree]:
        if self.graph is None or type(self).call is not Model.call:
            return super().outputs_and_mask(args, kwargs, mask)
        return self.graph.run(args[0] if args else kwargs["inputs"], mask, kwargs.get("training"))

    def layer_flow(self) -> list[tuple[Layer, PyTree, PyTree]]:
        """Return each of `layers` with its symbolic input and output, None where those are not known."""
        return [_flow_of(layer, self.graph) for layer in self.layers]

    # Configuration

    def get_config(self) -> dict[str, Any]:
        """Return what the model can be made from again: a graph's layers and calls, else constructor arguments."""
        if type(self).__init__ is not Model.__init__:
            return super().get_config()
        if self.graph is None:  # a class without arguments of its own
            return {"name": self.name, "trainable": self.trainable, "dtype": in_config(self.dtype_policy)}
        return {"name": self.name, "trainable": self.trainable, **graph_config(self.graph)}

    @property
    def serialized_identity(self) -> dict[str, Any] | None:
        """How files call the class of a graph, where it differs from the class's own name."""
        if self.graph is None or type(self) is not Model:
            return None
        return {"module": "keras.src.models.functional", "class_name": "Functional", "registered_name": "Functional"}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Any:
        """Return a model made from `get_config`.

        Args:
            config: what `get_config` returned.
            custom_objects: your own classes and functions by name.
        """
        if not is_graph_config(config):
            return super().from_config(config)
        with custom_object_scope(custom_objects or {}):
            inputs, outputs = graph_from_config(config)
        return cls(inputs, outputs, name=config.get("name"), trainable=config.get("trainable", True))

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """Return the layer of a name or at an index.

        Raises:
            ValueError: if there is none, or if both or neither are given.
        """
        if (name is None) == (index is None):
            raise ValueError("get_layer takes either a name or an index.")
        layers = self.layers
        if index is not None:
            if not -len(layers) <= index < len(layers):
                raise ValueError(f"Model {self.name!r} has {len(layers)} layers; there is none at index {index}.")
            return layers[index]
        for layer in layers:
            if layer.name == name:
                return layer
        raise ValueError(
            f"Model {self.name!r} has no layer named {name!r}. {nearest(name, [layer.name for layer in layers])}"
        )

    def summary(
        self,
        line_length: int | None = None,
        positions: list[float] | None = None,
        print_fn: Callable[[str], Any] | None = None,
        expand_nested: bool = False,
        show_trainable: bool = False,
        layer_range: tuple[str, str] | None = None,
    ) -> None:
        """Print a table of the layers: name and type, output shape, parameters, operations; totals below.

        Args:
            line_length: width in characters; default that of the terminal.
            positions: right ends of the columns as shares of the width.
            print_fn: called with the text in the place of printing it.
            expand_nested: whether to show the layers of models within the model.
            show_trainable: whether to add a column that says which layers are trainable.
            layer_range: names (or regular expressions) of the first and last layer to show.
        """
        print_summary(
            self,
            line_length=line_length,
            positions=positions,
            print_fn=print_fn,
            expand_nested=expand_nested,
            show_trainable=show_trainable,
            layer_range=layer_range,
        )

    def _repr_html_(self) -> str:
        """Return what a notebook shows of the model: the table of its layers and its picture."""
        from lamina.models.notebook import model_html  # only notebooks load what draws

        return model_html(self)

    def trace(self, x: Any, row: int = 0, rows: int = 256) -> Trace:
        """Follow data through the model, stage by stage, and say where the signal dies.

        For each layer: what it does in words, the shapes going in and out, statistics of its outputs, what is wrong
        with them; then one row's way to its prediction. Print the result, `show()` it in colour, let it be the last
        line of a notebook's cell, or `save("trace.html")`.

        Args:
            x: inputs, rows first, as for `predict`.
            row: number of the row that is followed step by step.
            rows: how many rows to compute at most; statistics are over those.

        Raises:
            ValueError: if the data do not fit the model, or there is no such row.

        Example:
            >>> model = lamina.Sequential([lamina.Input((2,)), lamina.layers.Dense(1)])
            >>> [stage.flow for stage in model.trace([[1.0, 2.0]]).stages]
            ['1 x 2', '1 x 2 → 1 x 1']
        """
        from lamina.inspection.trace import trace  # loaded when first used

        return trace(self, x, row, rows)

    def report(self, path: Any, x_test: Any, y_test: Any = None, *, labels: Any = None) -> Path:
        """Write everything about the model on one page that needs nothing else and opens without a network.

        Architecture, summary, learning curves (and the `TrainingTrace`, if `fit` had one), metrics, confusion matrix
        and the most wrong examples (or residuals, for regression), a trace of the data, timing, environment.

        Args:
            path: a file that ends in ".html".
            x_test: inputs that the model was not trained on.
            y_test: their targets; None leaves metrics and what is made of them out.
            labels: names of the classes.

        Returns:
            The path.

        Raises:
            ValueError: for another ending, or data that do not fit the model.
            ImportError: without matplotlib (`pip install 'lamina[plot]'`).
        """
        from lamina.inspection.report import write_report  # loaded when first used

        return write_report(self, path, x_test, y_test, labels=labels)

    # Files

    def save(self, filepath: Any, overwrite: bool = True, zipped: bool | None = None, **kwargs: Any) -> None:
        """Write the whole model to a file: architecture, weights, what `compile` chose, the optimizer's state.

        Args:
            filepath: ends in ".keras"; a path without an extension becomes a folder with the same content.
            overwrite: whether an existing file may be replaced.
            zipped: whether to write an archive; default yes, except for a path without an extension.
        """
        saving.save_model(self, filepath, overwrite=overwrite, zipped=zipped, **kwargs)

    def save_weights(self, filepath: Any, overwrite: bool = True, max_shard_size: float | None = None) -> None:
        """Write the weights alone to a file ending in ".weights.h5"."""
        saving.save_weights(self, filepath, overwrite=overwrite, max_shard_size=max_shard_size)

    def load_weights(self, filepath: Any, skip_mismatch: bool = False, **kwargs: Any) -> None:
        """Read the weights of a file that `save_weights` or `save` wrote."""
        saving.load_weights(self, filepath, skip_mismatch=skip_mismatch, **kwargs)

    def to_json(self, **kwargs: Any) -> str:
        """Return the architecture as JSON text, for `lamina.models.model_from_json`; the weights are not in it.

        Args:
            kwargs: passed to `json.dumps`.
        """
        return json.dumps(serialize(self), **kwargs)

    # Inside

    def __reduce__(self) -> Any:
        from lamina.saving.pickling import pickled  # loaded when first used

        return pickled(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        trainer, self._trainer = self._trainer, None  # compiled programs are bound to this model's variables
        try:
            clone = super().__deepcopy__(memo)
        finally:
            self._trainer = trainer
        if clone._compile_arguments is not None:
            clone._trainer = Trainer(clone, clone._compile_arguments)
        if clone.graph is not None:
            clone.graph.hand_nodes_to_layers()
        return clone


def _shapes(tensors: PyTree) -> PyTree:
    return jax.tree.map(lambda tensor: tensor.shape, tensors, is_leaf=is_symbolic)


def _flow_of(layer: Layer, graph: Graph | None) -> tuple[Layer, PyTree, PyTree]:
    if graph is not None:
        calls = graph.calls_of(layer)
        if calls:
            inputs = calls[0].args[0] if len(calls[0].args) == 1 else None
            return layer, inputs, calls[0].outputs
    build_shapes = list((layer.get_build_config() or {}).values())
    if len(build_shapes) != 1 or build_shapes[0] is None:
        return layer, None, None
    inputs = shapes.map_shapes(lambda shape: KerasTensor(shape, layer.input_dtype), build_shapes[0])
    try:
        return layer, inputs, layer.compute_output_spec(inputs)
    except (TypeError, ValueError):
        return layer, None, None
