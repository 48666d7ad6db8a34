"""`tf.data.experimental`."""

from __future__ import annotations

from typing import Any

from lamina.compat.tensorflow.dataset import AUTOTUNE, INFINITE_CARDINALITY, UNKNOWN_CARDINALITY, Dataset

__all__ = ["AUTOTUNE", "INFINITE_CARDINALITY", "UNKNOWN_CARDINALITY", "cardinality"]


def cardinality(dataset: Dataset) -> Any:
    """Return the number of elements; -1 for infinitely many, -2 where it is not known."""
    return dataset.cardinality()
