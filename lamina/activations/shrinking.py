"""Functions that pull `x` towards zero, small values all the way."""

import jax.numpy as jnp

from lamina.activations.inputs import check_least, floating
from lamina.core.recording import operation
from lamina.typing import Array, ArrayLike


@operation
def hard_shrink(x: ArrayLike, threshold: float = 0.5) -> Array:
    """Return `x` where its magnitude exceeds the threshold, 0 elsewhere.

    Args:
        x: array of any shape.
        threshold: at least 0.

    Raises:
        ValueError: if `threshold` is negative.

    Example:
        >>> lamina.activations.hard_shrink([-1.0, 0.5, 2.0])
        Array([-1.,  0.,  2.], dtype=float32)
    """
    check_least("hard_shrink", "threshold", threshold, 0)
    x = floating(x)
    return jnp.where(jnp.abs(x) > threshold, x, jnp.zeros_like(x))


@operation
def soft_shrink(x: ArrayLike, threshold: float = 0.5) -> Array:
    """Return `x` moved towards 0 by the threshold, and 0 where that would cross it.

    Args:
        x: array of any shape.
        threshold: at least 0.

    Raises:
        ValueError: if `threshold` is negative.

    Example:
        >>> lamina.activations.soft_shrink([-1.0, 0.5, 2.0])
        Array([-0.5,  0. ,  1.5], dtype=float32)
    """
    check_least("soft_shrink", "threshold", threshold, 0)
    x = floating(x)
    moved = jnp.where(x > threshold, x - threshold, jnp.where(x < -threshold, x + threshold, jnp.zeros_like(x)))
    return moved.astype(x.dtype)


@operation
def tanh_shrink(x: ArrayLike) -> Array:
    """`x - tanh(x)`.

    Args:
        x: array of any shape.

    Example:
        >>> lamina.activations.tanh_shrink([0.0, 100.0])
        Array([ 0., 99.], dtype=float32)
    """
    x = floating(x)
    return x - jnp.tanh(x)
