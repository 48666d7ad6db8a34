"""`UnitNormalization`."""

from typing import Any

import jax.numpy as jnp
from jax import lax

from lamina.layers.layer import Layer
from lamina.layers.normalization.affine import axes_of
from lamina.typing import Array


class UnitNormalization(Layer):
    """Scales each example to length 1: `x / sqrt(sum(x²))`; zeros stay zeros.

    Args:
        axis: the axis, or axes, to take the length over.

    Input shape: any. Output shape: the same.

    Example:
        >>> lamina.layers.UnitNormalization()(lamina.ops.array([[3.0, 4.0]])).round(3).tolist()
        [[0.6000000238418579, 0.800000011920929]]
    """

    def __init__(self, axis: int | list[int] | tuple[int, ...] = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        axes_of(axis, self.name)
        self.axis = axis
        self.supports_masking = True

    def call(self, inputs: Array) -> Array:
        return unit_length(inputs, self.axis)


def unit_length(x: Array, axis: int | list[int] | tuple[int, ...]) -> Array:
    """Return `x` scaled to length 1 along axes; where it is zero it stays zero, and so does its gradient."""
    axes = tuple(axis) if isinstance(axis, list | tuple) else axis
    squares = jnp.sum(jnp.square(x), axes, keepdims=True)
    is_zero = squares == 0
    inverse = lax.rsqrt(jnp.where(is_zero, jnp.ones((), x.dtype), squares))
    return jnp.where(is_zero, jnp.zeros((), x.dtype), x * inverse)
