"""F-scores: precision and recall in one number."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from lamina import config
from lamina.core.serialization import constructor_config
from lamina.core.variable import Variable
from lamina.losses.alignment import align_ranks, different_shapes
from lamina.metrics.confusion import stretch_weights
from lamina.metrics.metric import Metric
from lamina.typing import Array, ArrayLike

_AVERAGES = (None, "micro", "macro", "weighted")


class FBetaScore(Metric):
    """The weighted harmonic mean of precision and recall, for each class or averaged over them.

    `(1 + beta ** 2) * precision * recall / (beta ** 2 * precision + recall)`

    Args:
        average: None (a value for each class), "micro" (all classes counted together), "macro" (the mean over classes)
            or "weighted" (the mean, each class by its share of the targets).
        beta: how many times as important recall is as precision; positive.
        threshold: predictions above, in (0, 1], are positive; None: the class with the largest score is (all of them if
            several are equal).
        name, dtype: as for `Metric`.

    Raises:
        ValueError: if an argument is out of its range, or if shapes don't fit.

    Example:
        >>> metric = FBetaScore(beta=2.0, threshold=0.5)
        >>> print(metric([[1, 1], [1, 0]], [[0.2, 0.6], [0.6, 0.6]]).round(4))
        [0.5556 0.8333]
    """

    direction = "max"

    def __init__(
        self,
        average: str | None = None,
        beta: float = 1.0,
        threshold: float | None = None,
        name: str | None = "fbeta_score",
        dtype: object = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        kind = type(self).__name__
        if average not in _AVERAGES:
            raise ValueError(f"{kind}: average must be None, 'micro', 'macro' or 'weighted', got {average!r}.")
        if not beta > 0:
            raise ValueError(f"{kind}: beta must be positive, got {beta!r}.")
        if threshold is not None and not 0 < threshold <= 1:
            raise ValueError(f"{kind}: threshold must be None or lie in (0, 1], got {threshold!r}.")
        self.average = average
        self.beta = beta
        self.threshold = threshold
        self._sums: list[Variable] = []

    def update_state(self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None) -> None:
        """Take in a batch.

        Args:
            y_true: targets, 0 or 1 (one-hot where one class is right), (batch, classes).
            y_pred: scores of the same shape.
            sample_weight: a weight for each sample, (batch,).
        """
        y_true, y_pred = self._checked(y_true, y_pred)
        if not self._sums:
            self._declare(y_pred.shape[1])
        if self.average != "micro" and self._sums[0].shape != y_pred.shape[1:]:
            raise ValueError(
                f"Metric {self.name!r} counts {self._sums[0].shape[0]} classes, but predictions have {y_pred.shape[1]}."
            )
        decided = self._decide(y_pred)
        weight = None
        if sample_weight is not None:
            weight = stretch_weights(jnp.asarray(sample_weight).astype(y_pred.dtype), y_pred.shape, self.name)
        counted = (decided * y_true, decided * (1.0 - y_true), (1.0 - decided) * y_true, y_true)
        for variable, values in zip(self._sums, counted):
            values = values if weight is None else values * weight
            variable.assign(variable.value + values.sum(axis=None if self.average == "micro" else 0))

    def result(self) -> Array:
        if not self._sums:
            raise ValueError(f"Metric {self.name!r} has seen no data yet, so it doesn't know the number of classes.")
        hits, false_alarms, misses, support = (variable.value for variable in self._sums)
        epsilon = config.epsilon()
        precision, recall = hits / (hits + false_alarms + epsilon), hits / (hits + misses + epsilon)
        square = self.beta**2
        score = (1.0 + square) * precision * recall / (square * precision + recall + epsilon)
        if self.average == "weighted":
            return (score * support / (support.sum() + epsilon)).sum()
        return score.mean() if self.average is not None else score

    def get_config(self) -> dict[str, Any]:
        return constructor_config(self)

    def _checked(self, y_true: ArrayLike, y_pred: ArrayLike) -> tuple[Array, Array]:
        wide = jnp.promote_types(self.dtype, jnp.float32)
        first, second = (jnp.asarray(value).astype(self.dtype).astype(wide) for value in (y_true, y_pred))
        first, second = align_ranks(first, second)
        if second.ndim != 2 or first.ndim != 2:
            raise ValueError(
                f"Metric {self.name!r} needs targets and predictions of shape (batch, classes), got {first.shape} and "
                f"{second.shape}. Class numbers become one-hot by lamina.utils.to_categorical."
            )
        if first.shape != second.shape:
            raise ValueError(different_shapes(f"Metric {self.name!r}", first.shape, second.shape))
        return first, second

    def _declare(self, classes: int) -> None:
        shape = () if self.average == "micro" else (classes,)
        names = ("true_positives", "false_positives", "false_negatives", "intermediate_weights")
        self._sums = [self.add_variable(shape, "zeros", name=name) for name in names]

    def _decide(self, y_pred: Array) -> Array:
        if self.threshold is not None:
            return (y_pred > self.threshold).astype(y_pred.dtype)
        # A row of zeros decides for nothing, as in Keras.
        largest = y_pred.max(axis=-1, keepdims=True)
        return ((y_pred >= largest) & (jnp.abs(y_pred) > 1e-9)).astype(y_pred.dtype)


class F1Score(FBetaScore):
    """The harmonic mean of precision and recall, for each class or averaged over them.

    Args:
        average: None (a value for each class), "micro" (all classes counted together), "macro" (the mean over classes)
            or "weighted" (the mean, each class by its share of the targets).
        threshold: predictions above, in (0, 1], are positive; None: the class with the largest score is (all of them if
            several are equal).
        name, dtype: as for `Metric`.

    Raises:
        ValueError: if an argument is out of its range, or if shapes don't fit.

    Example:
        >>> metric = F1Score(threshold=0.5)
        >>> print(metric([[1, 1], [1, 0]], [[0.2, 0.6], [0.6, 0.6]]).round(4))
        [0.6667 0.6667]
    """

    def __init__(
        self,
        average: str | None = None,
        threshold: float | None = None,
        name: str | None = "f1_score",
        dtype: object = None,
    ) -> None:
        super().__init__(average=average, beta=1.0, threshold=threshold, name=name, dtype=dtype)
