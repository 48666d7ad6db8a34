"""`tf.nn`: activations and the cross-entropies on logits."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from lamina import ops
from lamina.compat.tensorflow.math import l2_normalize, sigmoid, softmax, softplus, tanh, top_k
from lamina.compat.tensorflow.random import draw_key
from lamina.compat.tensorflow.wrapping import unary

__all__ = [
    "bias_add", "dropout", "elu", "embedding_lookup", "gelu", "l2_loss", "l2_normalize", "leaky_relu", "log_softmax",
    "moments", "relu", "relu6", "selu", "sigmoid", "sigmoid_cross_entropy_with_logits", "silu", "softmax",
    "softmax_cross_entropy_with_logits", "softplus", "softsign", "sparse_softmax_cross_entropy_with_logits", "swish",
    "tanh", "top_k",
]  # fmt: skip

elu = unary(ops.elu)
relu = unary(ops.relu)
relu6 = unary(ops.relu6)
selu = unary(ops.selu)
softsign = unary(ops.softsign)


def gelu(features: Any, approximate: bool = False, name: str | None = None) -> Any:
    """Return x times the normal distribution function of x."""
    return ops.gelu(features, approximate=approximate)


def leaky_relu(features: Any, alpha: float = 0.2, name: str | None = None) -> Any:
    """Return x where it is positive, `alpha` times x elsewhere."""
    return ops.leaky_relu(features, negative_slope=alpha)


def silu(features: Any, beta: float = 1.0) -> Any:
    """Return x times the sigmoid of `beta` times x."""
    return ops.multiply(features, ops.sigmoid(ops.multiply(features, beta)))


swish = silu


def log_softmax(logits: Any, axis: int | None = None, name: str | None = None) -> Any:
    """Return the logarithm of softmax along an axis (default the last)."""
    return ops.log_softmax(logits, axis=-1 if axis is None else axis)


def softmax_cross_entropy_with_logits(labels: Any, logits: Any, axis: int = -1, name: str | None = None) -> Any:
    """Return the cross-entropy between distributions and logits, without averaging."""
    return ops.negative(ops.sum(ops.multiply(labels, ops.log_softmax(logits, axis=axis)), axis=axis))


def sparse_softmax_cross_entropy_with_logits(labels: Any, logits: Any, name: str | None = None) -> Any:
    """Return the cross-entropy between class indices and logits, without averaging."""
    return ops.sparse_categorical_crossentropy(labels, logits, from_logits=True)


def sigmoid_cross_entropy_with_logits(labels: Any = None, logits: Any = None, name: str | None = None) -> Any:
    """Return the cross-entropy between probabilities and logits, element by element."""
    if labels is None or logits is None:
        raise ValueError("sigmoid_cross_entropy_with_logits needs both labels= and logits=.")
    return ops.binary_crossentropy(labels, logits, from_logits=True)


def l2_loss(t: Any, name: str | None = None) -> Any:
    """Return half the sum of the squares."""
    return ops.divide(ops.sum(ops.square(t)), 2)


def moments(x: Any, axes: Any, shift: None = None, keepdims: bool = False, name: str | None = None) -> Any:
    """Return mean and variance over axes."""
    if shift is not None:
        raise ValueError("tf.nn.moments: shift is not supported by lamina; leave it out.")
    return ops.moments(x, axes=axes, keepdims=keepdims)


def bias_add(value: Any, bias: Any, data_format: str | None = None, name: str | None = None) -> Any:
    """Return `value` plus a bias along the last axis."""
    if data_format not in (None, "N...C", "NHWC"):
        raise ValueError(f"tf.nn.bias_add: the channels must be the last axis ('N...C'), got {data_format!r}.")
    return ops.add(value, bias)


def dropout(x: Any, rate: float, noise_shape: Any = None, seed: int | None = None, name: str | None = None) -> Any:
    """Return `x` with a share of its elements set to 0 and the others scaled up."""
    x = jnp.asarray(x)
    kept = jax.random.bernoulli(draw_key(seed), 1 - rate, x.shape if noise_shape is None else tuple(noise_shape))
    return jnp.where(kept, x / (1 - rate), 0)


def embedding_lookup(params: Any, ids: Any, max_norm: None = None, name: str | None = None) -> Any:
    """Return the rows of a table at `ids`."""
    if max_norm is not None:
        raise ValueError("tf.nn.embedding_lookup: max_norm is not supported by lamina; leave it out.")
    return ops.take(params, ids, axis=0)
