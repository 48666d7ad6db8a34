"""Taking validation rows off the data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import numpy as np

from lamina.data.arrays import take
from lamina.data.host_rows import HostRows, gather
from lamina.typing import PyTree


class ShuffledSplit:
    """Takes rows for validation at random; to be passed as `fit(validation_split=...)`.

    Args:
        fraction: share of the rows that validate, in (0, 1).
        seed: decides which rows; the same seed takes the same ones.

    Example:
        >>> train, validation = next(ShuffledSplit(0.25, seed=1).split(np.arange(8)))
        >>> len(train), len(validation)
        (6, 2)
    """

    def __init__(self, fraction: float = 0.2, seed: int = 0) -> None:
        self.fraction = check_fraction(fraction)
        self.seed = seed

    def split(self, x: Any, y: Any = None) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield once: the row numbers for training and those for validation."""
        count = len(x)
        kept = int(count * (1 - self.fraction))
        order = self._generator().permutation(count)
        yield np.sort(order[:kept]), np.sort(order[kept:])

    def _generator(self) -> np.random.Generator:
        return np.random.Generator(np.random.Philox(self.seed))


class StratifiedSplit(ShuffledSplit):
    """As `ShuffledSplit`, but takes the same share of the rows of every class.

    A class with at least two rows has rows on both sides.

    Args:
        fraction: share of the rows of each class that validate, in (0, 1).
        seed: decides which rows; the same seed takes the same ones.

    Example:
        >>> train, validation = next(StratifiedSplit(0.25, seed=1).split(np.arange(8), [0, 0, 0, 0, 1, 1, 1, 1]))
        >>> sorted(int(row) // 4 for row in validation)
        [0, 1]
    """

    def split(self, x: Any, y: Any = None) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield once: the row numbers for training and those for validation.

        Raises:
            ValueError: if `y` is not a label or a one-hot row for each row.
        """
        labels = None if y is None else np.asarray(y)
        if labels is not None and labels.ndim == 2 and labels.shape[1] > 1:
            labels = labels.argmax(axis=1)
        if labels is None or labels.size != len(x):
            raise ValueError("StratifiedSplit needs y: an integer label or a one-hot row for each row of x.")
        generator, validation = self._generator(), []
        labels = labels.reshape(-1)
        for label in np.unique(labels):
            rows = generator.permutation(np.flatnonzero(labels == label))
            count = round(len(rows) * self.fraction)
            validation.append(rows[: min(max(count, 1), len(rows) - 1)])
        taken = np.sort(np.concatenate(validation))
        yield np.setdiff1d(np.arange(len(labels)), taken), taken


def split_rows(data: PyTree, count: int, splitter: Any) -> tuple[PyTree, PyTree]:
    """Return the rows for training and those for validation.

    Args:
        data: `Batch` of arrays.
        count: how many rows they have.
        splitter: the share of rows that is taken off the end (as Keras: before any shuffling, `int(count * (1 -
            share))` rows are kept), or an object with `split(x, y)`, which yields row numbers, as scikit-learn's have.

    Raises:
        ValueError: for a share outside of (0, 1), or if one side is left empty.
    """
    if hasattr(splitter, "split") and not isinstance(splitter, str):
        train, validation = _numbers(splitter, data, count)
        kept, parts = len(train), tuple(_rows(data, rows) for rows in (train, validation))
        left = len(validation)
    else:
        kept = int(count * (1 - check_fraction(splitter)))
        left = count - kept
        parts = (take(data, slice(0, kept)), take(data, slice(kept, count)))
    if kept == 0 or left == 0:
        raise ValueError(
            f"validation_split={splitter!r} of {count} rows leaves {kept} rows for training and {left} for "
            "validation; both need at least one."
        )
    return parts[0], parts[1]


def check_fraction(fraction: Any) -> float:
    """Return a share of rows.

    Raises:
        ValueError: if it is outside of (0, 1).
    """
    if isinstance(fraction, bool) or not isinstance(fraction, int | float) or not 0 < fraction < 1:
        raise ValueError(
            f"validation_split must be a number between 0 and 1, or an object with split(x, y); got {fraction!r}."
        )
    return float(fraction)


def _numbers(splitter: Any, data: Any, count: int) -> tuple[np.ndarray, np.ndarray]:
    y = jax.tree.leaves(data.y)
    labels = np.asarray(y[0]) if len(y) == 1 else None
    train, validation = next(iter(splitter.split(np.arange(count), labels)))
    numbers = [np.asarray(rows) for rows in (train, validation)]
    for rows in numbers:
        if rows.dtype.kind not in "iu" or (rows.size and not (rows.min() >= 0 and rows.max() < count)):
            raise ValueError(f"{type(splitter).__name__}.split gave no row numbers between 0 and {count - 1}.")
    return numbers[0], numbers[1]


def _rows(data: PyTree, numbers: np.ndarray) -> PyTree:
    return jax.tree.map(lambda leaf: gather(leaf, numbers) if isinstance(leaf, HostRows) else leaf[numbers], data)
