"""Losses of numbers that outliers can't dominate: Huber and the logarithm of the hyperbolic cosine."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp

from lamina.losses.alignment import comparable
from lamina.losses.loss import FunctionLoss
from lamina.typing import Array, ArrayLike


def huber(y_true: ArrayLike, y_pred: ArrayLike, delta: float = 1.0) -> Array:
    """Return the mean over the last axis of an error that is squared near zero and absolute far from it.

    With e = `|y_true - y_pred|`: `e ** 2 / 2` where e <= delta, `delta * e - delta ** 2 / 2` beyond.

    Args:
        y_true: targets, (batch, ..., values).
        y_pred: predictions of the same shape; the last axis may be missing in one of the two if its size is 1.
        delta: where the parabola becomes a line, in the units of the targets.

    Raises:
        ValueError: if the shapes differ.

    Example:
        >>> huber([[0.0, 0.0]], [[1.0, 3.0]]).tolist()
        [1.5]

    Reference: Huber, 1964, https://doi.org/10.1214/aoms/1177703732
    """
    y_true, y_pred = comparable(y_true, y_pred, "huber")
    error = jnp.abs(y_pred - y_true)
    bound = jnp.asarray(delta, error.dtype)
    return jnp.where(error <= bound, 0.5 * jnp.square(error), bound * error - 0.5 * jnp.square(bound)).mean(axis=-1)


def log_cosh(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """Return the mean of `log(cosh(y_pred - y_true))` over the last axis.

    Close to `e ** 2 / 2` for small errors e and to `|e| - log(2)` for large ones. Arguments as for `huber`.

    Example:
        >>> round(float(log_cosh([[0.0, 0.0]], [[0.0, 3.0]])[0]), 4)
        1.1547
    """
    y_true, y_pred = comparable(y_true, y_pred, "log_cosh")
    error = y_pred - y_true
    # Written so that cosh never overflows.
    return (error + jax.nn.softplus(-2.0 * error) - jnp.asarray(math.log(2.0), error.dtype)).mean(axis=-1)


class Huber(FunctionLoss):
    """An error that is squared near zero and absolute far from it, so that outliers pull less.

    Args:
        delta: where the parabola becomes a line, in the units of the targets.
        reduction, name, dtype: as for `Loss`.

    Example:
        >>> float(Huber()([[0.0], [0.0]], [[1.0], [3.0]]))
        1.5

    Reference: Huber, 1964, https://doi.org/10.1214/aoms/1177703732
    """

    unwritten = {"delta": 1.0}

    def __init__(
        self,
        delta: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "huber_loss",
        dtype: object = None,
    ) -> None:
        super().__init__(huber, reduction, name, dtype, delta=delta)


class LogCosh(FunctionLoss):
    """The mean of `log(cosh(y_pred - y_true))`: squared for small errors, absolute for large ones.

    Args:
        reduction, name, dtype: as for `Loss`.

    Example:
        >>> round(float(LogCosh()([[0.0], [0.0]], [[0.0], [3.0]])), 4)
        1.1547
    """

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "log_cosh", dtype: object = None
    ) -> None:
        super().__init__(log_cosh, reduction, name, dtype)
