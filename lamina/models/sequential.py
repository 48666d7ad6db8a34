"""`Sequential`: a stack of layers, each fed with the output of the one before."""

from __future__ import annotations

from typing import Any

import jax

from lamina.core import shapes
from lamina.core.naming import unique_name
from lamina.core.serialization import deserialize, serialize
from lamina.core.symbolic import KerasTensor, is_symbolic
from lamina.core.tracebacks import filtered
from lamina.layers.building import relabel
from lamina.layers.core.input_layer import InputLayer
from lamina.layers.layer import Layer
from lamina.models.graph import fit_rank
from lamina.models.model import Model
from lamina.training.trainer import Trainer
from lamina.typing import PyTree, Shape


class Sequential(Model):
    """A model that is a list of layers.

    The weights appear when the shape of the data is known: at once if the first layer says it (an `Input`, or
    `input_shape=`), else at the first call, in `fit`, or by `build`.

    Args:
        layers: the layers, in a list.
        trainable: whether training changes the weights.
        name: default "sequential".

    Raises:
        TypeError: for something that is no layer, such as a class.
        ValueError: for two layers of one name, or for layers whose shapes do not fit.

    Example:
        >>> model = lamina.Sequential([
        ...     lamina.Input((4,)),
        ...     lamina.layers.Dense(8, activation="relu"),
        ...     lamina.layers.Dense(3, activation="softmax"),
        ... ])
        >>> model.output_shape
        (None, 3)
    """

    @filtered
    def __init__(self, layers: Any = None, trainable: bool = True, name: str | None = None, **kwargs: Any) -> None:
        super().__init__(name=name, trainable=trainable, **kwargs)
        self._layers: list[Layer] = []
        self._tensors: list[KerasTensor] = []
        if layers is None:
            return
        if isinstance(layers, Layer) or not isinstance(layers, list | tuple):
            raise TypeError(
                f"Sequential takes a list of layers, got {_describe(layers)}. "
                "Put the layers in brackets: Sequential([Dense(3)])."
            )
        for layer in layers:
            self.add(layer)

    # The list

    @property
    def layers(self) -> list[Layer]:
        """The layers without the `InputLayer`."""
        return [layer for layer in self._layers if not isinstance(layer, InputLayer)]

    @filtered
    def add(self, layer: Any = None, rebuild: bool = True) -> None:
        """Put a layer on top; where the shapes are known its weights appear at once.

        Args:
            layer: a layer, or `Input(...)` as the first one.
            rebuild: False to leave the weights for later.
        """
        if not isinstance(self, Sequential):  # Sequential.add(Dense(3)): the layer took the place of the model
            raise TypeError(
                "add was called on the class Sequential, not on a model: write model = Sequential(), then "
                f"model.add({type(self).__name__}(...))."
            )
        layer = self._checked(layer)
        layers, automatic = list(self._layers), layer.name
        layer.name = unique_name(layer.name, {own.name for own in self._layers})
        if not self._layers and not isinstance(layer, InputLayer):
            shape, dtype = declared_input(layer)
            if shape is not None:
                self._layers.append(InputLayer(batch_shape=shape, dtype=dtype))
        self._layers.append(layer)
        try:
            if rebuild:
                self._extend()
        except Exception:
            self._layers, layer.name = layers, automatic
            raise
        for new in self._layers[len(layers) :]:  # the others keep their paths: a stack of n is made in n steps
            relabel(new, self.path)
        self._changed()

    def pop(self, rebuild: bool = True) -> Layer:
        """Take the top layer off and return it.

        Args:
            rebuild: has no effect: nothing has to be built again.
        """
        if not self.layers:
            raise ValueError(f"Model {self.name!r} has no layers to take off.")
        layer = self._layers.pop()
        if len(self._tensors) > len(self.layers) + 1:
            node = self._tensors.pop().node
            layer._nodes = [own for own in layer._nodes if own is not node]
        self._changed()
        return layer

    def _checked(self, layer: Any) -> Layer:
        if isinstance(layer, type) and issubclass(layer, Layer):
            raise TypeError(
                f"Sequential takes layers, got the class {layer.__name__}. Make a layer of it: {layer.__name__}(...)."
            )
        if is_symbolic(layer):
            if layer.node is None or not isinstance(layer.node.operation, InputLayer):
                raise TypeError(
                    f"Sequential takes layers, got the output of one ({layer!r}). Add the layer itself, or use the "
                    "Functional API: lamina.Model(inputs, outputs)."
                )
            layer = layer.node.operation
        if not isinstance(layer, Layer):
            raise TypeError(f"Sequential takes layers, got {_describe(layer)}. {_cure(layer)}")
        if isinstance(layer, InputLayer) and self._layers:
            raise ValueError(
                f"Model {self.name!r} has layers already ({self._layers[0].name!r} is the first): "
                "an Input can only stand before them."
            )
        if any(layer is own for own in self._layers):
            raise ValueError(
                f"Layer {layer.name!r} is in model {self.name!r} already; a stack uses each layer once. "
                "Use the Functional API to share a layer."
            )
        taken = {own.name for own in self._layers}
        if layer.name in taken and not layer.name_is_automatic:
            raise ValueError(
                f"Model {self.name!r} has a layer named {layer.name!r} already; the names in a model must differ. "
                f"Give this one another name, such as {unique_name(layer.name, taken)!r}."
            )
        return layer

    def _changed(self) -> None:
        """Drop what was derived from the list of layers."""
        self.built = len(self._tensors) == len(self.layers) + 1 and bool(self.layers)
        self._trainer = None if self._compile_arguments is None else Trainer(self, self._compile_arguments)

    # Building and calling

    @filtered
    def build(self, input_shape: Shape | None = None) -> None:
        """Make the weights for inputs of a shape.

        Args:
            input_shape: sizes with None for the batch; default what the first layer declares.
        """
        declared = self._layers[0].batch_shape if self._layers and isinstance(self._layers[0], InputLayer) else None
        input_shape = declared if input_shape is None else input_shape
        if input_shape is None:
            raise ValueError(f"Model {self.name!r} does not know the shape of its input: pass build(input_shape).")
        if not self.layers:
            raise ValueError(f"Model {self.name!r} has no layers; add some before it is built.")
        if not shapes.is_shape(input_shape):
            raise ValueError(_SEVERAL_INPUTS.format(name=self.name, received=f"the shapes {input_shape}"))
        if declared is None:
            self._layers.insert(0, InputLayer(batch_shape=tuple(input_shape)))
        elif self._tensors and tuple(input_shape)[1:] != declared[1:]:
            raise ValueError(
                f"Model {self.name!r} was made for inputs of shape {declared}; it can't be built for {input_shape}."
            )
        self._extend()

    def _extend(self) -> None:
        """Run the layers that were not run yet on the symbolic output of those that were."""
        if not isinstance(self._layers[0], InputLayer):
            return
        self._tensors = self._tensors or [self._layers[0].output]
        for layer in self.layers[len(self._tensors) - 1 :]:
            output = layer(self._tensors[-1])
            if not is_symbolic(output):
                raise ValueError(
                    f"Layer {layer.name!r} in model {self.name!r} has several outputs; a stack needs exactly one. "
                    "Use the Functional API: lamina.Model(inputs, outputs)."
                )
            self._tensors.append(output)

    def call(self, inputs: PyTree, training: bool | None = None, mask: PyTree = None) -> PyTree:
        return self._run(inputs, training, mask)[0]

    def outputs_and_mask(self, args: tuple, kwargs: dict[str, Any], mask: PyTree) -> tuple[PyTree, PyTree]:
        if type(self).call is not Sequential.call:
            return super().outputs_and_mask(args, kwargs, mask)
        return self._run(args[0] if args else kwargs["inputs"], kwargs.get("training"), mask)

    def _run(self, inputs: PyTree, training: bool | None, mask: PyTree) -> tuple[PyTree, PyTree]:
        x = fit_rank(inputs, self._layers[0].output) if isinstance(self._layers[0], InputLayer) else inputs
        for layer in self.layers:
            x, mask = layer.call_with_mask(x, training=training, mask=mask)
        return x, mask

    def call_with_mask(self, *args: Any, **kwargs: Any) -> tuple[PyTree, PyTree]:
        inputs: Any = args[0] if args else kwargs.get("inputs")
        if isinstance(inputs, list | tuple) and len(inputs) == 1 and hasattr(inputs[0], "shape"):
            inputs, args = inputs[0], (inputs[0], *args[1:]) if args else args  # a list of all inputs, as for any model
            kwargs = kwargs if args else {**kwargs, "inputs": inputs}
        if isinstance(inputs, dict) or (isinstance(inputs, list | tuple) and any(map(_holds_arrays, inputs))):
            received = f"a {type(inputs).__name__} of {len(inputs)} arrays"
            raise ValueError(_SEVERAL_INPUTS.format(name=self.name, received=received))
        if not self.layers:
            raise ValueError(f"Model {self.name!r} has no layers; add some before it is called.")
        shape = getattr(inputs, "shape", None)
        if not self.built and shape is not None:
            self.build((None, *shape[1:]))  # the first batch's size is an accident
        return super().call_with_mask(*args, **kwargs)

    # What is known once built

    @property
    def inputs(self) -> list[KerasTensor]:
        """The symbolic input, in a list."""
        self._require_tensors("inputs")
        return [self._tensors[0]]

    @property
    def outputs(self) -> list[KerasTensor]:
        """The symbolic output, in a list."""
        self._require_tensors("outputs")
        return [self._tensors[-1]]

    @property
    def input(self) -> KerasTensor:
        """The symbolic input."""
        self._require_tensors("input")
        return self._tensors[0]

    @property
    def output(self) -> KerasTensor:
        """The symbolic output."""
        self._require_tensors("output")
        return self._tensors[-1]

    @property
    def input_shape(self) -> Shape:
        """Shape of the input with None for the batch."""
        self._require_tensors("input_shape")
        return self._tensors[0].shape

    @property
    def output_shape(self) -> Shape:
        """Shape of the output with None for the batch."""
        self._require_tensors("output_shape")
        return self._tensors[-1].shape

    @property
    def output_names(self) -> list[str]:
        """The name of the top layer, in a list."""
        return [self._layers[-1].name]

    def layer_flow(self) -> list[tuple[Layer, PyTree, PyTree]]:
        """Return each of `layers` with its symbolic input and output, None where those are not known yet."""
        tensors = self._tensors or [None] * (len(self.layers) + 1)
        return list(zip(self.layers, tensors[:-1], tensors[1:], strict=True))

    def _require_tensors(self, what: str) -> None:
        if not self._tensors:
            raise AttributeError(
                f"Model {self.name!r} does not know its {what} yet: start it with Input(shape), call it on data, or "
                "call build(input_shape)."
            )

    # Configuration

    def get_config(self) -> dict[str, Any]:
        """Return name, dtype and the configurations of the layers."""
        common = {key: value for key, value in super().get_config().items() if key in ("name", "trainable", "dtype")}
        config = {**common, "layers": [serialize(layer) for layer in self._layers]}
        if self._tensors:
            config["build_input_shape"] = self._tensors[0].shape
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Sequential:
        """Return a model made from `get_config`."""
        model = cls(name=config.get("name"), trainable=config.get("trainable", True), dtype=config.get("dtype"))
        for layer in config["layers"]:
            model.add(deserialize(layer, custom_objects=custom_objects))
        shape = config.get("build_input_shape")
        if not model._tensors and shape is not None:
            model.build(tuple(shape))
        return model

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        tensors, self._tensors = self._tensors, []  # a graph belongs to its own layers
        try:
            clone = super().__deepcopy__(memo)
        finally:
            self._tensors = tensors
        if tensors:
            clone._extend()
        return clone


