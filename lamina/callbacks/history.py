"""`History`: what `fit` returns."""

from __future__ import annotations

from typing import Any

from lamina.callbacks.callback import Callback, Logs


class History(Callback):
    """The loss and the metrics of every epoch; `fit` returns it.

    Attributes:
        history: lists over the epochs by name: "loss", "accuracy", "val_loss", …
        epoch: the numbers of the epochs, from 0.

    Example:
        >>> history = model.fit(x, y, epochs=3, verbose=0)  # doctest: +SKIP
        >>> history.history["loss"]  # doctest: +SKIP
        [0.71, 0.52, 0.43]
    """

    def __init__(self) -> None:
        super().__init__()
        self.history: dict[str, list[Any]] = {}
        self.epoch: list[int] = []

    def on_train_begin(self, logs: Logs = None) -> None:
        self.epoch = []

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)
        self.model.history = self

    def get_state(self) -> dict[str, Any]:
        return {"history": self.history, "epoch": self.epoch}

    def set_state(self, state: dict[str, Any]) -> None:
        self.history = {name: list(values) for name, values in state["history"].items()}
        self.epoch = list(state["epoch"])
        self.model.history = self
