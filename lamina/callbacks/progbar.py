"""`Progbar`: a progress bar for loops of one's own."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from lamina.callbacks.progress_line import ProgressLine, duration, number, time_left


class Progbar:
    """Shows how far a loop has come, and numbers beside it; those of several steps are averaged.

    Args:
        target: how many steps there will be; None if that is not known.
        width: characters of the bar.
        verbose: 0 shows nothing, 1 a bar that grows, 2 one line at the end.
        interval: least seconds from one drawing to the next.
        stateful_metrics: names of numbers that are shown as they are, not averaged.
        stateless_metrics: names of the only numbers that are averaged; in the place of `stateful_metrics`.
        unit_name: what a step is called.

    Example:
        >>> bar = lamina.utils.Progbar(3, verbose=0)
        >>> for step in range(3):
        ...     bar.update(step + 1, [("loss", 1.0 / (step + 1))])
    """

    def __init__(
        self,
        target: int | None,
        width: int = 20,
        verbose: int = 1,
        interval: float = 0.05,
        stateful_metrics: Iterable[str] | None = None,
        stateless_metrics: Iterable[str] | None = None,
        unit_name: str = "step",
    ) -> None:
        if stateful_metrics is not None and stateless_metrics is not None:
            raise ValueError("Progbar: pass stateful_metrics or stateless_metrics, not both.")
        if verbose not in (0, 1, 2):
            raise ValueError(f"Progbar: verbose must be 0, 1 or 2, got {verbose!r}.")
        self.target, self.width, self.verbose, self.interval = target, width, verbose, interval
        self.unit_name = unit_name
        self.stateful_metrics = set(stateful_metrics or ())
        self.stateless_metrics = None if stateless_metrics is None else set(stateless_metrics)
        self._sums: dict[str, tuple[float, float]] = {}
        self._seen = 0
        self._started = time.perf_counter()
        self._drawn_at = 0.0
        self._line = ProgressLine(verbose, width)

    def update(
        self, current: int, values: Iterable[tuple[str, Any]] | None = None, finalize: bool | None = None
    ) -> None:
        """Show that `current` steps are done.

        Args:
            current: steps done so far.
            values: pairs of a name and a number of the steps since the last call.
            finalize: whether this is the last call; default whether `current` has reached `target`.
        """
        if finalize is None:
            finalize = self.target is not None and current >= self.target
        steps = max(current - self._seen, 0)
        for name, value in values or ():
            if self._averaged(name):
                total, count = self._sums.get(name, (0.0, 0.0))
                share = max(steps, 1) if self._seen or steps else 1
                self._sums[name] = (total + float(value) * share, count + share)
            else:
                self._sums[name] = (value, 1.0)
        self._seen = current
        now = time.perf_counter()
        if self.verbose == 0 or (not finalize and (self.verbose == 2 or now - self._drawn_at < self.interval)):
            return
        self._drawn_at = now
        details = self._details(current, now - self._started, finalize)
        self._line.show(current, self.target, details, finished=finalize)
        if finalize:
            self._line.close()

    def add(self, n: int, values: Iterable[tuple[str, Any]] | None = None) -> None:
        """Show that `n` more steps are done."""
        self.update(self._seen + n, values)

    def _averaged(self, name: str) -> bool:
        if self.stateless_metrics is not None:
            return name in self.stateless_metrics
        return name not in self.stateful_metrics

    def _details(self, current: int, elapsed: float, finalize: bool) -> str:
        each = elapsed / current if current else 0.0
        left = self.target is not None and not finalize
        seconds = time_left(each * (self.target - current)) if left else f"{elapsed:.0f}s"
        numbers = (
            f" - {name}: {number(total / count if self._averaged(name) else total)}"
            for name, (total, count) in self._sums.items()
        )
        return f"{seconds} {duration(each)}/{self.unit_name}{''.join(numbers)}"
