"""`ProgbarLogger`: the progress of training as people know it from Keras."""

from __future__ import annotations

import logging
import shutil
import sys
import time
from typing import Any

from lamina import config
from lamina.callbacks.callback import Callback, Logs

_WIDTH = 20
_NARROWEST = 5
_SECONDS_BETWEEN = 0.05  # drawings: an eye sees no more, and a terminal takes time for each
_FULL, _EMPTY = "━", "─"


class ProgbarLogger(Callback):
    """Prints the progress of `fit` and `evaluate`.

    In a terminal or a notebook one line grows while an epoch runs; it tells the time that is left, and how many samples
    are done a second. Elsewhere, in a log or a pipe, one plain line is written when the epoch is over.
    """

    def __init__(self) -> None:
        super().__init__()
        self._training = False
        self._started = 0.0
        self._total: int | None = None
        self._epochs = 1
        self._drawn = 0
        self._drawn_at = 0.0
        self._verbose = 1
        self._done = 0
        self._rows = 0
        self._first: tuple[int, float] | None = None
        self._compiling = False
        self._head = ""

    def set_params(self, params: dict[str, Any]) -> None:
        super().set_params(params)
        self._verbose = params.get("verbose", 1)
        self._epochs = params.get("epochs") or 1
        self._total = params.get("steps")

    def on_train_begin(self, logs: Logs = None) -> None:
        self._training = True

    def on_train_end(self, logs: Logs = None) -> None:
        self._training = False

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._restart()
        self._head = f"Epoch {epoch + 1}/{self._epochs}" if self._epochs > 1 else ""
        if self._head and (self._verbose == 2 or (self._verbose == 1 and _is_live())):
            _write(f"{self._head}\n")
            self._head = ""

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        if self._verbose:
            self._finish(self._done, self._total or self._done, logs)

    def on_test_begin(self, logs: Logs = None) -> None:
        if not self._training:
            self._restart()

    def on_test_end(self, logs: Logs = None) -> None:
        if not self._training and self._verbose:
            self._finish(self._done, self._total or self._done, logs)

    def on_predict_begin(self, logs: Logs = None) -> None:
        self._restart()

    def on_predict_end(self, logs: Logs = None) -> None:
        if self._verbose:
            self._finish(self._done, self._total or self._done, None)

    def on_compiling(self, phase: str) -> None:
        """Show that a program is being compiled, in the place of silence."""
        self._compiling = True
        if self._verbose == 1 and _is_live() and (phase == "train" or not self._training):
            self._draw("compiling…")

    def on_steps(self, phase: str, done: int, total: int | None, logs: Logs, rows: int) -> None:
        """Show how far the epoch has come; `rows` is how many samples a step has."""
        if phase == "test" and self._training:
            return
        self._done, self._total, self._rows = done, total or self._total, max(rows, self._rows)
        self._first = self._first or (done, time.perf_counter())
        soon = time.perf_counter() < self._drawn_at + _SECONDS_BETWEEN
        if self._verbose == 1 and not soon and _is_live():
            # Cut: what runs over into a second row of the terminal could not be written over.
            self._draw(self._line(done, self._total, logs, finished=False)[: _columns() - 1])

    def _restart(self) -> None:
        self._started, self._drawn, self._done, self._rows, self._first = time.perf_counter(), 0, 0, 0, None
        self._compiling = False

    def _finish(self, done: int, total: int, logs: Logs) -> None:
        line = self._line(done, total, logs, finished=True)
        if self._verbose == 1 and _is_live():
            self._draw(line)
            _write("\n")
        else:
            _write(f"{self._head} {line}\n" if self._head else f"{line}\n")
        self._drawn, self._head = 0, ""

    def _draw(self, line: str) -> None:
        _write("\r" + line.ljust(self._drawn))
        self._drawn, self._drawn_at = len(line), time.perf_counter()

    def _seconds_of_a_step(self, done: int, elapsed: float) -> float:
        """Return the mean over the steps behind the first ones, which may have waited for the compiler."""
        if self._first is not None and done > self._first[0]:
            return (time.perf_counter() - self._first[1]) / (done - self._first[0])
        return elapsed / done if done else 0.0

    def _line(self, done: int, total: int | None, logs: Logs, *, finished: bool) -> str:
        elapsed = time.perf_counter() - self._started
        of = str(total) if total else "?"
        counted = f"{done:>{len(of)}}/{of}"
        each = self._seconds_of_a_step(done, elapsed)
        seconds = f"{elapsed:.0f}s" if finished or not total else _left(each * (total - done))
        values = (f"{name}: {_number(value)}" for name, value in sorted((logs or {}).items(), key=_order))
        speed = "" if finished or not each or not self._rows else f" {self._rows / each:,.0f} samples/s"
        # The first steps tell nothing of the others where they waited for the compiler.
        told = finished or not self._compiling or (self._first is not None and done > self._first[0])
        rest = " - ".join([*([f"{seconds} {_duration(each)}/step{speed}"] if told else []), *values])
        # The bar gives way to the numbers where the terminal is narrow.
        width = min(_WIDTH, _columns() - len(counted) - len(rest) - 3)
        bar = f" {_bar(done, total, width)}" if self._verbose == 1 and width >= _NARROWEST and _is_live() else ""
        return f"{counted}{bar} {rest}"


def _order(item: tuple[str, Any]) -> tuple[bool, str]:
    return item[0].startswith("val_"), item[0]


def _bar(done: int, total: int | None, width: int) -> str:
    full = width if not total else int(width * done / total)
    return _FULL * full + _EMPTY * (width - full)


def _columns() -> int:
    """Return how wide a line may be: a terminal's columns; in a notebook no limit."""
    return sys.maxsize if "ipykernel" in sys.modules else shutil.get_terminal_size().columns


def _duration(seconds: float) -> str:
    if seconds >= 1:
        return f"{seconds:.0f}s"
    if seconds >= 1e-3:
        return f"{seconds * 1e3:.0f}ms"
    return f"{seconds * 1e6:.0f}us"


def _left(seconds: float) -> str:
    if seconds >= 3600:
        return f"{seconds // 3600:.0f}:{seconds % 3600 // 60:02.0f}:{seconds % 60:02.0f}"
    return f"{seconds // 60:.0f}:{seconds % 60:02.0f}" if seconds >= 60 else f"{seconds:.0f}s"


def _number(value: Any) -> str:
    try:
        value = float(value)
    except (TypeError, ValueError):
        return str(value)
    return f"{value:.4f}" if abs(value) > 1e-3 or value == 0 else f"{value:.4e}"


def _is_live() -> bool:
    """Whether a line that was written can be written over: a terminal, or a notebook."""
    stream = sys.stdout
    if not config.is_interactive_logging_enabled():
        return False
    return bool(getattr(stream, "isatty", bool)()) or "ipykernel" in sys.modules


def _write(text: str) -> None:
    if not config.is_interactive_logging_enabled():
        logging.getLogger("lamina").info(text.strip())
        return
    stream = sys.stdout
    try:
        stream.write(text)
    except UnicodeEncodeError:
        stream.write(text.replace(_FULL, "=").replace(_EMPTY, "-").replace("…", "..."))
    stream.flush()
