"""Functions that turn scores along an axis into probabilities."""

import math

import jax
import jax.numpy as jnp

from lamina.activations.inputs import check_axes, check_axis, floating
from lamina.core.recording import operation
from lamina.errors import warn
from lamina.typing import Array, ArrayLike


@operation
def softmax(x: ArrayLike, axis: int | tuple[int, ...] = -1) -> Array:
    """Probabilities proportional to `exp(x)`: positive, with sum 1 along the axis.

    Args:
        x: array of scores, of at least one axis.
        axis: the axis (or axes) over which the probabilities sum to 1.

    Raises:
        ValueError: if there is no such axis.

    Warns:
        UserWarning: if the axis has size 1, where every probability is 1.

    Example:
        >>> lamina.activations.softmax([0.0, 0.0, -1000.0])
        Array([0.5, 0.5, 0. ], dtype=float32)
    """
    x = floating(x)
    axes = check_axes("softmax", x, axis)
    if math.prod(x.shape[one] for one in axes) == 1:
        warn(
            f"softmax over axis {axis}, which has size 1: every output is 1 and nothing can be learned. "
            "For two classes with one output use sigmoid.",
        )
    return jax.nn.softmax(x, axes)


@operation
def log_softmax(x: ArrayLike, axis: int | tuple[int, ...] = -1) -> Array:
    """Logarithm of `softmax`, finite where a probability itself rounds to 0.

    Args:
        x: array of scores, of at least one axis.
        axis: the axis (or axes) over which the probabilities sum to 1.

    Raises:
        ValueError: if there is no such axis.

    Example:
        >>> lamina.activations.log_softmax([0.0, -1000.0])
        Array([    0., -1000.], dtype=float32)
    """
    x = floating(x)
    return jax.nn.log_softmax(x, check_axes("log_softmax", x, axis))


@operation
def sparsemax(x: ArrayLike, axis: int = -1) -> Array:
    """The probabilities nearest to `x`; unlike those of `softmax`, many of them are exactly 0.

    That is the Euclidean projection onto the simplex: `max(x - tau, 0)` with the one `tau` that makes the sum 1.

    Args:
        x: array of scores, of at least one axis.
        axis: the axis along which the probabilities sum to 1.

    Raises:
        ValueError: if there is no such axis.

    Example:
        >>> lamina.activations.sparsemax([1.0, 0.5, -1.0])
        Array([0.75, 0.25, 0.  ], dtype=float32)

    Reference: Martins & Astudillo, 2016, https://arxiv.org/abs/1602.02068
    """
    x = floating(x)
    place = check_axis("sparsemax", x, axis)
    wide = jnp.promote_types(x.dtype, jnp.float32)  # half precision can't count a long axis
    scores = jnp.moveaxis(x, place, -1).astype(wide)
    scores = scores - jax.lax.stop_gradient(scores.max(-1, keepdims=True))  # large scores would swallow tau's digits
    falling = -jnp.sort(-scores, axis=-1)
    sums = jnp.cumsum(falling, axis=-1)
    ranks = jnp.arange(1, scores.shape[-1] + 1, dtype=wide)
    support = (1 + ranks * falling > sums).sum(-1, keepdims=True)
    tau = (jnp.take_along_axis(sums, support - 1, axis=-1) - 1) / support.astype(wide)
    return jnp.moveaxis(jnp.maximum(scores - tau, 0), -1, place).astype(x.dtype)
