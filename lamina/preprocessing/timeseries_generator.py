"""`TimeseriesGenerator`: windows over a series, as Keras 2 made them."""

from __future__ import annotations

from typing import Any

import numpy as np

from lamina.data.py_dataset import PyDataset
from lamina.random.global_seed import fresh_seed


class TimeseriesGenerator(PyDataset):
    """Batches of windows over a series and of the values that follow them.

    In new code `keras.utils.timeseries_dataset_from_array` does this.

    Args:
        data: the series, time first.
        targets: what is to be predicted, as long as `data`.
        length: of a window, in steps.
        sampling_rate: steps between the values of a window.
        stride: steps between windows.
        start_index: steps before are left out.
        end_index: steps behind are left out; default none.
        shuffle: whether windows are drawn at random, with repetition.
        reverse: whether each window runs backwards in time.
        batch_size: windows of a batch.

    Raises:
        ValueError: if lengths differ, or no window fits in.

    Example:
        >>> series = np.arange(10.0)
        >>> windows = lamina.preprocessing.sequence.TimeseriesGenerator(series, series, length=3, batch_size=2)
        >>> windows[0][0].tolist(), windows[0][1].tolist()
        ([[0.0, 1.0, 2.0], [1.0, 2.0, 3.0]], [3.0, 4.0])
    """

    def __init__(
        self,
        data: Any,
        targets: Any,
        length: int,
        sampling_rate: int = 1,
        stride: int = 1,
        start_index: int = 0,
        end_index: int | None = None,
        shuffle: bool = False,
        reverse: bool = False,
        batch_size: int = 128,
    ) -> None:
        super().__init__()
        if len(data) != len(targets):
            raise ValueError(f"TimeseriesGenerator: data has {len(data):,} steps, but targets {len(targets):,}.")
        for name, value in (
            ("length", length),
            ("sampling_rate", sampling_rate),
            ("stride", stride),
            ("batch_size", batch_size),
        ):
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
                raise ValueError(f"TimeseriesGenerator: {name} must be a positive whole number, got {value!r}.")
        self.data = np.asarray(data)
        self.targets = np.asarray(targets)
        self.length = length
        self.sampling_rate = sampling_rate
        self.stride = stride
        self.start_index = start_index + length
        self.end_index = len(data) - 1 if end_index is None else end_index
        self.shuffle = shuffle
        self.reverse = reverse
        self.batch_size = batch_size
        self._rng = np.random.default_rng(fresh_seed())
        if self.start_index > self.end_index:
            raise ValueError(
                f"TimeseriesGenerator: no window of {length} steps and the step behind it fits between step "
                f"{start_index} and step {self.end_index}."
            )

    def __len__(self) -> int:
        return -(-(self.end_index - self.start_index + 1) // (self.batch_size * self.stride))

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        if not 0 <= index < len(self):
            raise IndexError(f"There are {len(self)} batches; there is none at index {index}.")
        if self.shuffle:
            rows = self._rng.integers(self.start_index, self.end_index + 1, self.batch_size)
        else:
            first = self.start_index + self.batch_size * self.stride * index
            rows = np.arange(first, min(first + self.batch_size * self.stride, self.end_index + 1), self.stride)
        windows = np.stack([self.data[row - self.length : row : self.sampling_rate] for row in rows])
        return windows[:, ::-1] if self.reverse else windows, self.targets[rows]
