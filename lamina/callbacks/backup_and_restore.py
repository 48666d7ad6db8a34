"""`BackupAndRestore`."""

from __future__ import annotations

import contextlib
import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from lamina.callbacks.backup_file import BackupError, read_backup, write_backup
from lamina.callbacks.callback import Callback, Logs
from lamina.errors import warn

_LATEST, _PREVIOUS = "latest.backup", "previous.backup"


class BackupAndRestore(Callback):
    """Lets a training run that was interrupted go on where it was, as if nothing had happened.

    Run the same script again: `fit` finds the backup and continues behind it. Kept are weights, the optimizer, random
    states, the position inside of the epoch, the order of the rows, the metrics, `History`, and what the other
    callbacks remember (`Callback.get_state`). With data in arrays the result equals that of an uninterrupted run to the
    bit; generators are advanced to their position by drawing and dropping batches.

    A backup is written completely or not at all, so a run may be killed at any moment.

    Args:
        backup_dir: folder for the backup; made if need be. Only files that this callback wrote are ever deleted.
        save_freq: "epoch"; a number of batches; a `datetime.timedelta`; False to only restore.
        double_checkpoint: whether to keep the backup before the last one as well, for the case that the last one is
            damaged.
        delete_checkpoint: whether to delete the backup at the end of training.

    Raises:
        ValueError: for another `save_freq`; in `fit`, for a backup of another model or another run.

    Example:
        >>> keep = lamina.callbacks.BackupAndRestore("backup", save_freq=100)
    """

    def __init__(
        self,
        backup_dir: str | os.PathLike[str],
        save_freq: Any = "epoch",
        double_checkpoint: bool = False,
        delete_checkpoint: bool = True,
    ) -> None:
        super().__init__()
        _check_frequency(save_freq)
        if not os.fspath(backup_dir):
            raise ValueError("BackupAndRestore: backup_dir must name a folder, got an empty path.")
        self.backup_dir = Path(backup_dir)
        self.save_freq = save_freq
        self.double_checkpoint = double_checkpoint
        self.delete_checkpoint = delete_checkpoint
        self._run: Any = None
        self._callbacks: list[Callback] = []
        self._batches = 0
        self._last_batch = -1
        self._saved_at = time.monotonic()
        self._made_folder = False

    def batches_until_due(self) -> int | None:
        """Return after how many batches a backup is due; None where batches do not decide."""
        counts = isinstance(self.save_freq, int) and self.save_freq is not False
        return self.save_freq - self._batches if counts else None

    # Called by `fit`, beside the hooks

    def set_run(self, run: Any, callbacks: list[Callback]) -> None:
        """Receive the training run, which knows its position and can be set to another one."""
        self._run, self._callbacks = run, callbacks

    def find(self) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Return the newest backup that can be read, or None."""
        errors = []
        for name in (_LATEST, _PREVIOUS):
            path = self.backup_dir / name
            if not path.exists():
                continue
            try:
                return read_backup(path)
            except BackupError as error:
                errors.append(str(error))
                warn(f"BackupAndRestore: {error}")
        if errors:
            raise BackupError(
                f"BackupAndRestore: the backup in {os.fspath(self.backup_dir)!r} can't be read. Delete the folder to "
                "train from the start."
            )
        return None

    def restore(self, backup: tuple[dict[str, Any], dict[str, Any]]) -> None:
        """Set the run and the other callbacks to the state of a backup."""
        meta, arrays = backup
        states = meta["callbacks"]
        names = [type(callback).__name__ for callback in self._callbacks]
        if [state["class"] for state in states] != names:
            told = ", ".join(state["class"] for state in states)
            raise ValueError(
                f"BackupAndRestore: the interrupted run had the callbacks {told}, this one has {', '.join(names)}. "
                f"Run the same script again, or delete the folder {os.fspath(self.backup_dir)!r} to start anew."
            )
        self._run.restore(meta["run"], arrays)
        for callback, state in zip(self._callbacks, states, strict=True):
            callback.set_state(state["state"])

    def on_settled(self, end_of_epoch: bool) -> None:
        """Called when every callback has dealt with the end of an epoch, or of some steps within one."""
        due = (
            (self.save_freq == "epoch" and end_of_epoch)
            or (isinstance(self.save_freq, int) and self.save_freq and self._batches >= self.save_freq)
            or (isinstance(self.save_freq, timedelta) and time.monotonic() - self._saved_at >= self._seconds)
        )
        if due:
            self._save()

    @property
    def _seconds(self) -> float:
        return self.save_freq.total_seconds()

    def _save(self) -> None:
        self._batches, self._saved_at = 0, time.monotonic()
        if not self.backup_dir.exists():
            self.backup_dir.mkdir(parents=True)
            self._made_folder = True
        meta, arrays = self._run.capture()
        states = [{"class": type(callback).__name__, "state": callback.get_state()} for callback in self._callbacks]
        latest = self.backup_dir / _LATEST
        if self.double_checkpoint and latest.exists():
            os.replace(latest, self.backup_dir / _PREVIOUS)
        write_backup(latest, {"run": meta, "callbacks": states}, arrays)

    # Hooks

    def on_train_begin(self, logs: Logs = None) -> None:
        self._batches, self._saved_at = 0, time.monotonic()
        for half_written in self.backup_dir.glob(f".{_LATEST}.*.tmp"):  # by a run that was killed meanwhile
            half_written.unlink(missing_ok=True)

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._last_batch = -1

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._batches += batch - self._last_batch
        self._last_batch = batch

    def on_train_end(self, logs: Logs = None) -> None:
        if not self.delete_checkpoint:
            return
        for name in (_LATEST, _PREVIOUS):
            (self.backup_dir / name).unlink(missing_ok=True)
        if self._made_folder:
            with contextlib.suppress(OSError):  # somebody else's files are in it
                self.backup_dir.rmdir()

    def get_state(self) -> dict[str, Any]:
        return {"batches": self._batches, "last_batch": self._last_batch, "made_folder": self._made_folder}

    def set_state(self, state: dict[str, Any]) -> None:
        self._batches, self._last_batch = state["batches"], state["last_batch"]
        self._made_folder = state["made_folder"]


def _check_frequency(save_freq: Any) -> None:
    whole = isinstance(save_freq, int) and save_freq is not True
    if save_freq == "epoch" or (whole and save_freq >= 0) or (isinstance(save_freq, timedelta) and save_freq):
        return
    raise ValueError(
        "BackupAndRestore: save_freq must be 'epoch', a number of batches, a datetime.timedelta or False, "
        f"got {save_freq!r}."
    )
