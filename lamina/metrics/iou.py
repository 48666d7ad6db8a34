"""Intersection over union, for segmentation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

from lamina import config
from lamina.core.serialization import constructor_config
from lamina.losses.alignment import align_ranks, different_shapes
from lamina.metrics.confusion import stretch_weights
from lamina.metrics.metric import Metric
from lamina.typing import Array, ArrayLike


class IoU(Metric):
    """The overlap of predicted and true regions: true positives / (true positives + false positives + false negatives).

    Counts are kept in float32 whatever the dtype, so fractional weights count (Keras cuts them to whole numbers unless
    dtype="float32" is passed).

    Args:
        num_classes: number of classes.
        target_class_ids: the classes whose values are averaged; one that is in neither targets nor predictions is left
            out.
        name, dtype: as for `Metric`; default dtype "int32".
        ignore_class: a class whose pixels don't count, for example 255 for borders.
        sparse_y_true: whether targets are class numbers; else one-hot or scores, of which the largest counts.
        sparse_y_pred: whether predictions are class numbers; else scores, of which the largest counts.
        axis: the axis of the scores.

    Raises:
        ValueError: if an argument is out of its range, or if shapes don't fit.

    Example:
        >>> round(float(IoU(num_classes=2, target_class_ids=[0])([0, 0, 1, 1], [0, 1, 0, 1])), 4)
        0.3333
    """

    direction = "max"

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: object = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        super().__init__(name=name, dtype="int32" if dtype is None else dtype)
        kind = type(self).__name__
        if num_classes < 1:
            raise ValueError(f"{kind}: num_classes must be 1 or more, got {num_classes}.")
        wrong = [number for number in target_class_ids if not 0 <= number < num_classes]
        if wrong or not len(target_class_ids):
            raise ValueError(
                f"{kind}: target_class_ids must be class numbers in [0, {num_classes}), got {list(target_class_ids)}."
            )
        self.num_classes = num_classes
        self.target_class_ids = list(target_class_ids)
        self.ignore_class = ignore_class
        self.sparse_y_true = sparse_y_true
        self.sparse_y_pred = sparse_y_pred
        self.axis = axis
        shape = (num_classes, num_classes)
        self.total_cm = self.add_variable(shape, "zeros", dtype="float32", name="total_confusion_matrix")

    def update_state(self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None) -> None:
        """Take in a batch.

        Args:
            y_true: class numbers, (batch, ...), or scores with a further axis. Numbers out of range don't count.
            y_pred: class numbers, (batch, ...), or scores with a further axis.
            sample_weight: a weight for each sample, (batch,), or for each class number.
        """
        true = self._class_numbers(y_true, self.sparse_y_true)
        predicted = self._class_numbers(y_pred, self.sparse_y_pred)
        true, predicted = align_ranks(true, predicted)
        if true.shape != predicted.shape:
            raise ValueError(self._wrong_shapes(true.shape, predicted.shape))
        weight = jnp.ones((), jnp.float32) if sample_weight is None else jnp.asarray(sample_weight).astype(jnp.float32)
        weight = stretch_weights(weight, true.shape, self.name)
        if self.ignore_class is not None:
            weight = jnp.where(true == self.ignore_class, 0.0, weight)
        true, predicted, weight = true.reshape(-1), predicted.reshape(-1), weight.reshape(-1)
        classes = self.num_classes
        inside = (true >= 0) & (true < classes) & (predicted >= 0) & (predicted < classes)
        cells = jnp.where(inside, true * classes + predicted, 0)
        matrix = jnp.zeros(classes * classes, jnp.float32).at[cells].add(jnp.where(inside, weight, 0.0))
        self.total_cm.assign(self.total_cm.value + matrix.reshape(classes, classes))

    def result(self) -> Array:
        matrix = self.total_cm.value
        hits = jnp.diagonal(matrix)
        union = matrix.sum(axis=0) + matrix.sum(axis=1) - hits
        chosen = jnp.asarray(self.target_class_ids)
        hits, union = hits[chosen], union[chosen]
        present = (union != 0).sum()
        return (hits / (union + config.epsilon())).sum() / jnp.maximum(present, 1)

    def reset_state(self) -> None:
        self.total_cm.assign(jnp.zeros(self.total_cm.shape, jnp.float32))

    def get_config(self) -> dict[str, Any]:
        return constructor_config(self)

    def _class_numbers(self, values: ArrayLike, sparse: bool) -> Array:
        array = jnp.asarray(values)
        return (array if sparse else array.argmax(axis=self.axis)).astype(jnp.int32)

    def _wrong_shapes(self, true_shape: tuple[int, ...], pred_shape: tuple[int, ...]) -> str:
        message = different_shapes(f"Metric {self.name!r}", true_shape, pred_shape)
        if len(pred_shape) == len(true_shape) + 1 and self.sparse_y_pred:
            return f"{message} If predictions are scores of the classes, pass sparse_y_pred=False."
        if len(true_shape) == len(pred_shape) + 1 and self.sparse_y_true:
            return f"{message} If targets are one-hot, pass sparse_y_true=False."
        return message


class BinaryIoU(IoU):
    """Intersection over union of two classes, told apart by a threshold.

    Args:
        target_class_ids: the classes whose values are averaged: [0], [1] or [0, 1].
        threshold: predictions at or above it are of class 1.
        name, dtype: as for `Metric`.

    Raises:
        ValueError: if an argument is out of its range, or if shapes don't fit.

    Example:
        >>> round(float(BinaryIoU(threshold=0.3)([0, 1, 0, 1], [0.1, 0.2, 0.4, 0.7])), 4)
        0.3333
    """

    def __init__(
        self,
        target_class_ids: Sequence[int] = (0, 1),
        threshold: float = 0.5,
        name: str | None = None,
        dtype: object = None,
    ) -> None:
        super().__init__(num_classes=2, target_class_ids=target_class_ids, name=name, dtype=dtype)
        self.threshold = threshold

    def update_state(self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None) -> None:
        """Take in targets, 0 or 1, and scores of the same shape, and weights for samples or values."""
        decided = jnp.asarray(y_pred) >= self.threshold
        super().update_state(y_true, decided.astype(jnp.int32), sample_weight)


class MeanIoU(IoU):
    """The mean of the intersection over union of all classes.

    Args:
        num_classes: number of classes.
        name, dtype: as for `Metric`; default dtype "int32".
        ignore_class: a class whose pixels don't count, for example 255 for borders.
        sparse_y_true: whether targets are class numbers; else one-hot or scores, of which the largest counts.
        sparse_y_pred: whether predictions are class numbers; else scores, of which the largest counts.
        axis: the axis of the scores.

    Raises:
        ValueError: if an argument is out of its range, or if shapes don't fit.

    Example:
        >>> round(float(MeanIoU(num_classes=2)([0, 0, 1, 1], [0, 1, 0, 1])), 4)
        0.3333
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: object = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        super().__init__(num_classes, range(num_classes), name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis)


