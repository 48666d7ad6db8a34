"""Cross-entropy of targets that are one-hot, or probabilities of classes."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from lamina.errors import warn
from lamina.losses.alignment import as_float, different_shapes
from lamina.losses.loss import FunctionLoss
from lamina.losses.probabilities import (
    at_least_float32,
    check_label_smoothing,
    check_probabilities,
    clip_probabilities,
)
from lamina.typing import Array, ArrayLike

_FOR_CLASS_NUMBERS = {
    "categorical_crossentropy": "sparse_categorical_crossentropy",
    "categorical_accuracy": "sparse_categorical_accuracy",
    "top_k_categorical_accuracy": "sparse_top_k_categorical_accuracy",
}


def categorical_crossentropy(
    y_true: ArrayLike, y_pred: ArrayLike, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Array:
    """Return `-sum(y_true * log(y_pred))` over the axis of the classes.

    Args:
        y_true: one-hot targets or probabilities, (batch, ..., classes).
        y_pred: probabilities or logits of the same shape. Probabilities are divided by their sum and kept
            `lamina.config.epsilon()` away from 0 and 1.
        from_logits: whether `y_pred` holds logits, any real number.
        label_smoothing: share in [0, 1] that is taken from the targets and given to all classes alike.
        axis: the axis of the classes.

    Returns:
        An array of the shape without that axis.

    Raises:
        ValueError: if the shapes differ (says so if `y_true` looks like class numbers), or if `label_smoothing` is
            outside [0, 1].

    Example:
        >>> print(categorical_crossentropy([[0.0, 1.0]], [[0.5, 0.5]]).round(4))
        [0.6931]
    """
    check_label_smoothing(label_smoothing)
    y_true, y_pred = one_hot_and_scores(y_true, y_pred, axis, "categorical_crossentropy")
    log_probabilities = log_of_probabilities(y_pred, from_logits, axis)
    y_true = at_least_float32(spread_over_classes(y_true, label_smoothing, axis))
    return -(y_true * log_probabilities).sum(axis=axis).astype(y_pred.dtype)


def one_hot_and_scores(y_true: ArrayLike, y_pred: ArrayLike, axis: int, name: str) -> tuple[Array, Array]:
    """Return targets and predictions as floats of one dtype, or raise ValueError if they can't belong together."""
    y_pred = as_float(y_pred)
    y_true = jnp.asarray(y_true).astype(y_pred.dtype)
    if y_true.shape != y_pred.shape:
        if y_pred.ndim and y_true.shape in (y_pred.shape[:-1], (*y_pred.shape[:-1], 1)):
            raise ValueError(_class_numbers(name, y_true.shape, y_pred.shape))
        raise ValueError(different_shapes(name, y_true.shape, y_pred.shape))
    if not y_pred.ndim:
        raise ValueError(f"{name} needs a value for each class, (batch, classes), but y_pred is a scalar.")
    if y_pred.shape[axis] == 1:
        warn(
            f"{name} compares classes, but the predictions have only one, so it can learn nothing. "
            "Use binary_crossentropy for a single output.",
        )
    return y_true, y_pred


def _class_numbers(name: str, given: tuple[int, ...], expected: tuple[int, ...]) -> str:
    sparse = _FOR_CLASS_NUMBERS.get(name)
    other = f"Use {sparse} for class numbers, or convert them" if sparse else "Convert them"
    return (
        f"{name} needs one-hot targets of shape {expected}, one value for each class, but y_true has shape {given}, "
        f"which looks like class numbers. {other}: lamina.utils.to_categorical(y_true, {expected[-1]})."
    )


def spread_over_classes(y_true: Array, label_smoothing: float, axis: int) -> Array:
    """Return targets of which a share is spread over all classes."""
    return y_true * (1.0 - label_smoothing) + label_smoothing / y_true.shape[axis] if label_smoothing else y_true


def log_of_probabilities(y_pred: Array, from_logits: bool, axis: int) -> Array:
    """Return the logarithm of each class's probability, at least in float32."""
    if from_logits:
        return jax.nn.log_softmax(at_least_float32(y_pred), axis=axis)
    return jnp.log(clip_probabilities(y_pred / y_pred.sum(axis=axis, keepdims=True)))


class CategoricalCrossentropy(FunctionLoss):
    """Cross-entropy between one-hot targets (or probabilities) and predicted probabilities of classes.

    For class numbers use `SparseCategoricalCrossentropy`.

    Args:
        from_logits: whether predictions are logits, any real number, instead of probabilities. More precise; leave the
            last layer without activation.
        label_smoothing: share in [0, 1] that is taken from the targets and given to all classes alike.
        axis: the axis of the classes.
        reduction, name, dtype: as for `Loss`.

    Example:
        >>> round(float(CategoricalCrossentropy()([[0.0, 1.0]], [[0.5, 0.5]])), 4)
        0.6931
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_crossentropy",
        dtype: object = None,
    ) -> None:
        check_label_smoothing(label_smoothing)
        arguments = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        super().__init__(categorical_crossentropy, reduction, name, dtype, **arguments)

    def check_targets(self, y_true: np.ndarray, output_shape: tuple[int | None, ...]) -> None:
        check_probabilities(y_true, self.name)
