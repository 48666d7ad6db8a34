"""Accuracies: the share of predictions that are right."""

from __future__ import annotations

import jax.numpy as jnp

from lamina.losses.alignment import align_ranks, as_float, different_shapes
from lamina.losses.categorical_crossentropy import one_hot_and_scores
from lamina.losses.sparse_categorical_crossentropy import class_numbers_and_scores
from lamina.metrics.reduction import FunctionMetric
from lamina.typing import Array, ArrayLike


def accuracy(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """Return 1.0 where targets and predictions are equal, else 0.0.

    Args:
        y_true: targets, (batch, ...).
        y_pred: predictions of the same shape; the last axis may be missing in one of the two if its size is 1.

    Raises:
        ValueError: if the shapes differ.
    """
    y_true, y_pred = _elements(y_true, y_pred, "accuracy")
    return (y_true == y_pred).astype(jnp.float32)


def binary_accuracy(y_true: ArrayLike, y_pred: ArrayLike, threshold: float = 0.5) -> Array:
    """Return 1.0 where a prediction lies on the right side of the threshold, else 0.0.

    Args:
        y_true: targets, 0 or 1, (batch, ...).
        y_pred: predictions of the same shape; the last axis may be missing in one of the two if its size is 1.
        threshold: predictions above it count as 1.

    Raises:
        ValueError: if the shapes differ.

    Example:
        >>> binary_accuracy([[1], [1]], [[0.3], [0.8]]).tolist()
        [[0.0], [1.0]]
    """
    y_true, y_pred = _elements(y_true, y_pred, "binary_accuracy")
    return (y_true == (y_pred > threshold).astype(y_true.dtype)).astype(jnp.float32)


def categorical_accuracy(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """Return 1.0 where the class predicted with the largest score is that of the one-hot target, else 0.0.

    Args:
        y_true: one-hot targets or probabilities, (batch, ..., classes).
        y_pred: scores of the same shape; of equal ones the first counts.

    Returns:
        An array of shape (batch, ...).

    Raises:
        ValueError: if the shapes differ (says so if `y_true` looks like class numbers).

    Example:
        >>> categorical_accuracy([[0, 1], [0, 1]], [[0.2, 0.8], [0.9, 0.1]]).tolist()
        [1.0, 0.0]
    """
    y_true, y_pred = one_hot_and_scores(y_true, y_pred, -1, "categorical_accuracy")
    return (y_true.argmax(axis=-1) == y_pred.argmax(axis=-1)).astype(jnp.float32)


def sparse_categorical_accuracy(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """Return 1.0 where the class predicted with the largest score is the target, else 0.0.

    Args:
        y_true: class numbers, (batch, ...) or (batch, ..., 1).
        y_pred: scores, (batch, ..., classes); of equal ones the first counts.

    Returns:
        An array of shape (batch, ...).

    Raises:
        ValueError: if the shapes don't fit (says so if `y_true` looks one-hot).

    Example:
        >>> sparse_categorical_accuracy([1, 1], [[0.2, 0.8], [0.9, 0.1]]).tolist()
        [1.0, 0.0]
    """
    labels, y_pred = class_numbers_and_scores(y_true, y_pred, -1, "sparse_categorical_accuracy")
    return (labels == y_pred.argmax(axis=-1).astype(labels.dtype)).astype(jnp.float32)


def _elements(y_true: ArrayLike, y_pred: ArrayLike, name: str) -> tuple[Array, Array]:
    y_pred = as_float(y_pred)
    y_true, y_pred = align_ranks(jnp.asarray(y_true).astype(y_pred.dtype), y_pred)
    if y_true.shape != y_pred.shape:
        raise ValueError(different_shapes(name, y_true.shape, y_pred.shape))
    return y_true, y_pred


class Accuracy(FunctionMetric):
    """How often predictions equal targets.

    In `compile(metrics=["accuracy"])` the name stands for the accuracy that fits targets and predictions.

    Args:
        name, dtype: as for `Metric`.

    Example:
        >>> float(Accuracy()([1, 2, 3, 4], [0, 2, 3, 4]))
        0.75
    """

    direction = "max"

    def __init__(self, name: str | None = "accuracy", dtype: object = None) -> None:
        super().__init__(accuracy, name, dtype)


class BinaryAccuracy(FunctionMetric):
    """How often predictions lie on the right side of a threshold.

    Args:
        name, dtype: as for `Metric`.
        threshold: predictions above it count as 1. For logits pass 0.

    Example:
        >>> float(BinaryAccuracy()([1, 1, 0, 0], [0.98, 1, 0, 0.6]))
        0.75
    """

    direction = "max"
    threshold: float

    def __init__(self, name: str | None = "binary_accuracy", dtype: object = None, threshold: float = 0.5) -> None:
        if threshold is None:
            raise ValueError("BinaryAccuracy: threshold must be a number, got None.")
        super().__init__(binary_accuracy, name, dtype, threshold=threshold)

    @property
    def logits_remedy(self) -> str | None:
        if self.threshold != 0.5:
            return None
        return (
            "It calls a prediction positive from 0.5 on, logits are from 0 on: use "
            "metrics=[lamina.metrics.BinaryAccuracy(threshold=0.0)], or give the last layer a sigmoid."
        )


class CategoricalAccuracy(FunctionMetric):
    """How often the class with the largest score is that of the one-hot target.

    Args:
        name, dtype: as for `Metric`.

    Example:
        >>> float(CategoricalAccuracy()([[0, 1], [0, 1]], [[0.2, 0.8], [0.9, 0.1]]))
        0.5
    """

    direction = "max"

    def __init__(self, name: str | None = "categorical_accuracy", dtype: object = None) -> None:
        super().__init__(categorical_accuracy, name, dtype)


class SparseCategoricalAccuracy(FunctionMetric):
    """How often the class with the largest score is the target, a class number.

    Args:
        name, dtype: as for `Metric`.

    Example:
        >>> float(SparseCategoricalAccuracy()([1, 1], [[0.2, 0.8], [0.9, 0.1]]))
        0.5
    """

    direction = "max"
    keeps_integers = True

    def __init__(self, name: str | None = "sparse_categorical_accuracy", dtype: object = None) -> None:
        super().__init__(sparse_categorical_accuracy, name, dtype)
