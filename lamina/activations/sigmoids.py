"""Functions that squash the real line into an interval."""

import jax
import jax.numpy as jnp

from lamina.activations.inputs import floating
from lamina.core.recording import operation
from lamina.typing import Array, ArrayLike


@operation
def sigmoid(x: ArrayLike) -> Array:
    """Logistic function, `1 / (1 + exp(-x))`, between 0 and 1.

    Args:
        x: array of any shape.

    Example:
        >>> lamina.activations.sigmoid(0.0)
        Array(0.5, dtype=float32, weak_type=True)
    """
    return jax.nn.sigmoid(floating(x))


@operation
def log_sigmoid(x: ArrayLike) -> Array:
    """Logarithm of the logistic function, `-log(1 + exp(-x))`, finite where the logistic function itself rounds to 0.

    Args:
        x: array of any shape.

    Example:
        >>> lamina.activations.log_sigmoid([-1000.0])
        Array([-1000.], dtype=float32)
    """
    return jax.nn.log_sigmoid(floating(x))


@operation
def hard_sigmoid(x: ArrayLike) -> Array:
    """Logistic function made of straight lines: `x / 6 + 1 / 2`, cut off at 0 and 1.

    Args:
        x: array of any shape.

    Example:
        >>> lamina.activations.hard_sigmoid([-3.0, 0.0, 3.0])
        Array([0. , 0.5, 1. ], dtype=float32)
    """
    return jax.nn.hard_sigmoid(floating(x))


@operation
def sparse_sigmoid(x: ArrayLike) -> Array:
    """Straight line from 0 at -1 to 1 at 1: the derivative of `sparse_plus`.

    Args:
        x: array of any shape.

    Example:
        >>> lamina.activations.sparse_sigmoid([-2.0, 0.0, 2.0])
        Array([0. , 0.5, 1. ], dtype=float32)

    Reference: Martins & Astudillo, 2016, https://arxiv.org/abs/1602.02068 (two classes)
    """
    return jax.nn.sparse_sigmoid(floating(x))


@operation
def tanh(x: ArrayLike) -> Array:
    """Hyperbolic tangent, between -1 and 1.

    Args:
        x: array of any shape.

    Example:
        >>> lamina.activations.tanh([-100.0, 0.0])
        Array([-1.,  0.], dtype=float32)
    """
    return jnp.tanh(floating(x))


@operation
def hard_tanh(x: ArrayLike) -> Array:
    """Return `x` cut off at -1 and 1; whole numbers stay whole numbers.

    Args:
        x: array of any shape.

    Example:
        >>> lamina.activations.hard_tanh([-3.0, 0.5, 3.0])
        Array([-1. ,  0.5,  1. ], dtype=float32)
    """
    x = jnp.asarray(x)
    return jax.nn.hard_tanh(x.astype("int32") if x.dtype == bool else x)


@operation
def softsign(x: ArrayLike) -> Array:
    """`x / (1 + |x|)`, between -1 and 1, which saturates more slowly than `tanh`.

    Args:
        x: array of any shape.

    Example:
        >>> lamina.activations.softsign([-1.0, 3.0])
        Array([-0.5 ,  0.75], dtype=float32)
    """
    return jax.nn.soft_sign(floating(x))
