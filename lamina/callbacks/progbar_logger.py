"""`ProgbarLogger`: the progress of training as people know it from Keras."""

from __future__ import annotations

import time
from typing import Any

from lamina.callbacks.callback import Callback, Logs
from lamina.callbacks.progress_line import SECONDS_BETWEEN, ProgressLine, duration, number, time_left


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
        self._drawn_at = 0.0
        self._verbose = 1
        self._done = 0
        self._rows = 0
        self._first: tuple[int, float] | None = None
        self._compiling = False
        self._head = ""
        self._line = ProgressLine(verbose=0)

    def set_params(self, params: dict[str, Any]) -> None:
        super().set_params(params)
        self._verbose = params.get("verbose", 1)
        self._epochs = params.get("epochs") or 1
        self._total = params.get("steps")
        self._line = ProgressLine(self._verbose)

    def on_train_begin(self, logs: Logs = None) -> None:
        self._training = True

    def on_train_end(self, logs: Logs = None) -> None:
        self._training = False
        self._line.close()

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._restart()
        self._head = f"Epoch {epoch + 1}/{self._epochs}" if self._epochs > 1 else ""
        if self._head and (self._line.is_live or self._verbose == 2):
            self._line.say(self._head, finished=True)
            self._head = ""

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self._finish(logs)

    def on_test_begin(self, logs: Logs = None) -> None:
        if not self._training:
            self._restart()

    def on_test_end(self, logs: Logs = None) -> None:
        if not self._training:
            self._finish(logs)
            self._line.close()

    def on_predict_begin(self, logs: Logs = None) -> None:
        self._restart()

    def on_predict_end(self, logs: Logs = None) -> None:
        self._finish(None)
        self._line.close()

    def on_compiling(self, phase: str) -> None:
        """Show that a program is being compiled, in the place of silence."""
        self._compiling = True
        if phase == "train" or not self._training:
            self._line.say("compiling…")

    def on_steps(self, phase: str, done: int, total: int | None, logs: Logs, rows: int) -> None:
        """Show how far the epoch has come; `rows` is how many samples a step has."""
        if phase == "test" and self._training:
            return
        now = time.perf_counter()
        self._done, self._total, self._rows = done, total or self._total, max(rows, self._rows)
        self._first = self._first or (done, now)
        if self._line.is_live and now >= self._drawn_at + SECONDS_BETWEEN:
            self._line.show(done, self._total, self._details(logs, finished=False))
            self._drawn_at = now

    def on_broken_off(self) -> None:
        """Leave the line as it is: an error or a keyboard interrupt ends the run."""
        self._training = False
        self._line.close()

    def _restart(self) -> None:
        self._started, self._done, self._rows, self._first = time.perf_counter(), 0, 0, None
        self._compiling = False

    def _finish(self, logs: Logs) -> None:
        if self._verbose:
            total = self._total or self._done
            self._line.show(self._done, total, self._details(logs, finished=True), head=self._head, finished=True)

    def _seconds_of_a_step(self, done: int, elapsed: float) -> float:
        """Return the mean over the steps behind the first ones, which may have waited for the compiler."""
        if self._first is not None and done > self._first[0]:
            return (time.perf_counter() - self._first[1]) / (done - self._first[0])
        return elapsed / done if done else 0.0

    def _details(self, logs: Logs, *, finished: bool) -> str:
        done, total = self._done, self._total
        elapsed = time.perf_counter() - self._started
        each = self._seconds_of_a_step(done, elapsed)
        seconds = f"{elapsed:.0f}s" if finished or not total else time_left(each * (total - done))
        values = [f"{name}: {number(value)}" for name, value in sorted((logs or {}).items(), key=_order)]
        speed = "" if finished or not each or not self._rows else f" {self._rows / each:,.0f} samples/s"
        # The first steps tell nothing of the others where they waited for the compiler.
        told = finished or not self._compiling or (self._first is not None and done > self._first[0])
        return " - ".join([*([f"{seconds} {duration(each)}/step{speed}"] if told else []), *values])


def _order(item: tuple[str, Any]) -> tuple[bool, str]:
    return item[0].startswith("val_"), item[0]