def declared_input(layer: Layer) -> tuple[Shape | None, str | None]:
    """Return the batch shape and dtype that a model's first layer declares, looking into nested models."""
    if isinstance(layer, Sequential) and layer._layers:
        first = layer._layers[0]
        return (first.batch_shape, first.dtype) if isinstance(first, InputLayer) else declared_input(first)
    if layer.declared_batch_shape is not None:
        return layer.declared_batch_shape, layer.declared_dtype
    return None, None


def _cure(value: Any) -> str:
    if isinstance(value, str):
        return f"For an activation write layers.Activation({value!r})."
    if isinstance(value, list | tuple):
        return "Put its layers into the list themselves: [*block, ...]."
    return "Wrap a function in layers.Lambda." if callable(value) else "Take it out of the list."


def _holds_arrays(value: Any) -> bool:
    return any(hasattr(leaf, "shape") for leaf in jax.tree.leaves(value, is_leaf=is_symbolic))


def _describe(value: Any) -> str:
    return f"the class {value.__name__}" if isinstance(value, type) else f"{value!r} ({type(value).__name__})"


_SEVERAL_INPUTS = (
    "Model {name!r} is a Sequential, which has one input, but it was given {received}. For several inputs use the "
    "Functional API:\n"
    "    a, b = Input((10,)), Input((5,))\n"
    "    outputs = Dense(1)(layers.concatenate([a, b]))\n"
    "    model = Model(inputs=[a, b], outputs=outputs)"
)
