"""`ReLU`."""

from typing import Any

from lamina import activations
from lamina.layers.arguments import not_negative
from lamina.layers.layer import Layer
from lamina.typing import Array


class ReLU(Layer):
    """The rectifier: numbers above `threshold` pass, up to `max_value`; below, `negative_slope * (x - threshold)`.

    Args:
        max_value: the largest output; default no limit.
        negative_slope: slope below the threshold, at least 0.
        threshold: where the slope changes, at least 0.

    Input shape: any. Output shape: the same.

    Raises:
        ValueError: if an argument is negative.

    Example:
        >>> lamina.layers.ReLU(max_value=6)(lamina.ops.array([-1.0, 2.0, 9.0])).tolist()
        [0.0, 2.0, 6.0]
    """

    def __init__(
        self, max_value: float | None = None, negative_slope: float = 0.0, threshold: float = 0.0, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.max_value = None if max_value is None else not_negative(max_value, "max_value", self.name)
        self.negative_slope = not_negative(negative_slope, "negative_slope", self.name)
        self.threshold = not_negative(threshold, "threshold", self.name)
        self.supports_masking = True

    def call(self, inputs: Array) -> Array:
        return activations.relu(inputs, self.negative_slope, self.max_value, self.threshold)
