"""`Wrapper`: the base of layers around another layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lamina.core import shapes
from lamina.core.serialization import custom_object_scope, deserialize
from lamina.core.symbolic import KerasTensor
from lamina.layers.input_spec import check_inputs
from lamina.layers.layer import Layer
from lamina.typing import PyTree


class Wrapper(Layer):
    """A layer around another one, kept in `layer`. Subclasses say in `call` what they do with it.

    Args:
        layer: the layer inside.

    Raises:
        ValueError: if `layer` is no layer.

    Example:
        >>> class Residual(lamina.layers.Wrapper):
        ...     def call(self, inputs):
        ...         return inputs + self.layer(inputs)
        >>> Residual(lamina.layers.Dense(3, kernel_initializer="identity"))(lamina.ops.ones((1, 3))).tolist()
        [[2.0, 2.0, 2.0]]
    """

    def __init__(self, layer: Layer, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not isinstance(layer, Layer):
            made = " Make one of the class: Dense(3), not Dense." if isinstance(layer, type) else ""
            raise ValueError(f"{type(self).__name__} goes around a layer, got {layer!r}.{made}")
        self.layer = layer

    def build(self, input_shape: PyTree = None) -> None:
        if not self.layer.built:
            if shapes.is_shape(input_shape):
                check_inputs(self.layer.name, self.layer.input_spec, KerasTensor(input_shape))
            self.layer.build(input_shape)

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Any:
        """Return a layer made from `get_config`.

        Args:
            config: the constructor's arguments.
            custom_objects: your own classes by name, such as that of the layer inside.
        """
        with custom_object_scope(custom_objects or {}):
            return super().from_config({**config, "layer": deserialize(config["layer"])})
