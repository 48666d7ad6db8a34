"""Cross-entropy of targets that are class numbers."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np

from lamina.losses.alignment import TOO_MANY_AXES, as_float
from lamina.losses.categorical_crossentropy import log_of_probabilities
from lamina.losses.loss import FunctionLoss
from lamina.losses.probabilities import check_class_numbers, clip_probabilities
from lamina.typing import Array, ArrayLike


def sparse_categorical_crossentropy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    from_logits: bool = False,
    ignore_class: int | None = None,
    axis: int = -1,
) -> Array:
    """Return `-log` of the probability that was given to the right class.

    Args:
        y_true: class numbers in [0, classes), (batch, ...) or (batch, ..., 1). A number outside gives a loss of 0,
            since a compiled program can't raise; `SparseCategoricalCrossentropy().check_targets` finds such labels.
        y_pred: probabilities or logits, (batch, ..., classes). Probabilities are divided by their sum and kept
            `lamina.config.epsilon()` away from 0 and 1.
        from_logits: whether `y_pred` holds logits, any real number.
        ignore_class: a class whose samples have a loss of 0, for example the border in a segmentation.
        axis: the axis of the classes.

    Returns:
        An array of shape (batch, ...), at least in float32.

    Raises:
        ValueError: if the shapes don't fit (says so if `y_true` looks one-hot).

    Example:
        >>> print(sparse_categorical_crossentropy([1, 0], [[0.5, 0.5], [1.0, 0.0]]).round(4))
        [0.6931 0.    ]
    """
    labels, y_pred = class_numbers_and_scores(y_true, y_pred, axis, "sparse_categorical_crossentropy")
    labels = labels.astype(jnp.int32)
    classes = y_pred.shape[-1]
    # Compared and summed in one pass: no one-hot array is made, and the gradient needs no scatter.
    chosen = labels[..., None] == jnp.arange(classes, dtype=labels.dtype)
    if from_logits:
        loss = -jnp.where(chosen, log_of_probabilities(y_pred, from_logits, axis=-1), 0.0).sum(axis=-1)
    else:  # a logarithm for each sample, not for each class
        probabilities = jnp.where(chosen, y_pred, 0.0).sum(axis=-1) / y_pred.sum(axis=-1)
        loss = jnp.where((labels >= 0) & (labels < classes), -jnp.log(clip_probabilities(probabilities)), 0.0)
    return loss if ignore_class is None else jnp.where(labels == ignore_class, 0.0, loss)


def class_numbers_and_scores(y_true: ArrayLike, y_pred: ArrayLike, axis: int, name: str) -> tuple[Array, Array]:
    """Return class numbers, (batch, ...), and predictions with the classes on the last axis, (batch, ..., classes).

    Raises:
        ValueError: if they don't belong together.
    """
    y_pred = as_float(y_pred)
    if not y_pred.ndim:
        raise ValueError(f"{name} needs a value for each class, (batch, classes), but y_pred is a scalar.")
    labels = jnp.asarray(y_true)
    given, scores_shape = labels.shape, y_pred.shape
    y_pred = jnp.moveaxis(y_pred, axis, -1)
    if labels.ndim == y_pred.ndim and labels.shape[axis] == 1:
        labels = labels.squeeze(axis)
    if labels.shape != y_pred.shape[:-1]:
        raise ValueError(_wrong_labels(name, given, scores_shape, y_pred.shape))
    return labels, y_pred


def _wrong_labels(name: str, given: tuple[int, ...], scores: tuple[int, ...], classes_last: tuple[int, ...]) -> str:
    message = (
        f"{name} needs one class number for each prediction, so y_true of shape {classes_last[:-1]} for y_pred "
        f"of shape {scores}, but y_true has shape {given}."
    )
    if given == scores:
        dense = f"use {name.removeprefix('sparse_')} for one-hot targets, or " if name.startswith("sparse_") else ""
        return f"{message} It looks one-hot: {dense}convert them to class numbers: y_true.argmax(axis=-1)."
    if given and scores and given[0] != scores[0]:
        return f"{message} They hold {given[0]} and {scores[0]} samples."
    return f"{message} {TOO_MANY_AXES}" if len(scores) > len(given) + 1 else message


class SparseCategoricalCrossentropy(FunctionLoss):
    """Cross-entropy between class numbers and predicted probabilities of classes.

    Args:
        from_logits: whether predictions are logits, any real number, instead of probabilities. More precise; leave the
            last layer without activation.
        ignore_class: a class whose samples don't count.
        reduction, name, dtype: as for `Loss`.
        axis: the axis of the classes.

    Example:
        >>> round(float(SparseCategoricalCrossentropy()([1, 0], [[0.5, 0.5], [0.5, 0.5]])), 4)
        0.6931
    """

    keeps_integers = True
    unwritten = {"axis": -1}
    ignore_class: int | None
    axis: int

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        axis: int = -1,
        name: str | None = "sparse_categorical_crossentropy",
        dtype: object = None,
    ) -> None:
        arguments = {"from_logits": from_logits, "ignore_class": ignore_class, "axis": axis}
        super().__init__(sparse_categorical_crossentropy, reduction, name, dtype, **arguments)

    def call(self, y_true: Array, y_pred: Array) -> Array:
        return self.fn(y_true, y_pred, **self._fn_kwargs)

    def value_mask(self, y_true: Array, y_pred: Array) -> Array | None:
        return ignored_class_mask(y_true, y_pred, self.ignore_class, self.axis)

    def check_targets(self, y_true: np.ndarray, output_shape: tuple[int | None, ...]) -> None:
        check_class_numbers(y_true, output_shape[self.axis], self.name, self.ignore_class)


def ignored_class_mask(y_true: ArrayLike, y_pred: ArrayLike, ignore_class: int | None, axis: int) -> Array | None:
    """Return False where the label is the class to ignore, (batch, ...), or None if there is none."""
    if ignore_class is None:
        return None
    labels, _ = class_numbers_and_scores(y_true, y_pred, axis, "sparse_categorical_crossentropy")
    return labels.astype(jnp.int32) != ignore_class
