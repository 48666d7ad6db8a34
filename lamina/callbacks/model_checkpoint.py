"""`ModelCheckpoint`."""

from __future__ import annotations

import os
from typing import Any

from lamina.callbacks.callback import Callback, Logs
from lamina.callbacks.monitor import Monitor
from lamina.errors import warn


class ModelCheckpoint(Callback):
    """Saves the model, or its weights alone, while it is trained.

    Files are written completely or not at all: an interruption leaves the one before.

    Args:
        filepath: where to; may hold names in braces, such as `"{epoch:02d}-{val_loss:.2f}.keras"`: `epoch` (from 1),
            `batch` (from 1, where `save_freq` is a number) and whatever is in the logs. Ends in ".keras" or ".h5"
            (whole models), or ".weights.h5" (weights).
        monitor: name of the value that says which model is best.
        verbose: 1 to say when something is saved.
        save_best_only: whether to save only when the watched value is better than ever before.
        save_weights_only: whether to save only the weights.
        mode: "min", "max", or "auto" to tell from what is watched.
        save_freq: "epoch", or the number of batches after which to save.
        initial_value_threshold: the watched value must be better than this to be saved.

    Raises:
        ValueError: for another ending or another `save_freq`.

    Example:
        >>> best = lamina.callbacks.ModelCheckpoint("best.keras", monitor="val_accuracy", save_best_only=True)
    """

    def __init__(
        self,
        filepath: str | os.PathLike[str],
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: int | str = "epoch",
        initial_value_threshold: float | None = None,
    ) -> None:
        super().__init__()
        self.filepath = os.fspath(filepath)
        self.monitor = monitor
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self.mode = mode
        self.save_freq = check_frequency("ModelCheckpoint", save_freq)
        self.best = initial_value_threshold
        self._watched = Monitor(monitor, mode)
        self._batches = 0  # since the last time that saving was due
        self._last_batch = -1
        self._epoch = 0
        _check_ending(self.filepath, save_weights_only)

    def batches_until_due(self) -> int | None:
        """Return after how many batches this callback wants to be called; None for only at the ends of epochs."""
        return None if self.save_freq == "epoch" else self.save_freq - self._batches

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._epoch, self._last_batch = epoch, -1

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._batches += batch - self._last_batch
        self._last_batch = batch
        if self.save_freq != "epoch" and self._batches >= self.save_freq:
            self._batches = 0
            self._save(self._epoch, batch, logs)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        if self.save_freq == "epoch":
            self._save(epoch, None, logs)

    def get_state(self) -> dict[str, Any]:
        return {"best": self.best, "batches": self._batches, "last_batch": self._last_batch, "epoch": self._epoch}

    def set_state(self, state: dict[str, Any]) -> None:
        self.best, self._batches = state["best"], state["batches"]
        self._last_batch, self._epoch = state["last_batch"], state["epoch"]

    def _save(self, epoch: int, batch: int | None, logs: Logs) -> None:
        logs = logs or {}
        path = self._path(epoch, batch, logs)
        if self.save_best_only and not self._is_best(epoch, path, logs):
            return
        if self.verbose > 0 and not self.save_best_only:
            print(f"\nEpoch {epoch + 1}: saving model to {path}")
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        if self.save_weights_only:
            self.model.save_weights(path, overwrite=True)
        else:
            self.model.save(path, overwrite=True)
        if self.verbose > 0:
            print(f"\nEpoch {epoch + 1}: finished saving model to {path}")

    def _is_best(self, epoch: int, path: str, logs: dict[str, Any]) -> bool:
        current = logs.get(self.monitor)
        if current is None:
            warn(
                f"ModelCheckpoint can't tell the best model, so nothing is saved: {self.monitor!r} is not in the logs, "
                f"which hold {', '.join(logs) or 'nothing'}. Names with val_ need validation data.",
            )
            return False
        self._watched.resolve(self.model)
        if not self._watched.improved(current, self.best):
            if self.verbose > 0:
                print(f"\nEpoch {epoch + 1}: {self.monitor} did not improve from {self.best:.5f}")
            return False
        if self.verbose > 0:
            before = "None" if self.best is None else f"{self.best:.5f}"
            told = f"{self.monitor} improved from {before} to {current:.5f}"
            print(f"\nEpoch {epoch + 1}: {told}, saving model to {path}")
        self.best = current
        return True

    def _path(self, epoch: int, batch: int | None, logs: dict[str, Any]) -> str:
        known = {"epoch": epoch + 1, **({} if batch is None else {"batch": batch + 1}), **logs}
        try:
            return self.filepath.format(**known)
        except KeyError as error:
            raise KeyError(
                f"ModelCheckpoint: the path {self.filepath!r} names {error.args[0]!r}, which is not there. "
                f"It may name: {', '.join(known)}."
            ) from None


def check_frequency(owner: str, value: Any) -> Any:
    """Return "epoch" or a positive whole number of batches.

    Raises:
        ValueError: for anything else.
    """
    if value == "epoch" or (isinstance(value, int) and not isinstance(value, bool) and value > 0):
        return value
    raise ValueError(f"{owner}: save_freq must be 'epoch' or a positive number of batches, got {value!r}.")


def _check_ending(filepath: str, weights_only: bool) -> None:
    if weights_only and not filepath.endswith(".weights.h5"):
        raise ValueError(
            f"ModelCheckpoint: with save_weights_only=True the path must end in '.weights.h5', got {filepath!r}."
        )
    if not weights_only and not filepath.endswith((".keras", ".h5")):
        raise ValueError(f"ModelCheckpoint: the path must end in '.keras' (or '.h5'), got {filepath!r}.")
