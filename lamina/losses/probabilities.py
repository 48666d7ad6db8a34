"""What the cross-entropies share: safe logarithms of probabilities, label smoothing, targets checked on the host."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np

from lamina import config
from lamina.typing import Array


def clip_probabilities(probabilities: Array) -> Array:
    """Return probabilities kept `epsilon` away from 0 and 1, at least in float32.

    Half precision can't tell 1 - 1e-7 from 1, and the logarithm of 0 would follow.
    """
    epsilon = float(np.asarray(config.epsilon(), probabilities.dtype))
    return jnp.clip(at_least_float32(probabilities), epsilon, 1.0 - config.epsilon())


def at_least_float32(value: Array) -> Array:
    """Return `value` in float32 if it is of half precision."""
    return value.astype(jnp.promote_types(value.dtype, jnp.float32))


def check_label_smoothing(label_smoothing: float) -> None:
    """Raise ValueError if `label_smoothing` is outside [0, 1]."""
    if isinstance(label_smoothing, int | float) and not 0 <= label_smoothing <= 1:
        raise ValueError(f"label_smoothing must lie in [0, 1], got {label_smoothing}.")


def check_class_numbers(y_true: np.ndarray, classes: int | None, name: str, ignore_class: int | None = None) -> None:
    """Raise ValueError if `y_true` holds anything but whole numbers in [0, classes).

    Args:
        y_true: class numbers on the host, (samples, ...).
        classes: number of classes; None if unknown, then only negative and fractional labels are found.
        name: the loss, for the error.
        ignore_class: a number that is allowed, too.
    """
    labels = np.asarray(y_true)
    if not (np.issubdtype(labels.dtype, np.number) or labels.dtype == bool):
        raise ValueError(
            f"{name} needs class numbers, but y_true has dtype {labels.dtype}. Number the classes first, for example "
            "by np.unique(y_true, return_inverse=True)[1]."
        )
    top = np.inf if classes is None else classes
    with np.errstate(invalid="ignore"):
        wrong = ~((labels >= 0) & (labels < top) & (labels == np.floor(labels)))
    if ignore_class is not None:
        wrong &= labels != ignore_class
    if wrong.any():
        expected = "whole numbers from 0 on" if classes is None else f"whole numbers from 0 to {classes - 1}"
        raise ValueError(
            f"{name} needs class numbers, {expected}{'' if classes is None else f', for {classes} outputs'}, but "
            f"y_true {_found(labels, wrong)}{_advice(labels, classes)}"
        )


def check_probabilities(y_true: np.ndarray, name: str) -> None:
    """Raise ValueError if `y_true` holds anything outside [0, 1], NaN included."""
    labels = np.asarray(y_true)
    if labels.dtype == bool or not np.issubdtype(labels.dtype, np.number):
        return
    with np.errstate(invalid="ignore"):
        wrong = ~((labels >= 0) & (labels <= 1))
    if wrong.any():
        if set(np.unique(labels[~np.isnan(labels)])) == {-1, 1}:
            advice = " Labels of -1 and 1 become 0 and 1 by (y_true + 1) / 2."
        elif np.nanmin(labels) >= 0 and (labels == np.floor(labels)).all():
            advice = " For class numbers use sparse_categorical_crossentropy and a softmax with a unit for each class."
        else:
            advice = ""
        raise ValueError(f"{name} needs targets in [0, 1], but y_true {_found(labels, wrong)}{advice}")


def _found(labels: np.ndarray, wrong: np.ndarray) -> str:
    values = np.unique(labels[wrong])
    shown = ", ".join(f"{value:g}" for value in values[:5].tolist())
    more = "" if len(values) <= 5 else f" and {len(values) - 5} other values"
    row = int(np.argwhere(wrong)[0][0]) if labels.ndim else 0
    return f"holds {shown}{more} (first in row {row}, {int(wrong.sum())} in all)."


def _advice(labels: np.ndarray, classes: int | None) -> str:
    if np.isnan(labels.astype(float)).any():
        return " NaN is a missing label: leave those rows out."
    if classes is None or labels.size == 0:
        return ""
    if (labels != np.floor(labels)).any():
        return " For targets that are no classes use a regression loss, such as 'mse', and no softmax at the end."
    if labels.min() == 1 and labels.max() == classes:
        return " The labels count from 1: pass y_true - 1."
    if labels.min() >= 0 and (labels == np.floor(labels)).all():
        if classes == 1 and labels.max() == 1:
            return " For two classes use binary_crossentropy with one sigmoid unit, or give the last layer 2 units."
        return f" Give the last layer {int(labels.max()) + 1} units, one for each class."
    return ""
