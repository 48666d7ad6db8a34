"""`ReduceLROnPlateau`."""

from __future__ import annotations

from typing import Any

from lamina.callbacks.callback import Callback, Logs
from lamina.callbacks.learning_rate_scheduler import current_rate, set_rate
from lamina.callbacks.monitor import Monitor, watched_value
from lamina.errors import warn


class ReduceLROnPlateau(Callback):
    """Lowers the learning rate when a watched value has stopped to improve.

    The rate of each epoch appears in the logs and in `History` as "learning_rate".

    Args:
        monitor: name of the value in the logs.
        factor: the new rate as a share of the old one, below 1.
        patience: epochs without improvement after which the rate is lowered.
        verbose: 1 to say when it is.
        mode: "min", "max", or "auto" to tell from what is watched.
        min_delta: smallest change that counts as an improvement.
        cooldown: epochs after a change in which nothing is counted.
        min_lr: the rate is never set below.
        kwargs: `epsilon`, the old spelling of `min_delta`.

    Raises:
        ValueError: if `factor` is 1 or more.

    Example:
        >>> lamina.callbacks.ReduceLROnPlateau("val_loss", factor=0.2, patience=5, min_lr=1e-4).factor
        0.2
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 0.0001,
        cooldown: int = 0,
        min_lr: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        if "epsilon" in kwargs:
            warn("ReduceLROnPlateau: epsilon is called min_delta now.")
            min_delta = kwargs.pop("epsilon")
        if kwargs:
            raise TypeError(f"ReduceLROnPlateau does not know the arguments {sorted(kwargs)}.")
        if factor >= 1.0:
            raise ValueError(f"ReduceLROnPlateau: factor must be below 1, so that the rate falls; got {factor}.")
        self.monitor = monitor
        self.factor = factor
        self.patience = patience
        self.verbose = verbose
        self.mode = mode
        self.min_delta = min_delta
        self.cooldown = cooldown
        self.min_lr = min_lr
        self._watched = Monitor(monitor, mode, min_delta)
        self._reset()

    def _reset(self) -> None:
        self.best: float | None = None
        self.wait = 0
        self.cooldown_counter = 0

    def in_cooldown(self) -> bool:
        """Tell whether the rate was lowered so recently that nothing is counted."""
        return self.cooldown_counter > 0

    def on_train_begin(self, logs: Logs = None) -> None:
        self._reset()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        logs = {} if logs is None else logs
        logs["learning_rate"] = current_rate(self)
        self._watched.resolve(self.model)
        current = watched_value(self, logs)
        if current is None:
            return
        if self.in_cooldown():
            self.cooldown_counter -= 1
            self.wait = 0
        if self._watched.improved(current, self.best):
            self.best, self.wait = current, 0
        elif not self.in_cooldown():
            self.wait += 1
            if self.wait >= self.patience:
                self._reduce(epoch)

    def _reduce(self, epoch: int) -> None:
        old = current_rate(self)
        if old <= self.min_lr:
            return
        new = max(old * self.factor, self.min_lr)
        set_rate(self, new)
        if self.verbose > 0:
            print(f"\nEpoch {epoch + 1}: ReduceLROnPlateau reducing learning rate to {new}.")
        self.cooldown_counter, self.wait = self.cooldown, 0

    def get_state(self) -> dict[str, Any]:
        return {"best": self.best, "wait": self.wait, "cooldown_counter": self.cooldown_counter}

    def set_state(self, state: dict[str, Any]) -> None:
        self.best, self.wait = state["best"], state["wait"]
        self.cooldown_counter = state["cooldown_counter"]
