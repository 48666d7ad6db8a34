"""Metrics of numbers: squared, absolute, relative and logarithmic errors."""

from __future__ import annotations

import jax.numpy as jnp

from lamina.losses.alignment import comparable
from lamina.losses.regression import (
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
)
from lamina.losses.robust import log_cosh
from lamina.metrics.reduction import FunctionMetric, Mean, divide_or_zero
from lamina.typing import Array, ArrayLike


class MeanSquaredError(FunctionMetric):
    """The mean of `(y_true - y_pred) ** 2`.

    Args:
        name, dtype: as for `Metric`.

    Example:
        >>> float(MeanSquaredError()([[0.0], [1.0]], [[1.0], [3.0]]))
        2.5
    """

    direction = "min"

    def __init__(self, name: str | None = "mean_squared_error", dtype: object = None) -> None:
        super().__init__(mean_squared_error, name, dtype)


class RootMeanSquaredError(Mean):
    """The square root of the mean of `(y_true - y_pred) ** 2` over all samples.

    Args:
        name, dtype: as for `Metric`.

    Example:
        >>> round(float(RootMeanSquaredError()([[0.0], [1.0]], [[3.0], [1.0]])), 4)
        2.1213
    """

    direction = "min"

    def __init__(self, name: str | None = "root_mean_squared_error", dtype: object = None) -> None:
        super().__init__(name, dtype)

    def update_state(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> None:
        """Take in targets and predictions, (batch, ...), and weights as for `Mean`."""
        y_true, y_pred = jnp.asarray(y_true).astype(self.dtype), jnp.asarray(y_pred).astype(self.dtype)
        y_true, y_pred = comparable(y_true, y_pred, "RootMeanSquaredError")
        super().update_state(jnp.square(y_true - y_pred), sample_weight=sample_weight)

    def result(self) -> Array:
        return jnp.sqrt(divide_or_zero(self.total.value, self.count.value))


class MeanAbsoluteError(FunctionMetric):
    """The mean of `|y_true - y_pred|`.

    Args:
        name, dtype: as for `Metric`.

    Example:
        >>> float(MeanAbsoluteError()([[0.0], [1.0]], [[1.0], [3.0]]))
        1.5
    """

    direction = "min"

    def __init__(self, name: str | None = "mean_absolute_error", dtype: object = None) -> None:
        super().__init__(mean_absolute_error, name, dtype)


class MeanAbsolutePercentageError(FunctionMetric):
    """The mean of `100 * |(y_true - y_pred) / y_true|`, in per cent.

    Args:
        name, dtype: as for `Metric`.

    Example:
        >>> float(MeanAbsolutePercentageError()([[2.0], [4.0]], [[1.0], [4.0]]))
        25.0
    """

    direction = "min"

    def __init__(self, name: str | None = "mean_absolute_percentage_error", dtype: object = None) -> None:
        super().__init__(mean_absolute_percentage_error, name, dtype)


class MeanSquaredLogarithmicError(FunctionMetric):
    """The mean of `(log(y_true + 1) - log(y_pred + 1)) ** 2`.

    Args:
        name, dtype: as for `Metric`.

    Example:
        >>> round(float(MeanSquaredLogarithmicError()([[1.0]], [[3.0]])), 4)
        0.4805
    """

    direction = "min"

    def __init__(self, name: str | None = "mean_squared_logarithmic_error", dtype: object = None) -> None:
        super().__init__(mean_squared_logarithmic_error, name, dtype)


class LogCoshError(FunctionMetric):
    """The mean of `log(cosh(y_pred - y_true))`.

    Args:
        name, dtype: as for `Metric`.

    Example:
        >>> round(float(LogCoshError()([[0.0], [0.0]], [[0.0], [3.0]])), 4)
        1.1547
    """

    direction = "min"

    def __init__(self, name: str | None = "logcosh", dtype: object = None) -> None:
        super().__init__(log_cosh, name, dtype)
