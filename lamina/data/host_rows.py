"""Rows that stay where they are, in a memory-mapped file or a sparse matrix, until a batch needs them."""

from __future__ import annotations

import mmap
from typing import Any

import numpy as np


class HostRows:
    """An array whose rows are read, made dense and converted batch by batch.

    Args:
        source: a memory-mapped array, a large array, or a sparse matrix of scipy in any format that can be sliced.
        dtype: what the rows are converted to.
    """

    def __init__(self, source: Any, dtype: Any) -> None:
        self._source = source
        self._sparse = hasattr(source, "toarray")
        self._file = _mapped_file(source)
        self.dtype = np.dtype(dtype)
        self.shape = tuple(source.shape)

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes of the whole, dense and converted."""
        return int(np.prod(self.shape, dtype="int64")) * self.dtype.itemsize

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: slice) -> HostRows:
        """Return some consecutive rows, still where they are."""
        return HostRows(self._source[index], self.dtype)

    def rows(self, numbers: np.ndarray) -> np.ndarray:
        """Return rows by number as an array."""
        if self._sparse:
            found = self._source[numbers].toarray()
        elif len(numbers) and numbers[-1] - numbers[0] + 1 == len(numbers) and (np.diff(numbers) == 1).all():
            found = np.asarray(self._source[int(numbers[0]) : int(numbers[-1]) + 1])  # read in one go
        else:
            found = np.asarray(self._source[numbers])
        if self._file is None:
            return found.astype(self.dtype, copy=False)
        found = np.array(found, self.dtype)
        # What was read stays in the system's cache, but not in the memory of this process, which a pass would fill.
        self._file.madvise(mmap.MADV_DONTNEED)
        return found

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        whole = self._source.toarray() if self._sparse else np.asarray(self._source)
        return whole.astype(self.dtype if dtype is None else dtype, copy=False)


def stays_on_host(value: Any) -> bool:
    """Tell whether an array lies in a memory-mapped file, or is a view of such a one."""
    while isinstance(value, np.ndarray):
        if isinstance(value, np.memmap):
            return True
        value = value.base
    return False


def _mapped_file(value: Any) -> mmap.mmap | None:
    """Return the file that an array is mapped from, if its pages may be let go: not where they hold changes."""
    while isinstance(value, np.ndarray):
        if isinstance(value, np.memmap) and value.mode != "c" and hasattr(mmap, "MADV_DONTNEED"):
            return getattr(value, "_mmap", None)  # NumPy has no public name for it
        value = value.base
    return None


def gather(data: Any, numbers: np.ndarray) -> np.ndarray:
    """Return rows of a NumPy array or of `HostRows` by number."""
    return data.rows(numbers) if isinstance(data, HostRows) else np.asarray(data)[numbers]
