"""`AUC`: the area under the ROC or the precision-recall curve."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lamina import config
from lamina.core.variable import Variable
from lamina.metrics import confusion
from lamina.metrics.confusion import Counts
from lamina.metrics.metric import Metric
from lamina.metrics.reduction import divide_or_zero
from lamina.typing import Array, ArrayLike

_CURVES = ("ROC", "PR", "PRGAIN")
_SUMMATIONS = ("interpolation", "minoring", "majoring")


class AUC(Metric):
    """The area under a curve that shows how well probabilities separate positive from negative targets.

    The curve is known at some thresholds only, so the area is an approximation: the better, the more thresholds there
    are and the more evenly predictions spread over [0, 1].

    Args:
        num_thresholds: how many thresholds at equal distances in [0, 1], 2 or more.
        curve: "ROC" (recall over false positive rate), "PR" (precision over recall) or "PRGAIN" (their gains over a
            classifier that says yes to everything).
        summation_method: "interpolation", "minoring" (a lower bound) or "majoring" (an upper bound).
        name, dtype: as for `Metric`.
        thresholds: your own thresholds in [0, 1] instead of `num_thresholds`; one just below 0 and one just above 1 are
            added.
        multi_label: whether to compute an area for each label (the last axis) and average them. If not, all labels are
            thrown together.
        num_labels: number of labels with `multi_label`; None: taken from the first batch.
        label_weights: a weight for each label, not negative: of its area, or without `multi_label` of its predictions.
        from_logits: whether predictions are logits, any real number, instead of probabilities.

    Raises:
        ValueError: if an argument is out of its range, or if shapes don't fit.

    Example:
        >>> float(AUC(num_thresholds=3)([0, 0, 1, 1], [0, 0.5, 0.3, 0.9]))
        0.75

    Reference: Davis and Goadrich, 2006, https://www.biostat.wisc.edu/~page/rocpr.pdf (interpolation of PR); Flach and
    Kull, 2015, https://papers.nips.cc/paper/5867-precision-recall-gain-curves (PRGAIN)
    """

    direction = "max"

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str | None = None,
        dtype: object = None,
        thresholds: Sequence[float] | None = None,
        multi_label: bool = False,
        num_labels: int | None = None,
        label_weights: Sequence[float] | None = None,
        from_logits: bool = False,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        if num_labels is not None and not multi_label:
            raise ValueError("AUC: num_labels needs multi_label=True.")
        self.curve = _one_of(curve.upper(), _CURVES, "curve")
        self.summation_method = _one_of(summation_method.lower(), _SUMMATIONS, "summation_method")
        self._inner = self._inner_thresholds(num_thresholds, thresholds)
        self._given = thresholds is not None
        self.num_thresholds = len(self._inner) + 2
        self.multi_label = multi_label
        self.num_labels = num_labels
        self.label_weights = None if label_weights is None else np.asarray(label_weights, "float32").tolist()
        if self.label_weights is not None and min(self.label_weights) < 0:
            raise ValueError(f"AUC: label_weights must not be negative, got {self.label_weights}.")
        self.from_logits = from_logits
        # A little outside, so that predictions of exactly 0 and 1 count.
        self._thresholds = [-config.epsilon(), *self._inner, 1.0 + config.epsilon()]
        self._counts: list[Variable] = []
        if not multi_label:
            self._declare(None)
        elif num_labels is not None:
            self._declare(num_labels)

    @staticmethod
    def _inner_thresholds(num_thresholds: int, thresholds: Sequence[float] | None) -> list[float]:
        if thresholds is not None:
            return sorted(confusion.check_thresholds(list(thresholds), 0.5, "AUC")) if len(thresholds) else []
        if num_thresholds < 2:
            raise ValueError(f"AUC: num_thresholds must be 2 or more, got {num_thresholds}.")
        return [(number + 1) / (num_thresholds - 1) for number in range(num_thresholds - 2)]

    @property
    def thresholds(self) -> list[float]:
        """All thresholds, those at the ends included."""
        return list(self._thresholds)

    def update_state(self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None) -> None:
        """Take in targets and predictions of one shape, and weights for samples or values."""
        self.check_predictions(y_pred)
        truth, y_pred, weight = confusion.comparable_arrays(y_true, y_pred, sample_weight, self.dtype, self.name)
        if self.multi_label:
            truth, y_pred, weight = (self._by_label(array) for array in (truth, y_pred, weight))
        else:
            if self.label_weights is not None:
                weight = weight * self._weights_of(y_pred.shape)
            truth, y_pred, weight = truth.reshape(-1), y_pred.reshape(-1), weight.reshape(-1)
        if self.from_logits:
            y_pred = jax.nn.sigmoid(y_pred)
        counts = confusion.count(truth, y_pred, weight, self._thresholds)
        for variable, counted in zip(self._counts, counts):
            variable.assign(variable.value + counted)

    def result(self) -> Array:
        if not self._counts:
            raise ValueError(f"Metric {self.name!r} has seen no data yet, so it doesn't know the number of labels.")
        counts = Counts(*(variable.value for variable in self._counts))
        if self.curve == "PR" and self.summation_method == "interpolation":
            return self._average(_interpolated_pr_areas(counts))
        x, y = {"ROC": _roc, "PR": _precision_recall, "PRGAIN": _precision_recall_gain}[self.curve](counts)
        left, right = y[:-1], y[1:]
        if self.summation_method == "interpolation":
            heights = (left + right) / 2.0
        elif self.summation_method == "minoring":
            heights = jnp.minimum(left, right)
        else:
            heights = jnp.maximum(left, right)
        return self._average(((x[:-1] - x[1:]) * heights).sum(axis=0))

    def interpolate_pr_auc(self) -> Array:
        """Return the area under the precision-recall curve, with positives interpolated between thresholds."""
        return self._average(_interpolated_pr_areas(Counts(*(variable.value for variable in self._counts))))

    @property
    def logits_remedy(self) -> str | None:
        return None if self.from_logits else "Pass from_logits=True, or give the last layer a sigmoid."

    def reset_state(self) -> None:
        for variable in self._counts:
            variable.assign(jnp.zeros(variable.shape, variable.dtype))

    def get_config(self) -> dict[str, Any]:
        arguments = (
            "num_thresholds",
            "curve",
            "summation_method",
            "multi_label",
            "num_labels",
            "label_weights",
            "from_logits",
        )
        config = {**super().get_config(), **{name: getattr(self, name) for name in arguments}}
        return {**config, "thresholds": list(self._inner)} if self._given else config

    def _declare(self, labels: int | None) -> None:
        shape = (self.num_thresholds,) if labels is None else (self.num_thresholds, labels)
        self._counts = [self.add_variable(shape, "zeros", name=field) for field in Counts._fields]
        self.true_positives, self.false_positives, self.true_negatives, self.false_negatives = self._counts

    def _by_label(self, array: Array) -> Array:
        if array.ndim < 2:
            raise ValueError(
                f"Metric {self.name!r} has multi_label=True, so it needs predictions of shape (batch, labels), got "
                f"{array.shape}."
            )
        array = array.reshape(-1, array.shape[-1])
        if not self._counts:
            self._declare(array.shape[1])
        if self.true_positives.shape[1] != array.shape[1]:
            raise ValueError(
                f"Metric {self.name!r} counts {self.true_positives.shape[1]} labels, but predictions have "
                f"{array.shape[1]}."
            )
        if self.label_weights is not None:
            self._weights_of(array.shape)
        return array

    def _weights_of(self, shape: tuple[int, ...]) -> Array:
        if not shape or len(self.label_weights or ()) != shape[-1]:
            raise ValueError(
                f"Metric {self.name!r} has {len(self.label_weights or ())} label_weights, but predictions of shape "
                f"{shape}."
            )
        return jnp.asarray(self.label_weights, jnp.float32)

    def _average(self, areas: Array) -> Array:
        if not self.multi_label:
            return areas
        if self.label_weights is None:
            return areas.mean()
        weights = jnp.asarray(self.label_weights, areas.dtype)
        return divide_or_zero((areas * weights).sum(), weights.sum())


def _one_of(value: str, known: tuple[str, ...], argument: str) -> str:
    if value not in known:
        raise ValueError(f"AUC: {argument} must be one of {', '.join(map(repr, known))}, got {value!r}.")
    return value


def _roc(counts: Counts) -> tuple[Array, Array]:
    recall = divide_or_zero(counts.true_positives, counts.true_positives + counts.false_negatives)
    return divide_or_zero(counts.false_positives, counts.false_positives + counts.true_negatives), recall


def _precision_recall(counts: Counts) -> tuple[Array, Array]:
    recall = divide_or_zero(counts.true_positives, counts.true_positives + counts.false_negatives)
    return recall, divide_or_zero(counts.true_positives, counts.true_positives + counts.false_positives)


def _precision_recall_gain(counts: Counts) -> tuple[Array, Array]:
    epsilon = config.epsilon()
    hits = counts.true_positives + epsilon
    odds = (counts.true_positives + counts.false_negatives) / (counts.false_positives + counts.true_negatives + epsilon)
    recall_gain = 1.0 - odds * counts.false_negatives / hits
    return jnp.maximum(recall_gain, 0.0), 1.0 - odds * counts.false_positives / hits


def _interpolated_pr_areas(counts: Counts) -> Array:
    """Return the areas with precision following from true and false positives that change linearly between thresholds.

    Between two thresholds A and B with slope s = dTP / dP of the predicted positives P = TP + FP, the integral of
    precision over recall is s * (dTP + (TP_B - s * P_B) * log(P_A / P_B)) / positives.
    """
    hits = counts.true_positives
    predicted = hits + counts.false_positives
    gained = hits[:-1] - hits[1:]
    slope = divide_or_zero(gained, jnp.maximum(predicted[:-1] - predicted[1:], 0.0))
    intercept = hits[1:] - slope * predicted[1:]
    both = (predicted[:-1] > 0) & (predicted[1:] > 0)
    ratio = jnp.where(both, predicted[:-1] / jnp.where(both, predicted[1:], 1.0), 1.0)
    positives = jnp.maximum(hits[1:] + counts.false_negatives[1:], 0.0)
    return divide_or_zero(slope * (gained + intercept * jnp.log(ratio)), positives).sum(axis=0)
