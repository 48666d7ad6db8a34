"""`RMSNormalization`."""

from typing import Any

import jax.numpy as jnp
from jax import lax

from lamina.layers.layer import Layer
from lamina.layers.normalization.affine import axes_of, in_full_precision, known_sizes, spec_of_axes
from lamina.typing import Array, Shape


class RMSNormalization(Layer):
    """Scales each example to a root mean square of 1 over its features: `scale * x / sqrt(mean(x²) + epsilon)`.

    Args:
        axis: the axis, or axes, to normalize over; usually the features.
        epsilon: added to the mean of squares, so that zeros don't divide by 0.

    Input shape: any whose sizes are known along `axis`. Output shape: the same.

    Example:
        >>> lamina.layers.RMSNormalization(epsilon=0.0)(lamina.ops.array([[2.0, -2.0]])).tolist()
        [[1.0, -1.0]]

    Reference: Zhang and Sennrich, 2019, https://arxiv.org/abs/1910.07467
    """

    def __init__(self, axis: int | list[int] | tuple[int, ...] = -1, epsilon: float = 1e-6, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axes_of(axis, self.name)
        self.epsilon = epsilon

    def build(self, input_shape: Shape) -> None:
        sizes = known_sizes(self, input_shape, tuple(self.axis))
        self.scale = self.add_weight(sizes, "ones", autocast=False, name="scale")
        self.input_spec = spec_of_axes(self.axis, input_shape)

    def call(self, x: Array) -> Array:
        axes = tuple(axis % x.ndim for axis in self.axis)
        numbers = in_full_precision(x)
        mean_square = jnp.mean(jnp.square(numbers), axes, keepdims=True)
        shape = tuple(size if axis in axes else 1 for axis, size in enumerate(x.shape))
        outputs = numbers * lax.rsqrt(mean_square + self.epsilon) * self.scale.value.reshape(shape)
        return outputs.astype(self.compute_dtype)
