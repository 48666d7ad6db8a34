"""Classes as vectors of zeros and ones, and cross-entropies."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from lamina import config
from lamina.core.recording import operation
from lamina.typing import Array, ArrayLike

__all__ = [
    "binary_crossentropy", "categorical_crossentropy", "multi_hot", "one_hot", "sparse_categorical_crossentropy",
]  # fmt: skip


@operation
def binary_crossentropy(target: ArrayLike, output: ArrayLike, from_logits: bool = False) -> Array:
    """Return the cross-entropy of yes-or-no probabilities (or logits), element by element."""
    return _binary_crossentropy(target, output, from_logits)


@operation
def categorical_crossentropy(target: ArrayLike, output: ArrayLike, from_logits: bool = False, axis: int = -1) -> Array:
    """Return the cross-entropy of probabilities (or logits) of classes along an axis."""
    return _categorical_crossentropy(target, output, from_logits, axis)


@operation
def sparse_categorical_crossentropy(
    target: ArrayLike, output: ArrayLike, from_logits: bool = False, axis: int = -1
) -> Array:
    """Return the cross-entropy of probabilities (or logits) along an axis for the indices of the true classes."""
    return _sparse_categorical_crossentropy(target, output, from_logits, axis)


def one_hot(x: ArrayLike, num_classes: int, axis: int = -1, dtype: Any = None, sparse: bool = False) -> Array:
    """Return a vector for each whole number, with a 1 at that index; zeros for numbers out of range.

    Args:
        x: whole numbers.
        num_classes: length of the vectors.
        axis: where the axis of the vectors is put.
        dtype: default `lamina.config.floatx()`.
        sparse: must be False; JAX's arrays are dense.

    Example:
        >>> lamina.ops.one_hot([0, 2], 3).tolist()
        [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    return _one_hot(x, num_classes=num_classes, axis=axis, dtype=config.standardize_dtype(dtype), sparse=sparse)


def multi_hot(
    inputs: ArrayLike,
    num_classes: int | None = None,
    axis: int = -1,
    dtype: Any = None,
    sparse: bool = False,
    **kwargs: Any,
) -> Array:
    """Return a vector for each row of whole numbers, with a 1 at each of those indices.

    Args:
        inputs: whole numbers, (batch, numbers) or (numbers,).
        num_classes: length of the vectors.
        axis: where the axis of the vectors is put before the second one is reduced.
        dtype: default `lamina.config.floatx()`.
        sparse: must be False; JAX's arrays are dense.
        kwargs: `num_tokens`, the old name of `num_classes`.

    Example:
        >>> lamina.ops.multi_hot([[0, 2]], 3).tolist()
        [[1.0, 0.0, 1.0]]
    """
    num_classes = kwargs.pop("num_tokens", None) if num_classes is None else num_classes
    if kwargs:
        raise TypeError(f"multi_hot does not know the arguments {sorted(kwargs)}.")
    if num_classes is None:
        raise ValueError("multi_hot needs num_classes, the length of the vectors.")
    return _multi_hot(inputs, num_classes=num_classes, axis=axis, dtype=config.standardize_dtype(dtype), sparse=sparse)


@operation(class_name="OneHot")
def _one_hot(x: ArrayLike, num_classes: int, axis: int, dtype: str, sparse: bool) -> Array:
    _dense("one_hot", sparse)
    return jax.nn.one_hot(x, num_classes, axis=axis, dtype=dtype)


@operation(class_name="MultiHot")
def _multi_hot(inputs: ArrayLike, num_classes: int, axis: int, dtype: str, sparse: bool) -> Array:
    _dense("multi_hot", sparse)
    each = jax.nn.one_hot(inputs, num_classes, axis=axis, dtype=dtype)
    return jnp.max(each, axis=1 if jnp.ndim(inputs) > 1 else 0)


def _binary_crossentropy(target: Array, output: Array, from_logits: bool) -> Array:
    if target.shape != output.shape:
        raise ValueError(
            f"binary_crossentropy: target and output must have one shape, got {target.shape} and {output.shape}."
        )
    if from_logits:
        return jax.nn.softplus(output) - output * target
    output = jnp.clip(output, config.epsilon(), 1 - config.epsilon())
    return -(target * jnp.log(output) + (1 - target) * jnp.log1p(-output))


def _categorical_crossentropy(target: Array, output: Array, from_logits: bool, axis: int) -> Array:
    if target.shape != output.shape or output.ndim < 1:
        raise ValueError(
            f"categorical_crossentropy: target and output must have one shape with an axis of classes, got "
            f"{target.shape} and {output.shape}."
        )
    return -jnp.sum(target * _log_probabilities(output, from_logits, axis), axis)


def _sparse_categorical_crossentropy(target: Array, output: Array, from_logits: bool, axis: int) -> Array:
    if target.ndim == output.ndim and target.shape[-1] == 1:
        target = jnp.squeeze(target, -1)
    if output.ndim < 1 or target.shape != jnp.moveaxis(output, axis, -1).shape[:-1]:
        raise ValueError(
            "sparse_categorical_crossentropy: target must have the shape of output without its classes, got "
            f"{target.shape} and {output.shape}."
        )
    true = jax.nn.one_hot(target.astype("int32"), output.shape[axis], axis=axis, dtype=output.dtype)
    return -jnp.sum(true * _log_probabilities(output, from_logits, axis), axis)


def _log_probabilities(output: Array, from_logits: bool, axis: int) -> Array:
    if from_logits:
        return jax.nn.log_softmax(output, axis)
    output = output / jnp.sum(output, axis, keepdims=True)
    return jnp.log(jnp.clip(output, config.epsilon(), 1 - config.epsilon()))


def _dense(function: str, sparse: bool) -> None:
    if sparse:
        raise ValueError(f"{function}: sparse=True is not supported: JAX's arrays are dense. Leave it out.")
