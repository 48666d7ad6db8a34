"""`Sequential`: a stack of layers, each fed with the output of the one before."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from lamina.core.naming import unique_name
from lamina.core.serialization import deserialize, serialize
from lamina.core.symbolic import KerasTensor, is_symbolic
from lamina.layers.core.input_layer import InputLayer
from lamina.layers.layer import Layer
from lamina.models.model import Model
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
            self._append(layer)
        self._rebuild()

    # The list

    @property
    def layers(self) -> list[Layer]:
        """The layers without the `InputLayer`."""
        return [layer for layer in self._layers if not isinstance(layer, InputLayer)]

    def add(self, layer: Any, rebuild: bool = True) -> None:
        """Put a layer on top.

        Args:
            layer: a layer, or `Input(...)` as the first one.
            rebuild: whether to build at once where shapes are known.
        """
        self._append(layer)
        if rebuild:
            try:
                self._rebuild()
            except Exception:
                self._layers.pop()
                raise

    def pop(self, rebuild: bool = True) -> Layer:
        """Take the top layer off and return it.

        Args:
            rebuild: whether to build at once where shapes are known.
        """
        if not self.layers:
            raise ValueError(f"Model {self.name!r} has no layers to take off.")
        layer = self._layers.pop()
        self._forget()
        if rebuild:
            self._rebuild()
        return layer

    def _append(self, layer: Any) -> None:
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
            raise TypeError(f"Sequential takes layers, got {_describe(layer)}. Wrap a function in layers.Lambda.")
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
        layer.name = unique_name(layer.name, taken)
        if not self._layers and not isinstance(layer, InputLayer):
            shape, dtype = declared_input(layer)
            if shape is not None:
                self._layers.append(InputLayer(batch_shape=shape, dtype=dtype))
        self._layers.append(layer)
        self._forget()

    def _forget(self) -> None:
        """Drop what was derived from the list, now that it has changed."""
        self.built = False
        self._tensors = []
        if self._compile_arguments is not None:
            self._trainer = type(self._trainer)(self, self._compile_arguments)
        else:
            self._trainer = None

    def _rebuild(self) -> None:
        if self.layers and isinstance(self._layers[0], InputLayer):
            self.build(self._layers[0].batch_shape)

    # Building and calling

    def build(self, input_shape: Shape | None = None) -> None:
        """Make the weights for inputs of a shape.

        Args:
            input_shape: sizes with None for the batch; default what the first layer declares.
        """
        if isinstance(self._layers[0] if self._layers else None, InputLayer):
            input_shape = self._layers[0].batch_shape if input_shape is None else input_shape
        if input_shape is None:
            raise ValueError(f"Model {self.name!r} does not know the shape of its input: pass build(input_shape).")
        if not self.layers:
            raise ValueError(f"Model {self.name!r} has no layers; add some before it is built.")
        if not isinstance(input_shape, list | tuple) or any(isinstance(size, list | tuple) for size in input_shape):
            raise ValueError(_SEVERAL_INPUTS.format(name=self.name, received=f"the shapes {input_shape}"))
        if not isinstance(self._layers[0], InputLayer):
            self._layers.insert(0, InputLayer(batch_shape=input_shape))
        x = self._layers[0].output if tuple(input_shape) == self._layers[0].batch_shape else None
        x = x if x is not None else KerasTensor(tuple(input_shape), self._layers[0].dtype)
        tensors = [x]
        for layer in self.layers:
            x = layer(x)
            if not is_symbolic(x):
                raise ValueError(
                    f"Layer {layer.name!r} in model {self.name!r} has several outputs; a stack needs exactly one. "
                    "Use the Functional API: lamina.Model(inputs, outputs)."
                )
            tensors.append(x)
        self._tensors = tensors
        self.built = True

    def call(self, inputs: PyTree, training: bool | None = None, mask: PyTree = None) -> PyTree:
        return self._run(inputs, training, mask)[0]

    def outputs_and_mask(self, args: tuple, kwargs: dict[str, Any], mask: PyTree) -> tuple[PyTree, PyTree]:
        if type(self).call is not Sequential.call:
            return super().outputs_and_mask(args, kwargs, mask)
        return self._run(args[0] if args else kwargs["inputs"], kwargs.get("training"), mask)

    def _run(self, inputs: PyTree, training: bool | None, mask: PyTree) -> tuple[PyTree, PyTree]:
        x = self._fit_rank(inputs)
        for layer in self.layers:
            x, mask = layer.call_with_mask(x, training=training, mask=mask)
        return x, mask

    def call_with_mask(self, *args: Any, **kwargs: Any) -> tuple[PyTree, PyTree]:
        inputs = args[0] if args else kwargs.get("inputs")
        if isinstance(inputs, dict) or (isinstance(inputs, list | tuple) and any(hasattr(x, "shape") for x in inputs)):
            received = f"a {type(inputs).__name__} of {len(inputs)} arrays"
            raise ValueError(_SEVERAL_INPUTS.format(name=self.name, received=received))
        if not self.layers:
            raise ValueError(f"Model {self.name!r} has no layers; add some before it is called.")
        return super().call_with_mask(*args, **kwargs)

    def _fit_rank(self, x: Any) -> Any:
        """Add or drop a last axis of size 1 where the declared input has one less or more, as Keras does."""
        wanted = self._layers[0].batch_shape if isinstance(self._layers[0], InputLayer) else None
        if wanted is None or is_symbolic(x) or x.ndim == len(wanted):
            return x
        if x.ndim == len(wanted) - 1 and wanted[-1] == 1:
            return jnp.expand_dims(x, -1)
        if x.ndim == len(wanted) + 1 and x.shape[-1] == 1:
            return jnp.squeeze(x, -1)
        return x

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

    def layer_shapes(self) -> list[tuple[Shape, Shape]]:
        """Return the input and output shape of each of `layers`."""
        self._require_tensors("layer shapes")
        return [(one.shape, other.shape) for one, other in zip(self._tensors, self._tensors[1:], strict=False)]

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
            model.add(deserialize(layer, custom_objects=custom_objects), rebuild=False)
        shape = config.get("build_input_shape")
        if not model._tensors and shape is not None:
            model.build(tuple(shape))
        else:
            model._rebuild()
        return model


def declared_input(layer: Layer) -> tuple[Shape | None, str | None]:
    """Return the batch shape and dtype that a model's first layer declares, looking into nested models."""
    if isinstance(layer, Sequential) and layer._layers:
        first = layer._layers[0]
        return (first.batch_shape, first.dtype) if isinstance(first, InputLayer) else declared_input(first)
    if layer.declared_batch_shape is not None:
        return layer.declared_batch_shape, layer.declared_dtype
    return None, None


def _describe(value: Any) -> str:
    return f"the class {value.__name__}" if isinstance(value, type) else f"{value!r} ({type(value).__name__})"


_SEVERAL_INPUTS = (
    "Model {name!r} is a Sequential, which has one input, but it was given {received}. For several inputs use the "
    "Functional API:\n"
    "    a, b = Input((10,)), Input((5,))\n"
    "    outputs = Dense(1)(layers.concatenate([a, b]))\n"
    "    model = Model(inputs=[a, b], outputs=outputs)"
)
