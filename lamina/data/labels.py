"""Class numbers as one-hot rows."""

from __future__ import annotations

from typing import Any

import numpy as np


def to_categorical(x: Any, num_classes: int | None = None) -> np.ndarray:
    """Return class numbers as one-hot rows of float32.

    Args:
        x: whole numbers from 0 on, of any shape; a last axis of size 1 is dropped.
        num_classes: number of classes; default the largest number plus one.

    Returns:
        An array of shape `(*x.shape, num_classes)`.

    Raises:
        ValueError: for a number that is negative, not whole, or not below `num_classes`.

    Example:
        >>> lamina.utils.to_categorical([0, 2]).tolist()
        [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    given = np.asarray(x)
    labels = given.astype("int64")
    if given.dtype.kind == "f" and not np.array_equal(labels, given):
        raise ValueError("to_categorical needs whole numbers, one for each class; some of these are not.")
    if labels.ndim > 1 and labels.shape[-1] == 1:
        labels = labels[..., 0]
    if num_classes is None:
        num_classes = int(labels.max(initial=-1)) + 1
    if labels.size and (labels.min() < 0 or labels.max() >= num_classes):
        wrong = labels.max() if labels.max() >= num_classes else labels.min()
        raise ValueError(
            f"to_categorical: the class number {wrong} is not among the {num_classes} classes, 0 to {num_classes - 1}."
        )
    return np.eye(num_classes, dtype="float32")[labels]