class OneHotIoU(IoU):
    """Intersection over union of chosen classes, with one-hot targets and scores as predictions.

    Args:
        num_classes: number of classes.
        target_class_ids: the classes whose values are averaged.
        name, dtype: as for `Metric`; default dtype "int32".
        ignore_class: a class whose pixels don't count.
        sparse_y_pred: whether predictions are class numbers; else scores, of which the largest counts.
        axis: the axis of the classes.

    Raises:
        ValueError: if an argument is out of its range, or if shapes don't fit.

    Example:
        >>> metric = OneHotIoU(num_classes=2, target_class_ids=[0])
        >>> float(metric([[1, 0], [0, 1]], [[0.9, 0.1], [0.8, 0.2]]))
        0.5
    """

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: object = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(num_classes, target_class_ids, name, dtype, ignore_class, False, sparse_y_pred, axis)


class OneHotMeanIoU(MeanIoU):
    """The mean of the intersection over union of all classes, with one-hot targets and scores as predictions.

    Args:
        num_classes: number of classes.
        name, dtype: as for `Metric`; default dtype "int32".
        ignore_class: a class whose pixels don't count.
        sparse_y_pred: whether predictions are class numbers; else scores, of which the largest counts.
        axis: the axis of the classes.

    Raises:
        ValueError: if an argument is out of its range, or if shapes don't fit.

    Example:
        >>> metric = OneHotMeanIoU(num_classes=2)
        >>> float(metric([[1, 0], [0, 1]], [[0.9, 0.1], [0.8, 0.2]]))
        0.25
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: object = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(num_classes, name, dtype, ignore_class, False, sparse_y_pred, axis)
