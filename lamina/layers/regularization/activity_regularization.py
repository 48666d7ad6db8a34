"""`ActivityRegularization`."""

from typing import Any

from lamina import regularizers
from lamina.layers.arguments import not_negative
from lamina.layers.layer import Layer
from lamina.typing import Array


class ActivityRegularization(Layer):
    """Passes its inputs on and adds a penalty on them to the loss: `l1 * sum(|x|) + l2 * sum(x²)`.

    Args:
        l1: factor of the sum of absolute values.
        l2: factor of the sum of squares.

    Input shape: any. Output shape: the same.

    Raises:
        ValueError: if a factor is negative.

    Example:
        >>> layer = lamina.layers.ActivityRegularization(l1=0.5)
        >>> _ = layer(lamina.ops.array([[-1.0, 3.0]]))
        >>> float(layer.losses[0])
        2.0
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **kwargs: Any) -> None:
        super().__init__(activity_regularizer=regularizers.L1L2(l1=float(l1), l2=float(l2)), **kwargs)
        self.l1 = not_negative(l1, "l1", self.name)
        self.l2 = not_negative(l2, "l2", self.name)
        self.supports_masking = True

    def call(self, inputs: Array) -> Array:
        return inputs

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments, of which the regularizer is made."""
        config = super().get_config()
        del config["activity_regularizer"]
        return config
