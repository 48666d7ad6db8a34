"""Focal cross-entropies, which give little weight to samples that are right already."""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from lamina.losses.alignment import comparable
from lamina.losses.binary_crossentropy import elementwise, move_to_half
from lamina.losses.categorical_crossentropy import one_hot_and_scores, spread_over_classes
from lamina.losses.loss import FunctionLoss
from lamina.losses.probabilities import (
    at_least_float32,
    check_label_smoothing,
    check_probabilities,
    clip_probabilities,
)
from lamina.typing import Array, ArrayLike


def binary_focal_crossentropy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Array:
    """Return the mean over an axis of the binary cross-entropy times `(1 - p) ** gamma`.

    p is the probability given to the right answer.

    Args:
        y_true: targets in [0, 1], (batch, ..., values).
        y_pred: probabilities, or logits, of the same shape; the last axis may be missing in one of the two if its size
            is 1.
        apply_class_balancing: whether to weigh class 1 by alpha and class 0 by 1 - alpha.
        alpha: the weight of class 1, in [0, 1].
        gamma: the larger, the less the easy samples count; 0 gives the plain cross-entropy.
        from_logits: whether `y_pred` holds logits, any real number.
        label_smoothing: share in [0, 1] by which targets are moved to 0.5.
        axis: the axis to take the mean over.

    Returns:
        An array of the shape without that axis.

    Raises:
        ValueError: if the shapes differ or `label_smoothing` is outside [0, 1].

    Example:
        >>> print(binary_focal_crossentropy([[0.0, 1.0]], [[0.5, 0.5]]).round(4))
        [0.1733]

    Reference: Lin et al., 2017, https://arxiv.org/abs/1708.02002
    """
    check_label_smoothing(label_smoothing)
    y_true, y_pred = comparable(y_true, y_pred, "binary_focal_crossentropy")
    dtype = y_pred.dtype
    y_true = at_least_float32(move_to_half(y_true, label_smoothing))
    if from_logits:
        y_pred = jax.nn.sigmoid(y_pred)
    probability = at_least_float32(y_pred)
    right = y_true * probability + (1.0 - y_true) * (1.0 - probability)
    loss = jnp.power(1.0 - right, gamma) * elementwise(y_true, y_pred, from_logits=False)
    if apply_class_balancing:
        loss = loss * (y_true * alpha + (1.0 - y_true) * (1.0 - alpha))
    return loss.mean(axis=axis).astype(dtype)


def categorical_focal_crossentropy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    alpha: float | Sequence[float] = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Array:
    """Return `sum(-alpha * (1 - y_pred) ** gamma * y_true * log(y_pred))` over the axis of the classes.

    Args:
        y_true: one-hot targets or probabilities, (batch, ..., classes).
        y_pred: probabilities or logits of the same shape.
        alpha: weight of all classes, or one for each class.
        gamma: the larger, the less the easy samples count; 0 gives the plain cross-entropy.
        from_logits: whether `y_pred` holds logits, any real number.
        label_smoothing: share in [0, 1] that is taken from the targets and given to all classes alike.
        axis: the axis of the classes.

    Returns:
        An array of the shape without that axis.

    Raises:
        ValueError: if the shapes differ (says so if `y_true` looks like class numbers), or if `label_smoothing` is
            outside [0, 1].

    Example:
        >>> print(categorical_focal_crossentropy([[0.0, 1.0]], [[0.5, 0.5]]).round(4))
        [0.0433]

    Reference: Lin et al., 2017, https://arxiv.org/abs/1708.02002
    """
    check_label_smoothing(label_smoothing)
    y_true, y_pred = one_hot_and_scores(y_true, y_pred, axis, "categorical_focal_crossentropy")
    dtype = y_pred.dtype
    y_true = at_least_float32(spread_over_classes(y_true, label_smoothing, axis))
    if from_logits:
        y_pred = jax.nn.softmax(y_pred, axis=axis)
    probability = clip_probabilities(y_pred / y_pred.sum(axis=axis, keepdims=True))
    weight = jnp.asarray(alpha, probability.dtype) * jnp.power(1.0 - probability, gamma)
    return (weight * -y_true * jnp.log(probability)).sum(axis=axis).astype(dtype)


class BinaryFocalCrossentropy(FunctionLoss):
    """Binary cross-entropy that gives little weight to samples that are right already.

    Args:
        apply_class_balancing: whether to weigh class 1 by alpha and class 0 by 1 - alpha.
        alpha: the weight of class 1, in [0, 1].
        gamma: the larger, the less the easy samples count; 0 gives the plain cross-entropy.
        from_logits: whether predictions are logits, any real number, instead of probabilities.
        label_smoothing: share in [0, 1] by which targets are moved to 0.5.
        axis: the axis to take the mean over.
        reduction, name, dtype: as for `Loss`.

    Example:
        >>> round(float(BinaryFocalCrossentropy()([[0.0], [1.0]], [[0.5], [0.5]])), 4)
        0.1733

    Reference: Lin et al., 2017, https://arxiv.org/abs/1708.02002
    """

    def __init__(
        self,
        apply_class_balancing: bool = False,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "binary_focal_crossentropy",
        dtype: object = None,
    ) -> None:
        check_label_smoothing(label_smoothing)
        super().__init__(
            binary_focal_crossentropy,
            reduction,
            name,
            dtype,
            apply_class_balancing=apply_class_balancing,
            alpha=alpha,
            gamma=gamma,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )

    def check_targets(self, y_true: np.ndarray, output_shape: tuple[int | None, ...]) -> None:
        check_probabilities(y_true, self.name)


class CategoricalFocalCrossentropy(FunctionLoss):
    """Cross-entropy of one-hot targets that gives little weight to samples that are right already.

    Args:
        alpha: weight of all classes, or one for each class.
        gamma: the larger, the less the easy samples count; 0 gives the plain cross-entropy.
        from_logits: whether predictions are logits, any real number, instead of probabilities.
        label_smoothing: share in [0, 1] that is taken from the targets and given to all classes alike.
        axis: the axis of the classes.
        reduction, name, dtype: as for `Loss`.

    Example:
        >>> round(float(CategoricalFocalCrossentropy()([[0.0, 1.0]], [[0.5, 0.5]])), 4)
        0.0433

    Reference: Lin et al., 2017, https://arxiv.org/abs/1708.02002
    """

    def __init__(
        self,
        alpha: float | Sequence[float] = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_focal_crossentropy",
        dtype: object = None,
    ) -> None:
        check_label_smoothing(label_smoothing)
        super().__init__(
            categorical_focal_crossentropy,
            reduction,
            name,
            dtype,
            alpha=alpha,
            gamma=gamma,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )

    def check_targets(self, y_true: np.ndarray, output_shape: tuple[int | None, ...]) -> None:
        check_probabilities(y_true, self.name)
