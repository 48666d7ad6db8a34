"""Metrics that count right and wrong decisions: true and false positives and negatives, precision, recall."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lamina.core.serialization import constructor_config
from lamina.metrics import confusion
from lamina.metrics.metric import Metric
from lamina.metrics.reduction import divide_or_zero
from lamina.typing import Array, ArrayLike

Thresholds = float | Sequence[float] | None
_LOGITS = "Pass thresholds=0 for logits, or give the last layer a sigmoid or softmax."


class DecisionCount(Metric):
    """Base of the metrics that count one cell of the confusion matrix."""

    cell: str

    def __init__(self, thresholds: Thresholds = None, name: str | None = None, dtype: object = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.init_thresholds = thresholds
        self.thresholds = confusion.check_thresholds(thresholds, 0.5, type(self).__name__)
        self.accumulator = self.add_variable((len(self.thresholds),), "zeros", name="accumulator")

    def update_state(self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None) -> None:
        """Take in targets and scores of one shape, and weights for samples or values."""
        self.check_predictions(y_pred)
        arrays = confusion.comparable_arrays(y_true, y_pred, sample_weight, self.dtype, self.name)
        counts = confusion.count(*_selected(*arrays, None, None, self.name), self.thresholds)
        self.accumulator.assign(self.accumulator.value + getattr(counts, self.cell))

    def result(self) -> Array:
        return _scalar_if_one(self.accumulator.value)

    @property
    def logits_remedy(self) -> str | None:
        return _LOGITS if self.init_thresholds != 0 else None

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "thresholds": self.init_thresholds}


class TruePositives(DecisionCount):
    """The number (or weight) of positive predictions for positive targets.

    Args:
        thresholds: a number or a list of numbers in [0, 1], default 0.5; predictions above count as positive. One value
            is given for each. For logits pass 0.
        name, dtype: as for `Metric`.

    Example:
        >>> float(TruePositives()([0, 1, 1, 1], [1, 0, 1, 1]))
        2.0
    """

    cell = "true_positives"


class FalsePositives(DecisionCount):
    """The number (or weight) of positive predictions for negative targets.

    Args:
        thresholds: a number or a list of numbers in [0, 1], default 0.5; predictions above count as positive. One value
            is given for each. For logits pass 0.
        name, dtype: as for `Metric`.

    Example:
        >>> float(FalsePositives()([0, 1, 0, 0], [0, 0, 1, 1]))
        2.0
    """

    cell = "false_positives"


class TrueNegatives(DecisionCount):
    """The number (or weight) of negative predictions for negative targets.

    Args:
        thresholds: a number or a list of numbers in [0, 1], default 0.5; predictions above count as positive. One value
            is given for each. For logits pass 0.
        name, dtype: as for `Metric`.

    Example:
        >>> float(TrueNegatives()([0, 1, 0, 0], [1, 1, 0, 0]))
        2.0
    """

    cell = "true_negatives"


class FalseNegatives(DecisionCount):
    """The number (or weight) of negative predictions for positive targets.

    Args:
        thresholds: a number or a list of numbers in [0, 1], default 0.5; predictions above count as positive. One value
            is given for each. For logits pass 0.
        name, dtype: as for `Metric`.

    Example:
        >>> float(FalseNegatives()([0, 1, 1, 1], [0, 1, 0, 0]))
        2.0
    """

    cell = "false_negatives"


class PositiveShare(Metric):
    """Base of precision and recall: true positives as a share of them and of the wrong decisions of one kind."""

    direction = "max"
    wrong: str

    def __init__(
        self,
        thresholds: Thresholds = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: object = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        confusion.check_class_and_rank(class_id, top_k, type(self).__name__)
        self.init_thresholds = thresholds
        self.top_k = top_k
        self.class_id = class_id
        default = 0.5 if top_k is None else confusion.NEVER
        self.thresholds = confusion.check_thresholds(thresholds, default, type(self).__name__)
        shape = (len(self.thresholds),)
        self.true_positives = self.add_variable(shape, "zeros", name="true_positives")
        self.wrong_decisions = self.add_variable(shape, "zeros", name=self.wrong)

    def update_state(self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None) -> None:
        """Take in targets and scores of one shape, and weights for samples or values."""
        self.check_predictions(y_pred)
        arrays = confusion.comparable_arrays(y_true, y_pred, sample_weight, self.dtype, self.name)
        counts = confusion.count(*_selected(*arrays, self.top_k, self.class_id, self.name), self.thresholds)
        self.true_positives.assign(self.true_positives.value + counts.true_positives)
        self.wrong_decisions.assign(self.wrong_decisions.value + getattr(counts, self.wrong))

    def result(self) -> Array:
        right, wrong = self.true_positives.value, self.wrong_decisions.value
        return _scalar_if_one(divide_or_zero(right, right + wrong))

    @property
    def logits_remedy(self) -> str | None:
        return _LOGITS if self.init_thresholds != 0 and self.top_k is None else None

    def get_config(self) -> dict[str, Any]:
        chosen = {"thresholds": self.init_thresholds, "top_k": self.top_k, "class_id": self.class_id}
        return {**super().get_config(), **chosen}


class Precision(PositiveShare):
    """The share of positive predictions that are right.

    Args:
        thresholds: a number or a list of numbers in [0, 1], default 0.5; predictions above count as positive. One value
            is given for each. For logits pass 0.
        top_k: the k classes with the largest scores are the positive ones; with `thresholds` they must be above, too.
        class_id: look at this class alone, a number in [0, classes).
        name, dtype: as for `Metric`.

    Example:
        >>> round(float(Precision()([0, 1, 1, 1], [1, 0, 1, 1])), 4)
        0.6667
    """

    wrong = "false_positives"

    @property
    def false_positives(self) -> Any:
        """The variable that counts false positives."""
        return self.wrong_decisions


class Recall(PositiveShare):
    """The share of positive targets that are predicted.

    Args:
        thresholds: a number or a list of numbers in [0, 1], default 0.5; predictions above count as positive. One value
            is given for each. For logits pass 0.
        top_k: the k classes with the largest scores are the positive ones; with `thresholds` they must be above, too.
        class_id: look at this class alone, a number in [0, classes).
        name, dtype: as for `Metric`.

    Example:
        >>> round(float(Recall()([0, 1, 1, 1], [1, 0, 1, 1])), 4)
        0.6667
    """

    wrong = "false_negatives"

    @property
    def false_negatives(self) -> Any:
        """The variable that counts false negatives."""
        return self.wrong_decisions


class BestAtBound(Metric):
    """Base of the metrics that look for the best threshold at which a second quantity still reaches a bound."""

    direction = "max"
    bound_name: str

    def __init__(
        self,
        bound: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: object = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        kind = type(self).__name__
        confusion.check_class_and_rank(class_id, None, kind)
        if num_thresholds < 1:
            raise ValueError(f"{kind}: num_thresholds must be 1 or more, got {num_thresholds}.")
        self.value = confusion.check_share(bound, self.bound_name, kind)
        setattr(self, self.bound_name, bound)
        self.num_thresholds = num_thresholds
        self.class_id = class_id
        inner = [(number + 1) / (num_thresholds - 1) for number in range(num_thresholds - 2)]
        self.thresholds = [0.5] if num_thresholds == 1 else [0.0, *inner, 1.0]
        self._counts = [self.add_variable((num_thresholds,), "zeros", name=field) for field in confusion.Counts._fields]
        self.true_positives, self.false_positives, self.true_negatives, self.false_negatives = self._counts

    def update_state(self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None) -> None:
        """Take in targets and probabilities of one shape, and weights for samples or values."""
        self.check_predictions(y_pred)
        arrays = confusion.comparable_arrays(y_true, y_pred, sample_weight, self.dtype, self.name)
        counts = confusion.count(*_selected(*arrays, None, self.class_id, self.name), self.thresholds)
        for variable, counted in zip(self._counts, counts):
            variable.assign(variable.value + counted)

    def result(self) -> Array:
        counts = confusion.Counts(*(variable.value for variable in self._counts))
        bounded, wanted = self.bounded(counts), self.wanted(counts)
        return (wanted * (bounded >= self.value)).max()

    def bounded(self, counts: confusion.Counts) -> Array:
        """Return the quantity that must reach the bound, at each threshold."""
        raise NotImplementedError

    def wanted(self, counts: confusion.Counts) -> Array:
        """Return the quantity whose largest value is the result, at each threshold."""
        raise NotImplementedError

    @property
    def logits_remedy(self) -> str:
        return "Give the last layer a sigmoid or softmax."

    def get_config(self) -> dict[str, Any]:
        return constructor_config(self)


def _precision(counts: confusion.Counts) -> Array:
    return divide_or_zero(counts.true_positives, counts.true_positives + counts.false_positives)


def _sensitivity(counts: confusion.Counts) -> Array:
    return divide_or_zero(counts.true_positives, counts.true_positives + counts.false_negatives)


def _specificity(counts: confusion.Counts) -> Array:
    return divide_or_zero(counts.true_negatives, counts.true_negatives + counts.false_positives)


class SensitivityAtSpecificity(BestAtBound):
    """The best sensitivity (recall) at a threshold where the specificity still reaches a bound.

    Args:
        specificity: the bound, in [0, 1]: the share of negative targets that is predicted.
        num_thresholds: how many thresholds in [0, 1] to try.
        class_id: look at this class alone, a number in [0, classes).
        name, dtype: as for `Metric`.

    Example:
        >>> float(SensitivityAtSpecificity(0.5)([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8]))
        0.5
    """

    bound_name = "specificity"

    def __init__(
        self,
        specificity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: object = None,
    ) -> None:
        super().__init__(specificity, num_thresholds, class_id, name, dtype)

    def bounded(self, counts: confusion.Counts) -> Array:
        return _specificity(counts)

    def wanted(self, counts: confusion.Counts) -> Array:
        return _sensitivity(counts)


class SpecificityAtSensitivity(BestAtBound):
    """The best specificity at a threshold where the sensitivity (recall) still reaches a bound.

    Args:
        sensitivity: the bound, in [0, 1]: the share of positive targets that is predicted.
        num_thresholds: how many thresholds in [0, 1] to try.
        class_id: look at this class alone, a number in [0, classes).
        name, dtype: as for `Metric`.

    Example:
        >>> round(float(SpecificityAtSensitivity(0.5)([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8])), 4)
        0.6667
    """

    bound_name = "sensitivity"

    def __init__(
        self,
        sensitivity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: object = None,
    ) -> None:
        super().__init__(sensitivity, num_thresholds, class_id, name, dtype)

    def bounded(self, counts: confusion.Counts) -> Array:
        return _sensitivity(counts)

    def wanted(self, counts: confusion.Counts) -> Array:
        return _specificity(counts)


class PrecisionAtRecall(BestAtBound):
    """The best precision at a threshold where the recall still reaches a bound.

    Args:
        recall: the bound, in [0, 1].
        num_thresholds: how many thresholds in [0, 1] to try.
        class_id: look at this class alone, a number in [0, classes).
        name, dtype: as for `Metric`.

    Example:
        >>> float(PrecisionAtRecall(0.5)([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8]))
        0.5
    """

    bound_name = "recall"

    def __init__(
        self,
        recall: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: object = None,
    ) -> None:
        super().__init__(recall, num_thresholds, class_id, name, dtype)

    def bounded(self, counts: confusion.Counts) -> Array:
        return _sensitivity(counts)

    def wanted(self, counts: confusion.Counts) -> Array:
        return _precision(counts)


class RecallAtPrecision(BestAtBound):
    """The best recall at a threshold where the precision still reaches a bound.

    Args:
        precision: the bound, in [0, 1].
        num_thresholds: how many thresholds in [0, 1] to try.
        class_id: look at this class alone, a number in [0, classes).
        name, dtype: as for `Metric`.

    Example:
        >>> float(RecallAtPrecision(0.8)([0, 0, 1, 1], [0, 0.5, 0.3, 0.9]))
        0.5
    """

    bound_name = "precision"

    def __init__(
        self,
        precision: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: object = None,
    ) -> None:
        super().__init__(precision, num_thresholds, class_id, name, dtype)

    def bounded(self, counts: confusion.Counts) -> Array:
        return _precision(counts)

    def wanted(self, counts: confusion.Counts) -> Array:
        return _sensitivity(counts)


def _selected(
    truth: Array, y_pred: Array, weight: Array, top_k: int | None, class_id: int | None, name: str
) -> tuple[Array, Array, Array]:
    """Return the values that count, flat: those of one class, or all."""
    if top_k is not None:
        y_pred = confusion.only_top(y_pred, top_k, name)
    if class_id is not None:
        truth, y_pred, weight = (confusion.only_class(array, class_id, name) for array in (truth, y_pred, weight))
    return truth.reshape(-1), y_pred.reshape(-1), weight.reshape(-1)


def _scalar_if_one(values: Array) -> Array:
    return values[0] if values.shape[0] == 1 else values
