"""The coefficient of determination."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jax.core import Tracer

from lamina.core.serialization import constructor_config
from lamina.core.variable import Variable
from lamina.errors import warn
from lamina.losses.alignment import align_ranks, different_shapes
from lamina.metrics.confusion import stretch_weights
from lamina.metrics.metric import Metric
from lamina.typing import Array, ArrayLike

_AGGREGATIONS = (None, "uniform_average", "variance_weighted_average")


class R2Score(Metric):
    """The share of the targets' variance that predictions explain: 1 is perfect, 0 is as good as the mean.

    `1 - sum((y_true - y_pred) ** 2) / sum((y_true - mean(y_true)) ** 2)`

    Args:
        class_aggregation: how the scores of several outputs become one: None (not at all), "uniform_average" or
            "variance_weighted_average".
        num_regressors: number of independent variables, for the adjusted score, which asks more of models with many; 0
            gives the plain score.
        name, dtype: as for `Metric`.

    Raises:
        ValueError: if an argument is out of its range, or if shapes don't fit.

    Example:
        >>> round(float(R2Score()([[1.0], [4.0], [3.0]], [[2.0], [4.0], [4.0]])), 4)
        0.5714
    """

    direction = "max"

    def __init__(
        self,
        class_aggregation: str | None = "uniform_average",
        num_regressors: int = 0,
        name: str | None = "r2_score",
        dtype: object = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        if class_aggregation not in _AGGREGATIONS:
            known = ", ".join(map(repr, _AGGREGATIONS))
            raise ValueError(f"R2Score: class_aggregation must be one of {known}, got {class_aggregation!r}.")
        if num_regressors < 0:
            raise ValueError(f"R2Score: num_regressors must not be negative, got {num_regressors}.")
        self.class_aggregation = class_aggregation
        self.num_regressors = num_regressors
        self.num_samples = self.add_variable((), "zeros", name="num_samples")
        self._sums: list[Variable] = []

    def update_state(self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None) -> None:
        """Take in a batch.

        Args:
            y_true: targets, (batch, outputs) or (batch,).
            y_pred: predictions of the same shape.
            sample_weight: a weight for each sample, (batch,).
        """
        y_true, y_pred = self._checked(y_true, y_pred)
        if not self._sums:
            names = ("squared_sum", "sum", "residual", "count")
            self._sums = [self.add_variable(y_pred.shape[1:], "zeros", name=name) for name in names]
        if self._sums[0].shape != y_pred.shape[1:]:
            raise ValueError(
                f"Metric {self.name!r} counts {self._sums[0].shape[0]} outputs, but predictions have {y_pred.shape[1]}."
            )
        weight = jnp.ones((), y_pred.dtype) if sample_weight is None else jnp.asarray(sample_weight)
        weight = stretch_weights(weight.astype(y_pred.dtype), y_pred.shape, self.name)
        weighted = y_true * weight
        sums = (y_true * weighted, weighted, jnp.square(y_true - y_pred) * weight, weight)
        for variable, values in zip(self._sums, sums):
            variable.assign(variable.value + values.sum(axis=0))
        self.num_samples.assign(self.num_samples.value + y_true.size)

    def result(self) -> Array:
        if not self._sums:
            raise ValueError(f"Metric {self.name!r} has seen no data yet, so it doesn't know the number of outputs.")
        squares, total, residual, count = (variable.value for variable in self._sums)
        spread = squares - total * (total / count)
        score = 1.0 - residual / spread
        score = jnp.where(jnp.isinf(score), 0.0, score)
        if self.class_aggregation == "uniform_average":
            score = score.mean()
        elif self.class_aggregation == "variance_weighted_average":
            score = (score * spread).sum() / spread.sum()
        return self._adjusted(score) if self.num_regressors else score

    def get_config(self) -> dict[str, Any]:
        return constructor_config(self)

    def _adjusted(self, score: Array) -> Array:
        """Return the adjusted score; samples are counted once for each output, as in Keras."""
        number = self.num_samples.value
        freedom = number - self.num_regressors - 1.0
        if not isinstance(freedom, Tracer) and float(freedom) <= 0:
            warn(
                f"Metric {self.name!r}: {int(number)} values are too few for {self.num_regressors} independent "
                "variables, so the plain R2 score is given instead of the adjusted one.",
            )
        enough = freedom > 0
        adjusted = 1.0 - (1.0 - score) * (number - 1.0) / jnp.where(enough, freedom, 1.0)
        return jnp.where(enough, adjusted, score)

    def _checked(self, y_true: ArrayLike, y_pred: ArrayLike) -> tuple[Array, Array]:
        wide = jnp.promote_types(self.dtype, jnp.float32)
        first, second = (jnp.asarray(value).astype(self.dtype).astype(wide) for value in (y_true, y_pred))
        first, second = align_ranks(first, second)
        if first.shape != second.shape:
            raise ValueError(different_shapes(f"Metric {self.name!r}", first.shape, second.shape))
        if first.ndim == 1:
            first, second = first[:, None], second[:, None]
        if first.ndim != 2:
            raise ValueError(
                f"Metric {self.name!r} needs targets and predictions of shape (batch, outputs), got {first.shape}."
            )
        return first, second
