"""Functions that pass what is positive and damp what is negative, with a kink between."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from lamina import kernels
from lamina.activations.inputs import check_least, floating
from lamina.core.recording import operation
from lamina.typing import Array, ArrayLike


def linear(x: ArrayLike) -> ArrayLike:
    """Return `x` as it is: what a layer without activation does.

    Args:
        x: anything.

    Example:
        >>> lamina.activations.linear(3.0)
        3.0
    """
    return x


@operation(class_name="ReLU")
def relu(x: ArrayLike, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Array:
    """Rectified linear unit, `max(x, 0)`.

    With other arguments it is `max_value` where `x >= max_value`, `x` where `threshold < x`, and
    `negative_slope * (x - threshold)` below.

    Args:
        x: array of any shape.
        negative_slope: slope below the threshold.
        max_value: largest value given back; None for no limit.
        threshold: value up to which `x` counts as negative.

    Returns:
        An array of the same shape; whole numbers stay whole numbers where no other argument is given.

    Raises:
        ValueError: if `max_value` is negative.

    Example:
        >>> lamina.activations.relu([-2.0, 0.5, 9.0], max_value=6.0)
        Array([0. , 0.5, 6. ], dtype=float32)

    Reference: Nair & Hinton, 2010, https://www.cs.toronto.edu/~fritz/absps/reluICML.pdf
    """
    x = jnp.asarray(x)
    if max_value is not None:
        check_least("relu", "max_value", max_value, 0)
        x = floating(x)
    if _is_zero(negative_slope):
        return _upper_part(x, max_value, threshold)
    x = floating(x)
    if max_value is None and _is_zero(threshold):
        return leaky_relu(x, negative_slope)
    return (_upper_part(x, max_value, threshold) - negative_slope * kernels.relu(threshold - x)).astype(x.dtype)


def _upper_part(x: Array, max_value: float | None, threshold: float) -> Array:
    if not _is_zero(threshold):
        x = floating(x)
        positive = jnp.where(x <= threshold, jnp.zeros_like(x), x)  # not x > threshold: NaN stays NaN
    elif isinstance(max_value, int | float) and max_value == 6:
        return kernels.relu(x, 6)  # at 6 its gradient is 0, where that of minimum is 1/2
    else:
        positive = kernels.relu(x)
    return positive if max_value is None else jnp.minimum(positive, jnp.asarray(max_value, positive.dtype))


@operation
def relu6(x: ArrayLike) -> Array:
    """Rectified linear unit that saturates at 6: `min(max(x, 0), 6)`.

    Args:
        x: array of any shape.

    Example:
        >>> lamina.activations.relu6([-2.0, 0.5, 9.0])
        Array([0. , 0.5, 6. ], dtype=float32)
    """
    return kernels.relu(floating(x), 6)


@operation
def leaky_relu(x: ArrayLike, negative_slope: float = 0.2) -> Array:
    """Rectified linear unit with a small slope below zero: `x` where positive, else `negative_slope * x`.

    Args:
        x: array of any shape.
        negative_slope: slope below zero.

    Example:
        >>> lamina.activations.leaky_relu([-1.0, 1.0])
        Array([-0.2,  1. ], dtype=float32)

    Reference: Maas et al., 2013, https://ai.stanford.edu/~amaas/papers/relu_hybrid_icml2013_final.pdf
    """
    x = floating(x)
    return jax.nn.leaky_relu(x, negative_slope).astype(x.dtype)


@operation
def elu(x: ArrayLike, alpha: float = 1.0) -> Array:
    """Exponential linear unit: `x` where positive, else `alpha * (exp(x) - 1)`.

    Args:
        x: array of any shape.
        alpha: minus the limit for very negative `x`.

    Example:
        >>> lamina.activations.elu([-100.0, 2.0])
        Array([-1.,  2.], dtype=float32)

    Reference: Clevert et al., 2015, https://arxiv.org/abs/1511.07289
    """
    x = floating(x)
    return jax.nn.elu(x, alpha).astype(x.dtype)


@operation
def selu(x: ArrayLike) -> Array:
    """Scaled exponential linear unit, which keeps activations at mean 0 and variance 1 with `lecun_normal` weights.

    `scale * elu(x, alpha)` with scale = 1.05070098 and alpha = 1.67326324.

    Args:
        x: array of any shape.

    Example:
        >>> lamina.activations.selu([0.0, 1.0])
        Array([0.      , 1.050701], dtype=float32)

    Reference: Klambauer et al., 2017, https://arxiv.org/abs/1706.02515
    """
    return jax.nn.selu(floating(x))


@operation
def celu(x: ArrayLike, alpha: float = 1.0) -> Array:
    """Exponential linear unit whose slope is continuous: `max(x, 0) + min(alpha * (exp(x / alpha) - 1), 0)`.

    Args:
        x: array of any shape.
        alpha: minus the limit for very negative `x`; positive.

    Raises:
        ValueError: if `alpha` is not positive.

    Example:
        >>> lamina.activations.celu([-100.0, 2.0], alpha=0.5)
        Array([-0.5,  2. ], dtype=float32)

    Reference: Barron, 2017, https://arxiv.org/abs/1704.07483
    """
    check_least("celu", "alpha", alpha, 0, strictly=True)
    x = floating(x)
    return jax.nn.celu(x, alpha).astype(x.dtype)


@operation
def threshold(x: ArrayLike, threshold: float, default_value: float) -> Array:
    """Return `x` where it exceeds `threshold`, `default_value` elsewhere.

    Args:
        x: array of any shape.
        threshold: value that `x` must exceed.
        default_value: what stands in for the rest.

    Example:
        >>> lamina.activations.threshold([0.0, 1.0, 2.0], 1.0, -7.0)
        Array([-7., -7.,  2.], dtype=float32)
    """
    x = floating(x)
    return jnp.where(x > threshold, x, jnp.asarray(default_value, x.dtype))


def _is_zero(value: object) -> bool:
    # An array that is being traced can't be compared in Python; it takes the general formula.
    return isinstance(value, int | float) and value == 0
