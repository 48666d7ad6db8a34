"""Batches made ready in the background while the one before is trained on."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, TypeVar

T = TypeVar("T")

_JOIN_SECONDS = 1.0
_END = object()


class Prefetched(Generic[T]):
    """An iterator over `source` that works ahead in a thread, by `size` items and never more.

    An exception in the source surfaces where the item would have been, with its own traceback. `close` stops the
    thread; it is called when the iterator is exhausted, too.

    Args:
        source: what to draw from; only the thread touches it. Or a function that is given another one, which tells
            whether nothing is ready, and returns what to draw from.
        size: items to hold ready.
    """

    def __init__(self, source: Iterable[T] | Callable[[Callable[[], bool]], Iterable[T]], size: int = 2) -> None:
        self._ready: queue.Queue[tuple[Any, BaseException | None]] = queue.Queue(size)
        self._source = source(self._ready.empty) if callable(source) else source
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._work, name="lamina-prefetch", daemon=True)
        self._thread.start()

    def _work(self) -> None:
        try:
            for item in self._source:
                if not self._put((item, None)):
                    return
                del item  # a batch that waits in the queue is enough
            self._put((_END, None))
        except BaseException as error:
            self._put((_END, error))

    def _put(self, entry: tuple[Any, BaseException | None]) -> bool:
        while not self._closed.is_set():
            try:
                self._ready.put(entry, timeout=0.05)
            except queue.Full:
                continue
            return True
        return False

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        if self._closed.is_set():
            raise StopIteration
        item, error = self._ready.get()
        if item is not _END:
            return item
        self.close()
        if error is not None:
            raise error
        raise StopIteration

    def close(self) -> None:
        """Stop working ahead. Waits for the thread, but not for a source that hangs."""
        self._closed.set()
        while not self._ready.empty():
            try:
                self._ready.get_nowait()
            except queue.Empty:
                break
        if self._thread is not threading.current_thread():
            self._thread.join(_JOIN_SECONDS)
