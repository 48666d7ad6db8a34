"""Losses of numbers: squared, absolute, relative and logarithmic errors."""

from __future__ import annotations

import jax.numpy as jnp

from lamina import config
from lamina.losses.alignment import comparable
from lamina.losses.loss import FunctionLoss
from lamina.typing import Array, ArrayLike


def mean_squared_error(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """Return the mean of `(y_true - y_pred) ** 2` over the last axis.

    Args:
        y_true: targets, (batch, ..., values).
        y_pred: predictions of the same shape; the last axis may be missing in one of the two if its size is 1.

    Returns:
        An array of shape (batch, ...).

    Raises:
        ValueError: if the shapes differ.

    Example:
        >>> mean_squared_error([[0.0, 1.0]], [[1.0, 3.0]]).tolist()
        [2.5]
    """
    y_true, y_pred = comparable(y_true, y_pred, "mean_squared_error")
    return jnp.square(y_true - y_pred).mean(axis=-1)


def mean_absolute_error(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """Return the mean of `|y_true - y_pred|` over the last axis; arguments as for `mean_squared_error`.

    Example:
        >>> mean_absolute_error([[0.0, 1.0]], [[1.0, 3.0]]).tolist()
        [1.5]
    """
    y_true, y_pred = comparable(y_true, y_pred, "mean_absolute_error")
    return jnp.abs(y_true - y_pred).mean(axis=-1)


def mean_absolute_percentage_error(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """Return the mean of `100 * |(y_true - y_pred) / y_true|` over the last axis, in per cent.

    Arguments as for `mean_squared_error`. A target nearer to zero than `lamina.config.epsilon()` counts as that.

    Example:
        >>> mean_absolute_percentage_error([[2.0, 4.0]], [[1.0, 4.0]]).tolist()
        [25.0]
    """
    y_true, y_pred = comparable(y_true, y_pred, "mean_absolute_percentage_error")
    size = jnp.maximum(jnp.abs(y_true), jnp.asarray(config.epsilon(), y_true.dtype))
    return 100.0 * jnp.abs((y_true - y_pred) / size).mean(axis=-1)


def mean_squared_logarithmic_error(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """Return the mean of `(log(y_true + 1) - log(y_pred + 1)) ** 2` over the last axis.

    Arguments as for `mean_squared_error`. Values below `lamina.config.epsilon()` count as that.

    Example:
        >>> round(float(mean_squared_logarithmic_error([[1.0]], [[3.0]])[0]), 4)
        0.4805
    """
    y_true, y_pred = comparable(y_true, y_pred, "mean_squared_logarithmic_error")
    epsilon = jnp.asarray(config.epsilon(), y_pred.dtype)
    # log(x + 1) and not log1p(x): the rounding of x + 1 is part of Keras's numbers.
    first, second = (jnp.log(jnp.maximum(value, epsilon) + 1.0) for value in (y_pred, y_true))
    return jnp.square(first - second).mean(axis=-1)


class MeanSquaredError(FunctionLoss):
    """The mean of the squared differences between targets and predictions: `mean((y_true - y_pred) ** 2)`.

    Args:
        reduction, name, dtype: as for `Loss`.

    Example:
        >>> float(MeanSquaredError()([[0.0], [1.0]], [[1.0], [3.0]]))
        2.5
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_squared_error",
        dtype: object = None,
    ) -> None:
        super().__init__(mean_squared_error, reduction, name, dtype)


class MeanAbsoluteError(FunctionLoss):
    """The mean of the absolute differences between targets and predictions: `mean(|y_true - y_pred|)`.

    Args:
        reduction, name, dtype: as for `Loss`.

    Example:
        >>> float(MeanAbsoluteError()([[0.0], [1.0]], [[1.0], [3.0]]))
        1.5
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_absolute_error",
        dtype: object = None,
    ) -> None:
        super().__init__(mean_absolute_error, reduction, name, dtype)


class MeanAbsolutePercentageError(FunctionLoss):
    """The mean of the differences as per cent of the targets: `100 * mean(|(y_true - y_pred) / y_true|)`.

    Args:
        reduction, name, dtype: as for `Loss`.

    Example:
        >>> float(MeanAbsolutePercentageError()([[2.0], [4.0]], [[1.0], [4.0]]))
        25.0
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_absolute_percentage_error",
        dtype: object = None,
    ) -> None:
        super().__init__(mean_absolute_percentage_error, reduction, name, dtype)


class MeanSquaredLogarithmicError(FunctionLoss):
    """The mean of `(log(y_true + 1) - log(y_pred + 1)) ** 2`, for targets that span orders of magnitude.

    Args:
        reduction, name, dtype: as for `Loss`.

    Example:
        >>> round(float(MeanSquaredLogarithmicError()([[1.0]], [[3.0]])), 4)
        0.4805
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_squared_logarithmic_error",
        dtype: object = None,
    ) -> None:
        super().__init__(mean_squared_logarithmic_error, reduction, name, dtype)
