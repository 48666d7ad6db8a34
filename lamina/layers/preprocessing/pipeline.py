"""`Pipeline`."""

from __future__ import annotations

from typing import Any

from lamina.core.serialization import deserialize
from lamina.layers.layer import Layer
from lamina.typing import PyTree


class Pipeline(Layer):
    """Applies layers one after the other, as a single layer: the steps by which data are made ready.

    Args:
        layers: the layers, in a list.

    Input shape: that of the first layer. Output shape: that of the last.

    Raises:
        ValueError: if `layers` is no list of layers.

    Example:
        >>> steps = [lamina.layers.Rescaling(1 / 255), lamina.layers.CenterCrop(2, 2)]
        >>> lamina.layers.Pipeline(steps)(lamina.ops.ones((1, 4, 4, 3))).shape
        (1, 2, 2, 3)
    """

    def __init__(self, layers: list[Layer], name: str | None = None, **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        if not isinstance(layers, list | tuple) or not all(isinstance(layer, Layer) for layer in layers):
            raise ValueError(f"Layer {self.name!r}: Pipeline takes a list of layers, got {layers!r}.")
        self._pipeline_layers = list(layers)
        self.supports_masking = True

    @property
    def layers(self) -> list[Layer]:
        """The layers, in order."""
        return self._pipeline_layers

    def call(self, inputs: PyTree, training: bool = True, mask: PyTree = None) -> PyTree:
        for layer in self._pipeline_layers:
            inputs, mask = layer.call_with_mask(inputs, training=training, mask=mask)
        return inputs

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Return a pipeline made from `get_config`."""
        return cls(**{**config, "layers": [deserialize(layer) for layer in config["layers"]]})
