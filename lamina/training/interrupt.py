"""Ctrl-C between chunks, never inside of one."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any


class _Watch:
    """What became of keyboard interrupts while `interrupts_watched` listens to them."""

    def __init__(self, previous: Any) -> None:
        self.previous = previous
        self.held = 0
        self.pending: list[tuple[int, Any]] = []

    def handle(self, number: int, frame: Any) -> None:
        if self.held:
            self.pending.append((number, frame))
        else:
            self.previous(number, frame)

    def release(self) -> None:
        self.held -= 1
        self.deliver()

    def deliver(self) -> None:
        if self.pending and not self.held:
            self.previous(*self.pending.pop())


_watch: _Watch | None = None


@contextmanager
def interrupts_watched() -> Iterator[None]:
    """Make `interrupts_held_back` cheap inside of the block: changing a signal's handler costs more than a small step.

    A handler that is set inside of the block stays.
    """
    global _watch
    previous = signal.getsignal(signal.SIGINT)
    if _watch is not None or not callable(previous) or threading.current_thread() is not threading.main_thread():
        yield
        return
    _watch = watch = _Watch(previous)
    handler = watch.handle
    signal.signal(signal.SIGINT, handler)
    try:
        yield
    finally:
        _watch = None
        if signal.getsignal(signal.SIGINT) is handler:
            signal.signal(signal.SIGINT, previous)


@contextmanager
def interrupts_held_back() -> Iterator[None]:
    """Hold a keyboard interrupt back until the block is over.

    A program that donates its state must have handed the new arrays to the variables before anything else runs:
    otherwise the model would be left with arrays that no longer exist.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    with nullcontext() if _watch is not None else interrupts_watched():
        if _watch is None:  # nobody listens to interrupts
            yield
            return
        watch = _watch
        watch.held += 1
        try:
            yield
        finally:
            watch.release()


@contextmanager
def interrupts_let_through() -> Iterator[None]:
    """Let an interrupt come at once inside of `interrupts_held_back`: for what takes long and donates nothing."""
    watch = _watch if threading.current_thread() is threading.main_thread() else None
    if watch is None:
        yield
        return
    held, watch.held = watch.held, 0
    try:
        watch.deliver()
        yield
    finally:
        watch.held = held
