"""`PyDataset`: batches by number, made by Python code."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from itertools import count
from typing import Any


class PyDataset:
    """Base of data that come batch by batch from Python code, as in `keras.utils.PyDataset`.

    A subclass writes `__getitem__(index)`, which returns a batch `(x, y)` or `(x, y, sample_weight)`, and `__len__`,
    the number of batches. `on_epoch_begin` and `on_epoch_end` may change the data between passes over them. With
    `shuffle=True`, `fit` asks for the batches in an order drawn anew for each epoch.

    Args:
        workers: threads (or processes) that make batches at the same time.
        use_multiprocessing: whether to use processes; the dataset must be picklable, and a script must guard what it
            does by `if __name__ == "__main__":`, since every process imports it.
        max_queue_size: batches that may be in the making or ready at a time.

    Example:
        >>> import numpy as np
        >>> class Squares(lamina.utils.PyDataset):
        ...     def __len__(self):
        ...         return 3
        ...     def __getitem__(self, index):
        ...         x = np.arange(4.0) + 4 * index
        ...         return x[:, None], x[:, None] ** 2
        >>> Squares()[2][0].shape
        (4, 1)
    """

    def __init__(self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10) -> None:
        for name, value, least in (("workers", workers, 0), ("max_queue_size", max_queue_size, 1)):
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise ValueError(f"PyDataset: {name} must be a whole number from {least} on, got {value!r}.")
        self._workers = workers
        self._use_multiprocessing = bool(use_multiprocessing)
        self._max_queue_size = max_queue_size

    @property
    def workers(self) -> int:
        """How many threads or processes make batches at the same time."""
        return vars(self).get("_workers", 1)  # a subclass may have forgotten super().__init__()

    @workers.setter
    def workers(self, value: int) -> None:
        self._workers = value

    @property
    def use_multiprocessing(self) -> bool:
        """Whether those are processes."""
        return vars(self).get("_use_multiprocessing", False)

    @use_multiprocessing.setter
    def use_multiprocessing(self, value: bool) -> None:
        self._use_multiprocessing = bool(value)

    @property
    def max_queue_size(self) -> int:
        """How many batches may be in the making or ready at a time."""
        return vars(self).get("_max_queue_size", 10)

    @max_queue_size.setter
    def max_queue_size(self, value: int) -> None:
        self._max_queue_size = value

    def __getitem__(self, index: int) -> Any:
        """Return batch `index`."""
        raise NotImplementedError(f"{type(self).__name__} must define __getitem__(index), which returns a batch.")

    def __len__(self) -> int:
        """Return the number of batches."""
        raise NotImplementedError(f"{type(self).__name__} must define __len__(), the number of batches.")

    def __iter__(self) -> Iterator[Any]:
        """Yield the batches in the order of their numbers; without end where `__len__` is not defined."""
        number = self.num_batches
        return (self[index] for index in (count() if number is None else range(number)))

    @property
    def num_batches(self) -> int | None:
        """The number of batches; None where there is no end."""
        try:
            return len(self)
        except NotImplementedError:
            return None

    def on_epoch_begin(self) -> None:
        """Called before a pass over the data."""

    def on_epoch_end(self) -> None:
        """Called after it."""


def batches_in_order(dataset: Any, indices: Iterable[int]) -> Iterator[Any]:
    """Yield batches of a dataset by number, made by as many workers as it says, in the order of `indices`."""
    workers = getattr(dataset, "workers", 1)
    if workers <= 1 and not getattr(dataset, "use_multiprocessing", False):
        for index in indices:
            yield dataset[index]
        return
    with _executor(dataset, max(1, workers)) as executor:
        pending: deque[Future[Any]] = deque()
        try:
            for index in indices:
                pending.append(_submit(executor, dataset, index))
                if len(pending) >= max(workers, getattr(dataset, "max_queue_size", 10)):
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()


def _executor(dataset: Any, workers: int) -> Executor:
    if not getattr(dataset, "use_multiprocessing", False):
        return ThreadPoolExecutor(workers, thread_name_prefix="lamina-dataset")
    import multiprocessing  # here, since few need processes and every import of lamina would pay
    from concurrent.futures import ProcessPoolExecutor

    # A process that JAX's threads run in must not be forked; a fresh one gets the dataset once.
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(workers, mp_context=context, initializer=_receive, initargs=(dataset,))


def _submit(executor: Executor, dataset: Any, index: int) -> Future[Any]:
    if isinstance(executor, ThreadPoolExecutor):
        return executor.submit(dataset.__getitem__, index)
    return executor.submit(_batch_of_received, index)


_received: Any = None


def _receive(dataset: Any) -> None:
    global _received
    _received = dataset


def _batch_of_received(index: int) -> Any:
    return _received[index]
