"""Class weights as sample weights."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from lamina.typing import PyTree


def as_sample_weight(class_weight: Any, y: PyTree) -> np.ndarray:
    """Return a weight for each row from a weight for each class.

    Args:
        class_weight: `{class: weight}`; classes that are missing weigh 1. Or "balanced": inversely to their frequency,
            with mean 1 over the rows.
        y: integer labels `(rows,)` or `(rows, 1)`, or one-hot rows.

    Raises:
        ValueError: if there are several outputs, or the form of `class_weight` or `y` is another.
    """
    leaves = jax.tree.leaves(y)
    if len(leaves) != 1:
        raise ValueError("class_weight works with a single output only; pass sample_weight for each output instead.")
    labels = np.asarray(leaves[0])
    if labels.ndim == 2 and labels.shape[1] > 1:
        labels = labels.argmax(axis=1)
    if labels.ndim > 2:
        raise ValueError(f"class_weight needs one label for each row, got y of shape {labels.shape}.")
    labels = labels.reshape(-1).astype("int64")
    if labels.size and labels.min() < 0:
        raise ValueError(f"class_weight needs labels from 0 on, but y holds {labels.min()}.")
    table = np.ones(int(labels.max(initial=0)) + 1, "float32")
    if class_weight == "balanced":
        counts = np.bincount(labels, minlength=len(table))
        table = (len(labels) / (np.count_nonzero(counts) * np.maximum(counts, 1))).astype("float32")
    elif isinstance(class_weight, dict):
        for label, weight in class_weight.items():
            if not isinstance(label, int | np.integer) or label < 0:
                raise ValueError(f"class_weight maps class numbers to weights, got the key {label!r}.")
            if label < len(table):
                table[label] = weight
    else:
        raise ValueError(f"class_weight must be a dictionary {{class: weight}} or 'balanced', got {class_weight!r}.")
    return table[labels]
