"""`Identity`."""

from typing import Any

from lamina.layers.layer import Layer
from lamina.typing import PyTree


class Identity(Layer):
    """Passes its inputs on as they are; useful to name a place in a model.

    Input shape: any, also structures. Output shape: the same.

    Example:
        >>> lamina.layers.Identity()(lamina.ops.ones((2, 3))).shape
        (2, 3)
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, inputs: PyTree) -> PyTree:
        return inputs
