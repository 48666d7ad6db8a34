"""Correlations and cosines: how much targets and predictions move together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

from lamina import config
from lamina.losses.alignment import comparable
from lamina.losses.similarity import cosine
from lamina.metrics.reduction import FunctionMetric
from lamina.typing import Array, ArrayLike

Axis = int | Sequence[int]


def pearson_correlation(y_true: ArrayLike, y_pred: ArrayLike, axis: Axis = -1) -> Array:
    """Return Pearson's correlation coefficient of targets and predictions, in [-1, 1].

    Args:
        y_true: targets, (batch, ..., values).
        y_pred: predictions of the same shape.
        axis: the axis, or axes, along which they are compared. -1 compares the values of each sample; 0 the samples of
            a batch, for outputs of one value.

    Returns:
        An array of the shape without those axes; NaN where targets or predictions are constant.

    Raises:
        ValueError: if the shapes differ, or if the axes hold only one value.

    Example:
        >>> round(float(pearson_correlation([[0.0, 1.0, 2.0]], [[1.0, 3.0, 5.0]])[0]), 4)
        1.0
    """
    y_true, y_pred, axes = _centred(y_true, y_pred, axis, "pearson_correlation")
    scale = jnp.square(y_true).sum(axis=axes) * jnp.square(y_pred).sum(axis=axes)
    return (y_true * y_pred).sum(axis=axes) / jnp.sqrt(scale)


def concordance_correlation(y_true: ArrayLike, y_pred: ArrayLike, axis: Axis = -1) -> Array:
    """Return Lin's concordance coefficient: 1 where predictions equal targets, less where they only go along with them.

    Arguments as for `pearson_correlation`.

    Example:
        >>> print(concordance_correlation([[0.0, 1.0, 2.0]], [[1.0, 2.0, 3.0]]).round(4))
        [0.5714]

    Reference: Lin, 1989, https://doi.org/10.2307/2532051
    """
    first, second = comparable(y_true, y_pred, "concordance_correlation")
    axes = _axes(axis)
    shift = first.mean(axis=axes) - second.mean(axis=axes)
    first, second, _ = _centred(first, second, axis, "concordance_correlation")
    together = (first * second).mean(axis=axes)
    apart = jnp.square(first).mean(axis=axes) + jnp.square(second).mean(axis=axes) + jnp.square(shift)
    return 2.0 * together / (apart + config.epsilon())


def cosine_similarity(y_true: ArrayLike, y_pred: ArrayLike, axis: int = -1) -> Array:
    """Return the cosine of the angle between targets and predictions: 1 where they point the same way.

    Args:
        y_true: vectors, (batch, ..., values).
        y_pred: vectors of the same shape.
        axis: the axis of the vectors' values.

    Raises:
        ValueError: if the shapes differ.
    """
    return cosine(y_true, y_pred, axis)


def _axes(axis: Axis) -> int | tuple[int, ...]:
    return axis if isinstance(axis, int) else tuple(axis)


def _centred(y_true: ArrayLike, y_pred: ArrayLike, axis: Axis, name: str) -> tuple[Array, Array, int | tuple[int, ...]]:
    first, second = comparable(y_true, y_pred, name)
    axes = _axes(axis)
    listed = (axes,) if isinstance(axes, int) else axes
    # A batch may shrink to one sample, but a sample with one value can never be correlated.
    if all(number % first.ndim and first.shape[number] == 1 for number in listed):
        raise ValueError(
            f"{name} compares along axis {axis}, but targets and predictions of shape {first.shape} have one value "
            "there. Pass axis=0 to compare the samples of a batch."
        )
    return first - first.mean(axis=axes, keepdims=True), second - second.mean(axis=axes, keepdims=True), axes


class PearsonCorrelation(FunctionMetric):
    """The mean of Pearson's correlation coefficient over all samples (or batches).

    Args:
        name, dtype: as for `Metric`.
        axis: the axis, or axes, along which they are compared. -1 compares the values of each sample; 0 the samples of
            a batch, for outputs of one value.

    Example:
        >>> round(float(PearsonCorrelation()([[0.0, 1.0, 2.0]], [[1.0, 3.0, 5.0]])), 4)
        1.0
    """

    direction = "max"

    def __init__(self, name: str | None = "pearson_correlation", dtype: Any = None, axis: Axis = -1) -> None:
        super().__init__(pearson_correlation, name, dtype, axis=axis)


class ConcordanceCorrelation(FunctionMetric):
    """The mean of Lin's concordance coefficient over all samples (or batches): correlation and closeness in one.

    Args:
        name, dtype: as for `Metric`.
        axis: the axis, or axes, along which they are compared. -1 compares the values of each sample; 0 the samples of
            a batch, for outputs of one value.

    Example:
        >>> round(float(ConcordanceCorrelation()([[0.0, 1.0, 2.0]], [[1.0, 2.0, 3.0]])), 4)
        0.5714

    Reference: Lin, 1989, https://doi.org/10.2307/2532051
    """

    direction = "max"

    def __init__(self, name: str | None = "concordance_correlation", dtype: Any = None, axis: Axis = -1) -> None:
        super().__init__(concordance_correlation, name, dtype, axis=axis)


class CosineSimilarity(FunctionMetric):
    """The mean cosine of the angle between targets and predictions, from -1 (opposite) to 1 (the same way).

    Args:
        name, dtype: as for `Metric`.
        axis: the axis of the vectors' values.

    Example:
        >>> float(CosineSimilarity()([[1.0, 0.0]], [[2.0, 0.0]]))
        1.0
    """

    direction = "max"
    unwritten = {"axis": -1}

    def __init__(self, name: str | None = "cosine_similarity", dtype: Any = None, axis: int = -1) -> None:
        super().__init__(cosine_similarity, name, dtype, axis=axis)
