"""`History`: what `fit` returns."""

from __future__ import annotations

from os import PathLike
from typing import Any

from lamina.callbacks.callback import Callback, Logs
from lamina.errors import nearest


class Curves(dict[str, list[Any]]):
    """Lists over the epochs by name; a name that is missing says which there are."""

    def __missing__(self, name: str) -> list[Any]:
        raise KeyError(_missing(str(name), list(self)))

    def __reduce__(self) -> Any:
        return dict, (dict(self),)


class History(Callback):
    """The loss and the metrics of every epoch; `fit` returns it.

    Attributes:
        history: lists over the epochs by name: "loss", "accuracy", "val_loss", …
        epoch: the numbers of the epochs, from 0.
        trace: the `TrainingTrace` of the run, where `fit` had one.

    Example:
        >>> history = model.fit(x, y, epochs=3, verbose=0)  # doctest: +SKIP
        >>> history.history["loss"]  # doctest: +SKIP
        [0.71, 0.52, 0.43]
    """

    def __init__(self) -> None:
        super().__init__()
        self.history: dict[str, list[Any]] = Curves()
        self.trace: Any = None
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
        self.history = Curves({name: list(values) for name, values in state["history"].items()})
        self.epoch = list(state["epoch"])
        self.model.history = self

    def __getitem__(self, name: str) -> Any:
        raise TypeError(f"fit returns a History object; its curves are in its dictionary: history.history[{name!r}].")

    def to_frame(self) -> Any:
        """Return the curves as a pandas table with a row for each epoch, whose number (from 1) is the index.

        Raises:
            ImportError: without pandas (`pip install 'lamina[data]'`).
        """
        try:
            import pandas
        except ImportError as error:
            raise ImportError("History.to_frame needs pandas: pip install 'lamina[data]'") from error
        # A run may report a name only every few epochs, as validation_freq makes it: those stand at the end.
        index = pandas.Index([epoch + 1 for epoch in self.epoch], name="epoch")
        columns = {name: [None] * (len(index) - len(values)) + values for name, values in self.history.items()}
        return pandas.DataFrame({name: pandas.Series(values, index) for name, values in columns.items()}, index)

    def plot(self, path: str | PathLike | None = None) -> Any:
        """Show the losses and metrics, training and validation in one panel each.

        With matplotlib and a window or a notebook it is a picture there; otherwise a chart in the terminal.

        Args:
            path: a file to save the picture to (`.png`, `.svg`, `.pdf`) in the place of showing it.

        Returns:
            The matplotlib `Figure`, or None where the chart went to the terminal.

        Raises:
            ValueError: if there are no epochs yet.
            ImportError: with a path, but without matplotlib (`pip install 'lamina[plot]'`).
        """
        from lamina.visualization.learning_curves import save_learning_curves, show_learning_curves

        if path is not None:
            return save_learning_curves(self, path)
        return show_learning_curves(self)


def _missing(name: str, known: list[str]) -> str:
    told = f"The history holds {', '.join(map(repr, sorted(known)))}, but no {name!r}."
    if name.startswith("val_") and not any(one.startswith("val_") for one in known):
        return f"{told} Names with val_ need validation data: fit(..., validation_split=0.2)."
    longer = {"acc": "accuracy", "val_acc": "val_accuracy"}.get(name)
    if longer in known:
        return f"{told} Write history.history[{longer!r}]."
    if "acc" in name:
        return f"{told} Ask for it: compile(..., metrics=['accuracy'])."
    return f"{told} {nearest(name, known)}" if known else f"{told} fit has not run yet."
