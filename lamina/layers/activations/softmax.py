"""`Softmax`."""

from typing import Any

import jax.numpy as jnp

from lamina import activations
from lamina.layers.layer import Layer
from lamina.typing import Array


class Softmax(Layer):
    """Turns numbers into probabilities along an axis: `exp(x) / sum(exp(x))`.

    Args:
        axis: the axis, or several, over which probabilities add up to 1.

    Call arguments:
        inputs: the numbers.
        mask: bool, of a shape that broadcasts to that of `inputs`; where False, the probability is 0.

    Input shape: any. Output shape: the same.

    Example:
        >>> lamina.layers.Softmax()(lamina.ops.array([[1.0, 1.0]])).tolist()
        [[0.5, 0.5]]
    """

    def __init__(self, axis: int | tuple[int, ...] = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis
        self.supports_masking = True

    def call(self, inputs: Array, mask: Array | None = None) -> Array:
        axis = tuple(self.axis) if isinstance(self.axis, list | tuple) else self.axis
        if mask is None:
            return activations.softmax(inputs, axis)
        # Half of the lowest number, so that adding to it can't overflow; not -inf, which gives NaN where all is masked.
        lowest = jnp.finfo(inputs.dtype).min / 2
        probabilities = activations.softmax(jnp.where(mask, inputs, jnp.asarray(lowest, inputs.dtype)), axis)
        return jnp.where(mask, probabilities, jnp.zeros((), inputs.dtype))
