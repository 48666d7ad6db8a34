"""`timeseries_dataset_from_array` and `split_dataset`."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from lamina.data.py_dataset import PyDataset


class WindowDataset(PyDataset):
    """Batches of windows of a series, cut out when they are needed."""

    def __init__(
        self,
        data: np.ndarray,
        targets: np.ndarray | None,
        starts: np.ndarray,
        steps: np.ndarray,
        batch_size: int | None,
        generator: np.random.Generator | None,
    ) -> None:
        super().__init__()
        self._data, self._targets, self._starts, self._steps = data, targets, starts, steps
        self._batch_size, self._generator = batch_size, generator
        self.on_epoch_end()

    def __len__(self) -> int:
        return -(-len(self._starts) // (self._batch_size or 1))

    def __getitem__(self, index: int) -> Any:
        if not 0 <= index < len(self):
            raise IndexError(f"The data set has {len(self)} batches; there is none at {index}.")
        size = self._batch_size or 1
        starts = self._starts[index * size : (index + 1) * size]
        if self._batch_size is None:
            starts = starts[0]
        windows = self._data[starts[..., None] + self._steps]
        return windows if self._targets is None else (windows, self._targets[starts])

    def on_epoch_end(self) -> None:
        if self._generator is not None:
            self._starts = self._generator.permutation(self._starts)


def timeseries_dataset_from_array(
    data: Any,
    targets: Any,
    sequence_length: int,
    sequence_stride: int = 1,
    sampling_rate: int = 1,
    batch_size: int | None = 128,
    shuffle: bool = False,
    seed: int | None = None,
    start_index: int | None = None,
    end_index: int | None = None,
    format: str = "tf",
) -> PyDataset:
    """Return windows that slide over a series as a data set for `fit`; the series is kept once.

    Args:
        data: the series, time first.
        targets: what belongs to the window that begins at each time, or None.
        sequence_length: time steps of a window.
        sequence_stride: time steps from the start of one window to that of the next.
        sampling_rate: time steps from one element of a window to the next.
        batch_size: windows to a batch; None gives them one by one.
        shuffle: whether to draw another order for each epoch.
        seed: of the order.
        start_index, end_index: the part of the series to use; the last is left out.
        format: "tf", the default of Keras; in any case the result is a `PyDataset`, TensorFlow is not needed.

    Raises:
        ValueError: if an argument is out of range.

    Example:
        >>> windows = lamina.utils.timeseries_dataset_from_array(np.arange(6), None, sequence_length=3)
        >>> windows[0].tolist()
        [[0, 1, 2], [1, 2, 3], [2, 3, 4], [3, 4, 5]]
    """
    if format != "tf":
        raise ValueError(f"timeseries_dataset_from_array: leave format at 'tf' (it gives a PyDataset), got {format!r}.")
    data = np.asarray(data)
    for name, value in (
        ("sequence_length", sequence_length),
        ("sequence_stride", sequence_stride),
        ("sampling_rate", sampling_rate),
    ):
        if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= len(data):
            raise ValueError(
                f"timeseries_dataset_from_array: {name} must be a whole number from 1 to the length of the data, "
                f"{len(data)}; got {value!r}."
            )
    first, last = start_index or 0, len(data) if end_index is None else end_index
    if not 0 <= first < last <= len(data):
        raise ValueError(
            f"timeseries_dataset_from_array: start_index and end_index must satisfy 0 <= start < end <= {len(data)}, "
            f"got {start_index} and {end_index}."
        )
    length = last - first
    count = length - (sequence_length - 1) * sampling_rate
    if targets is not None:
        targets = np.asarray(targets)
        count = min(count, len(targets) - first)
    starts = np.arange(0, max(count, 0), sequence_stride) + first
    steps = np.arange(sequence_length) * sampling_rate
    generator = np.random.default_rng(seed) if shuffle else None
    return WindowDataset(data, targets, starts, steps, batch_size, generator)


def split_dataset(
    dataset: Any,
    left_size: float | None = None,
    right_size: float | None = None,
    shuffle: bool = False,
    seed: int | None = None,
    preferred_backend: str | None = None,
) -> tuple[Any, Any]:
    """Return two parts of a data set of arrays.

    Args:
        dataset: an array, or a list, tuple or dictionary of arrays of one length.
        left_size: rows of the first part: a share in (0, 1) or a number; default what `right_size` leaves.
        right_size: the same of the second part.
        shuffle: whether to draw the rows at random.
        seed: of the draw.
        preferred_backend: must be None: the parts are arrays, as what was given.

    Returns:
        `(first, second)`, each of the structure of `dataset`.

    Raises:
        ValueError: if sizes don't fit.
        TypeError: for something that holds no arrays.

    Example:
        >>> left, right = lamina.utils.split_dataset(np.arange(10), left_size=0.8)
        >>> len(left), len(right)
        (8, 2)
    """
    if preferred_backend is not None:
        raise ValueError("split_dataset: preferred_backend must be None; the parts are arrays.")
    leaves = [np.asarray(leaf) for leaf in jax.tree.leaves(dataset)]
    if (
        not leaves
        or any(leaf.ndim == 0 for leaf in leaves)
        or not isinstance(dataset, np.ndarray | jax.Array | list | tuple | dict)
    ):
        raise TypeError(
            f"split_dataset takes arrays, or lists and dictionaries of arrays; got {type(dataset).__name__}."
        )
    count = len(leaves[0])
    if any(len(leaf) != count for leaf in leaves):
        raise ValueError(f"split_dataset: the arrays must have one length, got {[len(leaf) for leaf in leaves]}.")
    left, right = _part("left_size", left_size, count), _part("right_size", right_size, count)
    if left is None and right is None:
        raise ValueError("split_dataset: pass left_size, right_size or both.")
    left = count - right if left is None else left  # type: ignore[operator]
    right = count - left if right is None else right
    if left < 1 or right < 1 or left + right > count:
        raise ValueError(f"split_dataset: {count} rows can't be split into {left} and {right}.")
    order = np.random.default_rng(seed).permutation(count) if shuffle else np.arange(count)

    def rows(chosen: np.ndarray) -> Any:
        return jax.tree.map(lambda leaf: np.asarray(leaf)[chosen], dataset)

    return rows(order[:left]), rows(order[left : left + right])


def _part(name: str, size: float | None, count: int) -> int | None:
    if size is None:
        return None
    if (
        isinstance(size, bool)
        or not isinstance(size, int | float)
        or size <= 0
        or (isinstance(size, float) and size >= 1)
    ):
        raise ValueError(f"split_dataset: {name} must be a share in (0, 1) or a positive whole number, got {size!r}.")
    return round(size * count) if isinstance(size, float) else size
