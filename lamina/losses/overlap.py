"""Losses of overlap between regions, for segmentation: Dice and Tversky."""

from __future__ import annotations

from collections.abc import Sequence

import jax.numpy as jnp

from lamina import config
from lamina.losses.alignment import comparable
from lamina.losses.loss import FunctionLoss
from lamina.typing import Array, ArrayLike

Axis = int | Sequence[int] | None


def dice(y_true: ArrayLike, y_pred: ArrayLike, axis: Axis = None) -> Array:
    """Return `1 - 2 * sum(y_true * y_pred) / (sum(y_true) + sum(y_pred))`.

    Args:
        y_true: targets in [0, 1], (batch, ...).
        y_pred: probabilities of the same shape.
        axis: the axes of the sums; None: all of them, the batch included. (1, 2, 3) gives a loss for each image.

    Returns:
        An array of the shape without those axes, from 0 (the same) to 1 (no overlap, or nothing there).

    Raises:
        ValueError: if the shapes differ.

    Example:
        >>> round(float(dice([[1.0, 1.0]], [[1.0, 0.0]])), 4)
        0.3333

    Reference: Milletari, Navab and Ahmadi, 2016, https://arxiv.org/abs/1606.04797
    """
    y_true, y_pred = comparable(y_true, y_pred, "dice")
    axis = _axes(axis)
    both = (y_true * y_pred).sum(axis=axis)
    either = y_true.sum(axis=axis) + y_pred.sum(axis=axis)
    return 1.0 - 2.0 * both / (either + jnp.asarray(config.epsilon(), both.dtype))


def tversky(y_true: ArrayLike, y_pred: ArrayLike, alpha: float = 0.5, beta: float = 0.5, axis: Axis = None) -> Array:
    """Return `1 - hits / (hits + alpha * misses + beta * false alarms)`.

    Args:
        y_true: targets in [0, 1], (batch, ...).
        y_pred: probabilities of the same shape.
        alpha: weight of false negatives, the misses `sum(y_true * (1 - y_pred))`. So it is in
            Keras, whose numbers are kept here, though its documentation gives the names the other way round.
        beta: weight of false positives, the false alarms `sum((1 - y_true) * y_pred)`.
        axis: the axes of the sums; None: all of them, the batch included.

    Returns:
        An array of the shape without those axes. With alpha = beta = 0.5 it equals `dice`.

    Raises:
        ValueError: if the shapes differ.

    Example:
        >>> round(float(tversky([[1.0, 1.0]], [[1.0, 0.0]])), 4)
        0.3333

    Reference: Salehi, Erdogmus and Gholipour, 2017, https://arxiv.org/abs/1706.05721
    """
    y_true, y_pred = comparable(y_true, y_pred, "tversky")
    axis = _axes(axis)
    hits = (y_true * y_pred).sum(axis=axis)
    false_alarms = ((1.0 - y_true) * y_pred).sum(axis=axis)
    misses = (y_true * (1.0 - y_pred)).sum(axis=axis)
    epsilon = jnp.asarray(config.epsilon(), hits.dtype)
    return 1.0 - hits / (hits + alpha * misses + beta * false_alarms + epsilon)


def _axes(axis: Axis) -> int | tuple[int, ...] | None:
    return axis if axis is None or isinstance(axis, int) else tuple(axis)


class Dice(FunctionLoss):
    """The share by which two regions fail to overlap: `1 - 2 * sum(y_true * y_pred) / (sum(y_true) + sum(y_pred))`.

    Args:
        reduction, name, dtype: as for `Loss`.
        axis: the axes of the sums; None: all of them, the batch included. (1, 2, 3) gives a loss for each image.

    Example:
        >>> round(float(Dice()([[1.0, 1.0]], [[1.0, 0.0]])), 4)
        0.3333

    Reference: Milletari, Navab and Ahmadi, 2016, https://arxiv.org/abs/1606.04797
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "dice",
        axis: Axis = None,
        dtype: object = None,
    ) -> None:
        super().__init__(dice, reduction, name, dtype, axis=axis)


class Tversky(FunctionLoss):
    """A Dice loss that weighs false positives and false negatives differently.

    Args:
        alpha: weight of false negatives, as Keras computes it (its documentation says positives).
        beta: weight of false positives.
        reduction, name, dtype: as for `Loss`.
        axis: the axes of the sums; None: all of them, the batch included.

    Example:
        >>> round(float(Tversky()([[1.0, 1.0]], [[1.0, 0.0]])), 4)
        0.3333

    Reference: Salehi, Erdogmus and Gholipour, 2017, https://arxiv.org/abs/1706.05721
    """

    def __init__(
        self,
        alpha: float = 0.5,
        beta: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "tversky",
        axis: Axis = None,
        dtype: object = None,
    ) -> None:
        super().__init__(tversky, reduction, name, dtype, alpha=alpha, beta=beta, axis=axis)
