"""Losses that ask for a margin: hinge, squared and categorical hinge."""

from __future__ import annotations

import jax.numpy as jnp

from lamina.losses.alignment import comparable
from lamina.losses.categorical_crossentropy import one_hot_and_scores
from lamina.losses.loss import FunctionLoss
from lamina.typing import Array, ArrayLike


def hinge(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """Return the mean of `max(1 - y_true * y_pred, 0)` over the last axis.

    Args:
        y_true: -1 or 1, (batch, ..., values). If all of them are 0 or 1, 0 stands for -1.
        y_pred: scores of the same shape; the last axis may be missing in one of the two if its size is 1.

    Raises:
        ValueError: if the shapes differ.

    Example:
        >>> hinge([[1.0, -1.0]], [[0.5, 0.5]]).tolist()
        [1.0]
    """
    y_true, y_pred = comparable(y_true, y_pred, "hinge")
    return _margin_missed(y_true, y_pred).mean(axis=-1)


def squared_hinge(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """Return the mean of `max(1 - y_true * y_pred, 0) ** 2` over the last axis; arguments as for `hinge`.

    Example:
        >>> squared_hinge([[1.0, -1.0]], [[0.5, 0.5]]).tolist()
        [1.25]
    """
    y_true, y_pred = comparable(y_true, y_pred, "squared_hinge")
    return jnp.square(_margin_missed(y_true, y_pred)).mean(axis=-1)


def categorical_hinge(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """Return `max(wrong - right + 1, 0)` of the best score of a wrong class and the score of the right one.

    Args:
        y_true: one-hot targets, (batch, ..., classes).
        y_pred: scores of the same shape.

    Returns:
        An array of shape (batch, ...).

    Raises:
        ValueError: if the shapes differ (says so if `y_true` looks like class numbers).

    Example:
        >>> categorical_hinge([[0.0, 1.0]], [[0.5, 1.0]]).tolist()
        [0.5]
    """
    y_true, y_pred = one_hot_and_scores(y_true, y_pred, -1, "categorical_hinge")
    right = (y_true * y_pred).sum(axis=-1)
    wrong = ((1.0 - y_true) * y_pred).max(axis=-1)
    return jnp.maximum(wrong - right + 1.0, 0.0)


def _margin_missed(y_true: Array, y_pred: Array) -> Array:
    # Decided by the whole batch and not by element, so that targets such as 0.5 stay what they are.
    zeros_and_ones = ((y_true == 0) | (y_true == 1)).all()
    y_true = jnp.where(zeros_and_ones, 2.0 * y_true - 1.0, y_true)
    return jnp.maximum(1.0 - y_true * y_pred, 0.0)


class Hinge(FunctionLoss):
    """The mean of `max(1 - y_true * y_pred, 0)` for targets of -1 and 1 (or 0 and 1).

    Args:
        reduction, name, dtype: as for `Loss`.

    Example:
        >>> float(Hinge()([[1.0], [-1.0]], [[0.5], [0.5]]))
        1.0
    """

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "hinge", dtype: object = None
    ) -> None:
        super().__init__(hinge, reduction, name, dtype)


class SquaredHinge(FunctionLoss):
    """The mean of `max(1 - y_true * y_pred, 0) ** 2` for targets of -1 and 1 (or 0 and 1).

    Args:
        reduction, name, dtype: as for `Loss`.

    Example:
        >>> float(SquaredHinge()([[1.0], [-1.0]], [[0.5], [0.5]]))
        1.25
    """

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "squared_hinge", dtype: object = None
    ) -> None:
        super().__init__(squared_hinge, reduction, name, dtype)


class CategoricalHinge(FunctionLoss):
    """How far the score of the right class misses a margin of 1 over the best wrong one; targets are one-hot.

    Args:
        reduction, name, dtype: as for `Loss`.

    Example:
        >>> float(CategoricalHinge()([[0.0, 1.0]], [[0.5, 1.0]]))
        0.5
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_hinge",
        dtype: object = None,
    ) -> None:
        super().__init__(categorical_hinge, reduction, name, dtype)
