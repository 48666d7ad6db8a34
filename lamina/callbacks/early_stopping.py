"""`EarlyStopping`."""

from __future__ import annotations

from typing import Any

import numpy as np

from lamina.callbacks.callback import Callback, Logs
from lamina.callbacks.monitor import Monitor, watched_value


class EarlyStopping(Callback):
    """Stops training when a watched value has not improved for a while.

    Args:
        monitor: name of the value in the logs.
        min_delta: smallest change that counts as an improvement.
        patience: epochs without improvement after which training stops.
        verbose: 1 to say when it does.
        mode: "min", "max", or "auto" to tell from what is watched.
        baseline: value that must be beaten within `patience` epochs.
        restore_best_weights: whether the model ends with the weights of its best epoch.
        start_from_epoch: epochs to wait before watching.

    Attributes:
        stopped_epoch: the epoch (from 0) at which training stopped; 0 if it did not.
        best, best_epoch, best_weights: of the best epoch so far.

    Example:
        >>> lamina.callbacks.EarlyStopping("val_loss", patience=3).patience
        3
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        super().__init__()
        self.monitor = monitor
        self.min_delta = abs(min_delta)
        self.patience = patience
        self.verbose = verbose
        self.mode = mode
        self.baseline = baseline
        self.restore_best_weights = restore_best_weights
        self.start_from_epoch = start_from_epoch
        self._watched = Monitor(monitor, mode, self.min_delta)
        self._reset()

    def _reset(self) -> None:
        self.wait = 0
        self.stopped_epoch = 0
        self.best: float | None = None
        self.best_epoch = 0
        self.best_weights: list[np.ndarray] | None = None

    def on_train_begin(self, logs: Logs = None) -> None:
        self._reset()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self._watched.resolve(self.model)
        current = self.get_monitor_value(logs)
        if current is None or epoch < self.start_from_epoch:
            return
        if self.restore_best_weights and self.best_weights is None:
            self.best_weights, self.best_epoch = self.model.get_weights(), epoch
        self.wait += 1
        if self._watched.improved(current, self.best):
            self.best, self.best_epoch = current, epoch
            if self.restore_best_weights:
                self.best_weights = self.model.get_weights()
            if self.baseline is None or self._watched.improved(current, self.baseline):
                self.wait = 0
            return
        if self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs: Logs = None) -> None:
        if self.stopped_epoch > 0 and self.verbose > 0:
            print(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.restore_best_weights and self.best_weights is not None:
            if self.verbose > 0:
                print(f"Restoring model weights from the end of the best epoch: {self.best_epoch + 1}.")
            self.model.set_weights(self.best_weights)

    def get_monitor_value(self, logs: Logs) -> Any:
        """Return the watched value, or None with a warning if the logs do not hold it."""
        return watched_value(self, logs)

    def get_state(self) -> dict[str, Any]:
        names = ("wait", "stopped_epoch", "best", "best_epoch", "best_weights")
        return {name: getattr(self, name) for name in names}

    def set_state(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
