"""Accuracies that forgive: the right class need only be among the k best."""

from __future__ import annotations

import jax.numpy as jnp

from lamina.losses.categorical_crossentropy import one_hot_and_scores
from lamina.losses.sparse_categorical_crossentropy import class_numbers_and_scores
from lamina.metrics.reduction import FunctionMetric
from lamina.typing import Array, ArrayLike


def top_k_categorical_accuracy(y_true: ArrayLike, y_pred: ArrayLike, k: int = 5) -> Array:
    """Return 1.0 where the class of the one-hot target is among the k with the largest scores, else 0.0.

    Args:
        y_true: one-hot targets or probabilities, (batch, ..., classes).
        y_pred: scores of the same shape; a class that ties with the k-th best is in.
        k: how many classes to look at.

    Returns:
        An array of shape (batch, ...).

    Raises:
        ValueError: if the shapes differ (says so if `y_true` looks like class numbers).

    Example:
        >>> top_k_categorical_accuracy([[0, 0, 1]], [[0.1, 0.6, 0.3]], k=2).tolist()
        [1.0]
    """
    y_true, y_pred = one_hot_and_scores(y_true, y_pred, -1, "top_k_categorical_accuracy")
    return _in_top(y_true.argmax(axis=-1), y_pred, k)


def sparse_top_k_categorical_accuracy(
    y_true: ArrayLike, y_pred: ArrayLike, k: int = 5, from_sorted_ids: bool = False
) -> Array:
    """Return 1.0 where the target is among the k classes with the largest scores, else 0.0.

    Args:
        y_true: class numbers, (batch, ...) or (batch, ..., 1).
        y_pred: scores, (batch, ..., classes); a class that ties with the k-th best is in.
        k: how many classes to look at.
        from_sorted_ids: whether `y_pred` holds class numbers, the best first, instead of scores.

    Returns:
        An array of the shape of `y_true`.

    Raises:
        ValueError: if the shapes don't fit (says so if `y_true` looks one-hot).

    Example:
        >>> sparse_top_k_categorical_accuracy([2], [[0.1, 0.6, 0.3]], k=2).tolist()
        [1.0]
    """
    labels, y_pred = class_numbers_and_scores(y_true, y_pred, -1, "sparse_top_k_categorical_accuracy")
    if from_sorted_ids:
        found = (y_pred[..., :k] == labels[..., None].astype(y_pred.dtype)).any(axis=-1).astype(jnp.float32)
    else:
        found = _in_top(labels.astype(jnp.int32), y_pred, k)
    return found.reshape(jnp.shape(jnp.asarray(y_true)))


def _in_top(labels: Array, scores: Array, k: int) -> Array:
    classes = scores.shape[-1]
    chosen = labels[..., None] == jnp.arange(classes, dtype=labels.dtype)
    own = jnp.where(chosen, scores, 0).sum(axis=-1)
    better = (scores > own[..., None]).sum(axis=-1)
    # A score that is NaN is in the top only where every class is.
    comparable = ~jnp.isnan(own) if k < classes else jnp.ones(own.shape, bool)
    return ((better < k) & comparable & chosen.any(axis=-1)).astype(jnp.float32)


class TopKCategoricalAccuracy(FunctionMetric):
    """How often the class of the one-hot target is among the k with the largest scores.

    Args:
        k: how many classes to look at.
        name, dtype: as for `Metric`.

    Example:
        >>> float(TopKCategoricalAccuracy(k=1)([[0, 0, 1], [0, 1, 0]], [[0.1, 0.9, 0.8], [0.05, 0.95, 0]]))
        0.5
    """

    direction = "max"

    def __init__(self, k: int = 5, name: str | None = "top_k_categorical_accuracy", dtype: object = None) -> None:
        super().__init__(top_k_categorical_accuracy, name, dtype, k=_positive(k, type(self).__name__))


class SparseTopKCategoricalAccuracy(FunctionMetric):
    """How often the target, a class number, is among the k classes with the largest scores.

    Args:
        k: how many classes to look at.
        name, dtype: as for `Metric`.
        from_sorted_ids: whether predictions are class numbers, the best first, instead of scores.

    Example:
        >>> float(SparseTopKCategoricalAccuracy(k=1)([2, 1], [[0.1, 0.9, 0.8], [0.05, 0.95, 0]]))
        0.5
    """

    direction = "max"
    keeps_integers = True
    unwritten = {"from_sorted_ids": False}

    def __init__(
        self,
        k: int = 5,
        name: str | None = "sparse_top_k_categorical_accuracy",
        dtype: object = None,
        from_sorted_ids: bool = False,
    ) -> None:
        k = _positive(k, type(self).__name__)
        super().__init__(sparse_top_k_categorical_accuracy, name, dtype, k=k, from_sorted_ids=from_sorted_ids)


def _positive(k: int, name: str) -> int:
    if k < 1:
        raise ValueError(f"{name}: k must be 1 or more, got {k}.")
    return k
