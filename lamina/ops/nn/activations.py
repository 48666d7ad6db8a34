"""Activation functions; `lamina.activations` tells more about each."""

from __future__ import annotations

from lamina import activations
from lamina.core.recording import operation
from lamina.typing import Array, ArrayLike, Axis

__all__ = [
    "celu", "elu", "gelu", "glu", "hard_shrink", "hard_sigmoid", "hard_silu", "hard_swish", "hard_tanh",
    "leaky_relu", "log_sigmoid", "log_softmax", "relu", "relu6", "selu", "sigmoid", "silu", "soft_shrink",
    "softmax", "softplus", "softsign", "sparse_plus", "sparse_sigmoid", "sparsemax", "squareplus", "swish",
    "tanh_shrink", "threshold",
]  # fmt: skip


@operation
def celu(x: ArrayLike, alpha: float = 1.0) -> Array:
    """Return `max(x, 0) + min(alpha * (exp(x / alpha) - 1), 0)`."""
    return activations.celu(x, alpha)


@operation
def elu(x: ArrayLike, alpha: float = 1.0) -> Array:
    """Return `x` where positive, else `alpha * (exp(x) - 1)`."""
    return activations.elu(x, alpha)


@operation
def gelu(x: ArrayLike, approximate: bool = True) -> Array:
    """Return `x` times the share of a normal distribution below `x`; by `tanh` where `approximate`."""
    return activations.gelu(x, approximate)


@operation
def glu(x: ArrayLike, axis: int = -1) -> Array:
    """Return the first half along an axis times the sigmoid of the second."""
    return activations.glu(x, axis)


@operation
def hard_shrink(x: ArrayLike, threshold: float = 0.5) -> Array:
    """Return `x` where its absolute value exceeds a threshold, else 0."""
    return activations.hard_shrink(x, threshold)


@operation
def hard_sigmoid(x: ArrayLike) -> Array:
    """Return `relu6(x + 3) / 6`."""
    return activations.hard_sigmoid(x)


@operation
def hard_silu(x: ArrayLike) -> Array:
    """Return `x * hard_sigmoid(x)`."""
    return activations.hard_silu(x)


hard_swish = hard_silu


@operation
def hard_tanh(x: ArrayLike) -> Array:
    """Return `x` limited to [-1, 1]."""
    return activations.hard_tanh(x)


@operation
def leaky_relu(x: ArrayLike, negative_slope: float = 0.2) -> Array:
    """Return `x` where positive, else `negative_slope * x`."""
    return activations.leaky_relu(x, negative_slope)


@operation
def log_sigmoid(x: ArrayLike) -> Array:
    """Return the logarithm of the sigmoid."""
    return activations.log_sigmoid(x)


@operation
def log_softmax(x: ArrayLike, axis: Axis = -1) -> Array:
    """Return the logarithm of the softmax over an axis."""
    return activations.log_softmax(x, _all_if_none(x, axis))


@operation
def relu(x: ArrayLike) -> Array:
    """Return `max(x, 0)`."""
    return activations.relu(x)


@operation
def relu6(x: ArrayLike) -> Array:
    """Return `min(max(x, 0), 6)`."""
    return activations.relu6(x)


@operation
def selu(x: ArrayLike) -> Array:
    """Return the scaled exponential linear unit."""
    return activations.selu(x)


@operation
def sigmoid(x: ArrayLike) -> Array:
    """Return `1 / (1 + exp(-x))`."""
    return activations.sigmoid(x)


@operation
def silu(x: ArrayLike) -> Array:
    """Return `x * sigmoid(x)`."""
    return activations.silu(x)


swish = silu


@operation
def soft_shrink(x: ArrayLike, threshold: float = 0.5) -> Array:
    """Return `x` moved towards 0 by a threshold."""
    return activations.soft_shrink(x, threshold)


@operation
def softmax(x: ArrayLike, axis: Axis = -1) -> Array:
    """Return exponentials that add up to 1 over an axis."""
    return activations.softmax(x, _all_if_none(x, axis))


@operation
def softplus(x: ArrayLike) -> Array:
    """Return `log(1 + exp(x))`."""
    return activations.softplus(x)


@operation
def softsign(x: ArrayLike) -> Array:
    """Return `x / (1 + abs(x))`."""
    return activations.softsign(x)


@operation
def sparse_plus(x: ArrayLike) -> Array:
    """Return a rectifier with a quadratic corner between -1 and 1."""
    return activations.sparse_plus(x)


@operation
def sparse_sigmoid(x: ArrayLike) -> Array:
    """Return 0 up to -1, 1 from 1 on, and a straight line between."""
    return activations.sparse_sigmoid(x)


@operation
def sparsemax(x: ArrayLike, axis: int = -1) -> Array:
    """Return the nearest point whose elements add up to 1, most of them 0."""
    return activations.sparsemax(x, axis)


@operation
def squareplus(x: ArrayLike, b: float = 4) -> Array:
    """Return `(x + sqrt(x**2 + b)) / 2`."""
    return activations.squareplus(x, b)


@operation
def tanh_shrink(x: ArrayLike) -> Array:
    """Return `x - tanh(x)`."""
    return activations.tanh_shrink(x)


@operation
def threshold(x: ArrayLike, threshold: float, default_value: float) -> Array:
    """Return `x` where it exceeds a threshold, else a default value."""
    return activations.threshold(x, threshold, default_value)


def _all_if_none(x: Array, axis: Axis) -> Axis:
    return tuple(range(x.ndim)) if axis is None else axis
