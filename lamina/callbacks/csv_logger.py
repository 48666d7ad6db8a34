"""`CSVLogger`."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable
from typing import Any

from lamina.callbacks.callback import Callback, Logs


class CSVLogger(Callback):
    """Writes a line with loss and metrics to a text file after every epoch.

    The columns are the epoch (from 0) and the names in the logs of the first epoch. Where that one was not validated
    there are columns for validation as well, since later epochs may be. What an epoch does not have is written as NA.

    Args:
        filename: the file.
        separator: what stands between the values of a line.
        append: whether an existing file is continued; otherwise it is replaced.

    Example:
        >>> lamina.callbacks.CSVLogger("training.csv").separator
        ','
    """

    def __init__(self, filename: str | os.PathLike[str], separator: str = ",", append: bool = False) -> None:
        super().__init__()
        self.filename = os.fspath(filename)
        self.separator = separator
        self.append = append
        self.keys: list[str] | None = None
        self._file: Any = None
        self._wants_header = True

    def on_train_begin(self, logs: Logs = None) -> None:
        if self.append and os.path.exists(self.filename):
            with open(self.filename, encoding="utf-8") as file:
                self._wants_header = not file.readline()
            self._open("a")
        else:
            self._wants_header = True
            self._open("w")

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        logs = logs or {}
        if self.keys is None:
            self.keys = sorted(logs)
            if not any(key.startswith("val_") for key in self.keys):
                self.keys += [f"val_{key}" for key in self.keys]
        if self._wants_header:
            self._write(["epoch", *self.keys])
            self._wants_header = False
        self._write([epoch, *(_text(logs.get(key, "NA")) for key in self.keys)])

    def on_train_end(self, logs: Logs = None) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
        self.keys = None

    def get_state(self) -> dict[str, Any]:
        return {"keys": self.keys, "wants_header": self._wants_header, "text": self._text_so_far()}

    def set_state(self, state: dict[str, Any]) -> None:
        self.keys, self._wants_header = state["keys"], state["wants_header"]
        self._file.close()
        self._open("w")  # lines of epochs that are trained again go away
        self._file.write(state["text"])
        self._file.flush()

    def _text_so_far(self) -> str:
        with open(self.filename, newline="", encoding="utf-8") as file:
            return file.read()

    def _open(self, mode: str) -> None:
        self._file = open(self.filename, mode, newline="", encoding="utf-8")

    def _write(self, row: list[Any]) -> None:
        csv.writer(self._file, delimiter=self.separator).writerow(row)
        self._file.flush()


def _text(value: Any) -> Any:
    if isinstance(value, str):
        return value
    if isinstance(value, Iterable) and not isinstance(value, dict):
        return f'"[{", ".join(map(str, value))}]"'
    return value
