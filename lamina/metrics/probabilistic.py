"""Metrics of probabilities: the cross-entropies, Kullback-Leibler divergence, Poisson."""

from __future__ import annotations

from lamina.losses.binary_crossentropy import binary_crossentropy
from lamina.losses.categorical_crossentropy import categorical_crossentropy
from lamina.losses.divergence import kl_divergence, poisson
from lamina.losses.probabilities import check_label_smoothing
from lamina.losses.sparse_categorical_crossentropy import ignored_class_mask, sparse_categorical_crossentropy
from lamina.metrics.reduction import FunctionMetric
from lamina.typing import Array


class CrossEntropy(FunctionMetric):
    """Base of the cross-entropies, which can be told that predictions are logits."""

    direction = "min"
    from_logits: bool

    @property
    def logits_remedy(self) -> str | None:
        return None if self.from_logits else "Pass from_logits=True, or give the last layer a sigmoid or softmax."


class BinaryCrossentropy(CrossEntropy):
    """The mean cross-entropy of targets that are 0 or 1.

    Args:
        name, dtype: as for `Metric`.
        from_logits: whether predictions are logits, any real number, instead of probabilities.
        label_smoothing: share in [0, 1] by which targets are moved to 0.5.

    Example:
        >>> round(float(BinaryCrossentropy()([[0], [1]], [[0.5], [0.5]])), 4)
        0.6931
    """

    def __init__(
        self,
        name: str | None = "binary_crossentropy",
        dtype: object = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
    ) -> None:
        check_label_smoothing(label_smoothing)
        super().__init__(binary_crossentropy, name, dtype, from_logits=from_logits, label_smoothing=label_smoothing)


class CategoricalCrossentropy(CrossEntropy):
    """The mean cross-entropy of one-hot targets.

    Args:
        name, dtype: as for `Metric`.
        from_logits: whether predictions are logits, any real number, instead of probabilities.
        label_smoothing: share in [0, 1] that is taken from the targets and given to all classes alike.
        axis: the axis of the classes.

    Example:
        >>> round(float(CategoricalCrossentropy()([[0, 1]], [[0.5, 0.5]])), 4)
        0.6931
    """

    def __init__(
        self,
        name: str | None = "categorical_crossentropy",
        dtype: object = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
        axis: int = -1,
    ) -> None:
        check_label_smoothing(label_smoothing)
        arguments = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        super().__init__(categorical_crossentropy, name, dtype, **arguments)


class SparseCategoricalCrossentropy(CrossEntropy):
    """The mean cross-entropy of class numbers.

    Args:
        name, dtype: as for `Metric`.
        from_logits: whether predictions are logits, any real number, instead of probabilities.
        ignore_class: a class whose samples have a value of 0. As in Keras they are left out of the mean only where
            sample weights are given.
        axis: the axis of the classes.

    Example:
        >>> round(float(SparseCategoricalCrossentropy()([1], [[0.5, 0.5]])), 4)
        0.6931
    """

    keeps_integers = True

    def __init__(
        self,
        name: str | None = "sparse_categorical_crossentropy",
        dtype: object = None,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
    ) -> None:
        arguments = {"from_logits": from_logits, "ignore_class": ignore_class, "axis": axis}
        super().__init__(sparse_categorical_crossentropy, name, dtype, **arguments)

    def value_mask(self, y_true: Array, y_pred: Array) -> Array | None:
        return ignored_class_mask(y_true, y_pred, self._fn_kwargs["ignore_class"], self._fn_kwargs["axis"])


class KLDivergence(FunctionMetric):
    """The mean Kullback-Leibler divergence of predicted from true probabilities.

    Args:
        name, dtype: as for `Metric`.

    Example:
        >>> round(float(KLDivergence()([[0.5, 0.5]], [[0.25, 0.75]])), 4)
        0.1438
    """

    direction = "min"

    def __init__(self, name: str | None = "kl_divergence", dtype: object = None) -> None:
        super().__init__(kl_divergence, name, dtype)


class Poisson(FunctionMetric):
    """The mean of `y_pred - y_true * log(y_pred)`, for counts and predicted rates.

    Args:
        name, dtype: as for `Metric`.

    Example:
        >>> round(float(Poisson()([[2.0, 0.0]], [[1.0, 3.0]])), 4)
        2.0
    """

    direction = "min"

    def __init__(self, name: str | None = "poisson", dtype: object = None) -> None:
        super().__init__(poisson, name, dtype)
