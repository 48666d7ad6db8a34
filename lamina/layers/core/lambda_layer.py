"""`Lambda`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import jax

from lamina.core import serialization
from lamina.core.symbolic import KerasTensor, is_symbolic
from lamina.layers.layer import Layer
from lamina.typing import PyTree


class Lambda(Layer):
    """Wraps a function of arrays as a layer, for a step that needs no weights.

    Args:
        function: `(inputs, **arguments) -> outputs`; it is told `mask` and `training` if it takes them.
        output_shape: shape of the outputs without the batch, or a function of the input shape; only needed where it
            can't be found by tracing the function.
        mask: the mask of the outputs, or a function `(inputs, mask) -> mask`; default none.
        arguments: further arguments for `function`.

    Input shape: any. Output shape: what `function` makes of it.

    A model with a function that has no name (a Python lambda) can't be written to a file, and none is ever read from
    one: it would be code to run. Register a named function with `@lamina.saving.register_keras_serializable()`.

    Example:
        >>> lamina.layers.Lambda(lambda x: x**2)(lamina.ops.array([1.0, 3.0])).tolist()
        [1.0, 9.0]
    """

    def __init__(
        self,
        function: Callable[..., Any],
        output_shape: Any = None,
        mask: Any = None,
        arguments: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not callable(function):
            raise TypeError(f"Layer {self.name!r}: function must be callable, got {function!r}.")
        self.function = function
        self.output_shape = output_shape
        self.mask = mask
        self.arguments = dict(arguments or {})
        self.supports_masking = mask is not None
        try:
            parameters = inspect.signature(function).parameters
        except ValueError:  # a builtin without a signature
            parameters = {}
        self.told = tuple(name for name in ("mask", "training") if name in parameters)

    def call(self, inputs: PyTree, mask: PyTree = None, training: bool | None = None) -> PyTree:
        known = {"mask": mask, "training": training}
        return self.function(inputs, **self.arguments, **{name: known[name] for name in self.told})

    def compute_mask(self, inputs: PyTree, mask: PyTree = None) -> PyTree:
        """Return the mask of the outputs: what `mask` says."""
        return self.mask(inputs, mask) if callable(self.mask) else self.mask

    def traced_spec(self, *args: Any, **kwargs: Any) -> PyTree:
        """Return the outputs as symbolic tensors: of the shape that `output_shape` says, or found by tracing."""
        if self.output_shape is None:
            return super().traced_spec(*args, **kwargs)
        declared: Any = self.output_shape
        if not callable(declared):
            return KerasTensor((args[0].shape[0], *declared), self.compute_dtype)
        shape: Any = declared(jax.tree.map(lambda tensor: tensor.shape, args[0], is_leaf=is_symbolic))
        return KerasTensor(tuple(shape), self.compute_dtype)

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: Mapping[str, Any] | None = None, safe_mode: bool | None = None
    ) -> Any:
        """Return a layer made from `get_config`.

        Args:
            config: the constructor's arguments.
            custom_objects: your own functions by name.
            safe_mode: as in Keras; code is never read from a configuration, whatever it says.

        Raises:
            ValueError: if the configuration holds code instead of the name of a function.
        """
        described = dict(config)
        with serialization.custom_object_scope(custom_objects or {}):
            for key in ("function", "output_shape", "mask"):
                value = described.get(key)
                if isinstance(value, Mapping) and value.get("class_name") == "__lambda__":
                    raise ValueError(
                        f"The Lambda layer {config.get('name')!r} holds the code of a Python lambda as its {key}, "
                        "which lamina never runs: a file could do anything with it. Make the model with a named, "
                        "registered function instead (@lamina.saving.register_keras_serializable())."
                    )
                if isinstance(value, Mapping) and "class_name" in value:
                    described[key] = serialization.deserialize(value)
        return super().from_config(described)
