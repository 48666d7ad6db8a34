"""Which of two values of a watched quantity is the better one."""

from __future__ import annotations

from typing import Any

from lamina.callbacks.callback import Callback, Logs
from lamina.errors import warn

_BETTER_LARGER = ("acc", "auc", "precision", "recall", "f1", "fbeta", "iou", "r2", "similarity", "correlation")


class Monitor:
    """Compares values of a watched quantity.

    Args:
        name: its name in the logs.
        mode: "min", "max" or "auto", which asks the model's metrics and falls back to the name.
        min_delta: smallest difference that counts.

    Raises:
        ValueError: for another mode.
    """

    def __init__(self, name: str, mode: str, min_delta: float = 0.0) -> None:
        if mode not in ("auto", "min", "max"):
            raise ValueError(f"mode must be 'auto', 'min' or 'max', got {mode!r}.")
        self.name = name
        self.min_delta = abs(min_delta)
        self.direction: str | None = None if mode == "auto" else mode

    def resolve(self, model: Any) -> None:
        """Settle the direction, asking the model's metrics where `mode` was "auto"."""
        if self.direction is None:
            self.direction = self._from_metrics(model) or self._from_name()

    def improved(self, current: float, reference: float | None) -> bool:
        """Tell whether `current` beats `reference` by at least `min_delta`; None is beaten by anything."""
        if reference is None:
            return True
        if self.direction == "max":
            return current - self.min_delta > reference
        return current + self.min_delta < reference

    def _from_metrics(self, model: Any) -> str | None:
        base = self.name.removeprefix("val_")
        if base == "loss" or base.endswith("_loss"):
            return "min"
        for name, metric in getattr(model, "metrics_by_name", dict)().items():
            if name == base:
                return getattr(metric, "direction", None)
        return None

    def _from_name(self) -> str:
        return "max" if any(part in self.name.lower() for part in _BETTER_LARGER) else "min"


def watched_value(callback: Callback, logs: Logs) -> Any:
    """Return the value that a callback watches, or None with a warning if the logs do not hold it."""
    name = str(getattr(callback, "monitor", ""))
    value = (logs or {}).get(name)
    if value is None:
        warn(
            f"{type(callback).__name__} watches {name!r}, which is not there; the logs hold: "
            f"{', '.join(logs or {}) or 'nothing'}. Names with val_ need validation data.",
        )
    return value
