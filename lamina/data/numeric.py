"""Arrays made ready for training: classes as vectors, rows of length 1."""

from __future__ import annotations

from typing import Any

import numpy as np


def to_categorical(x: Any, num_classes: int | None = None) -> np.ndarray:
    """Return class indices as vectors with a 1 at that index.

    Args:
        x: whole numbers from 0, of any shape; a last axis of size 1 is dropped.
        num_classes: length of the vectors; default the greatest number plus 1.

    Returns:
        An array (..., num_classes) of NumPy's default float type.

    Raises:
        ValueError: if a number is negative or too large.

    Example:
        >>> lamina.utils.to_categorical([0, 2]).tolist()
        [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    given = np.asarray(x)
    if given.dtype.kind not in "biuf":
        raise ValueError(
            f"to_categorical takes class numbers, got {given.dtype} (for example {given.ravel()[:1].tolist()}). Number "
            "the classes first: names, numbers = np.unique(labels, return_inverse=True)."
        )
    indices = given.astype("int64")
    if indices.ndim > 1 and indices.shape[-1] == 1:
        indices = indices[..., 0]
    greatest = int(indices.max()) if indices.size else -1
    num_classes = greatest + 1 if num_classes is None else num_classes
    if indices.size and (indices.min() < 0 or greatest >= num_classes):
        raise ValueError(
            f"to_categorical: classes must lie in 0, ..., {num_classes - 1}, got {int(indices.min())} to {greatest}."
            f"{_class_advice(int(indices.min()), greatest)}"
        )
    return np.eye(num_classes)[indices]


def _class_advice(least: int, greatest: int) -> str:
    if least < 0:
        return f" Labels from {least} on become numbers from 0 on by x {'-' if least > 0 else '+'} {abs(least)}."
    return f" Pass num_classes={greatest + 1}, or leave it out."


def normalize(x: Any, axis: int = -1, order: float = 2) -> np.ndarray:
    """Return an array divided by its norms along an axis; zeros stay zeros.

    Args:
        x: the array.
        axis: the axis.
        order: of the norm; 2 is Euclidean.

    Example:
        >>> lamina.utils.normalize([[3.0, 4.0]]).tolist()
        [[0.6, 0.8]]
    """
    x = np.atleast_1d(np.asarray(x))
    norms = np.atleast_1d(np.linalg.norm(x, order, axis))
    norms[norms == 0] = 1
    return x / np.expand_dims(norms, axis)


def pack_x_y_sample_weight(x: Any, y: Any = None, sample_weight: Any = None) -> Any:
    """Return a batch as the tuple that data sources give; just `x` where it is alone and no list or tuple.

    Example:
        >>> lamina.utils.pack_x_y_sample_weight(1, 2)
        (1, 2)
    """
    if y is None and sample_weight is None:
        return (x,) if isinstance(x, list | tuple) else x
    return (x, y) if sample_weight is None else (x, y, sample_weight)


def unpack_x_y_sample_weight(data: Any) -> tuple[Any, Any, Any]:
    """Return `(x, y, sample_weight)` of a batch, None for what is missing.

    Raises:
        ValueError: if `data` is a tuple of more than three.

    Example:
        >>> lamina.utils.unpack_x_y_sample_weight((1, 2))
        (1, 2, None)
    """
    data = tuple(data) if isinstance(data, list) else data
    if not isinstance(data, tuple):
        return data, None, None
    if not 1 <= len(data) <= 3:
        raise ValueError(f"A batch is x, (x, y) or (x, y, sample_weight), got a tuple of {len(data)}.")
    x, y, sample_weight = (*data, None, None)[:3]
    return x, y, sample_weight
