"""`ELU`."""

from typing import Any

from lamina import activations
from lamina.layers.layer import Layer
from lamina.typing import Array


class ELU(Layer):
    """The exponential linear unit: `x` if `x > 0`, else `alpha * (exp(x) - 1)`.

    Args:
        alpha: the limit far below 0 is `-alpha`.

    Input shape: any. Output shape: the same.

    Example:
        >>> lamina.layers.ELU()(lamina.ops.array([0.0, 3.0])).tolist()
        [0.0, 3.0]

    Reference: Clevert et al., 2016, https://arxiv.org/abs/1511.07289
    """

    def __init__(self, alpha: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.alpha = alpha
        self.supports_masking = True

    def call(self, inputs: Array) -> Array:
        return activations.elu(inputs, self.alpha)
