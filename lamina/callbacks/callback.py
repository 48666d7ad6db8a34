"""`Callback`: code of the user's that `fit`, `evaluate` and `predict` call."""

from __future__ import annotations

from typing import Any

Logs = dict[str, Any] | None


class Callback:
    """Base of everything that watches or steers training; override the hooks that matter.

    Between hooks training runs as a compiled program. At every hook the model's weights, the optimizer's state and its
    learning rate are the true ones; they may be read and assigned. A batch hook that only follows the logs costs its
    own time; one that reads or assigns variables costs a call of the program for each batch (0.2 to 0.4 ms on a CPU)
    and, of the variables, those that it touches. Steps may be run ahead of batch hooks, up to a tenth of a second:
    clocks read in them tell little of a step.

    Attributes:
        model: the model.
        params: `{"verbose", "epochs", "steps"}`.

    Example:
        >>> class Stop(lamina.callbacks.Callback):
        ...     def on_epoch_end(self, epoch, logs=None):
        ...         if logs["loss"] < 0.1:
        ...             self.model.stop_training = True
    """

    def __init__(self) -> None:
        self.params: dict[str, Any] | None = None
        self._model: Any = None

    @property
    def model(self) -> Any:
        """The model that is being trained."""
        return vars(self).get("_model")

    def set_params(self, params: dict[str, Any]) -> None:
        """Receive what is known about the run."""
        self.params = params

    def set_model(self, model: Any) -> None:
        """Receive the model."""
        self._model = model

    def get_state(self) -> dict[str, Any]:
        """Return what `BackupAndRestore` keeps of this callback: numbers, text, arrays, lists and dictionaries.

        Overridden, with `set_state`, by callbacks that remember something from one epoch to the next.
        """
        return {}

    def set_state(self, state: dict[str, Any]) -> None:
        """Take over what `get_state` returned in the run that was interrupted."""

    def on_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """As `on_train_batch_begin`, by its old name."""

    def on_batch_end(self, batch: int, logs: Logs = None) -> None:
        """As `on_train_batch_end`, by its old name."""

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Called before epoch `epoch` (from 0)."""

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Called after it with the means of loss and metrics over it, those of validation under `val_...`."""

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Called before batch `batch` (from 0) of the epoch."""
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Called after it with the means of loss and metrics so far in the epoch."""
        self.on_batch_end(batch, logs)

    def on_test_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Called before a batch of evaluation or validation."""

    def on_test_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Called after it."""

    def on_predict_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Called before a batch of prediction."""

    def on_predict_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Called after it with `{"outputs": ...}`."""

    def on_train_begin(self, logs: Logs = None) -> None:
        """Called once before training."""

    def on_train_end(self, logs: Logs = None) -> None:
        """Called once after it with the logs of the last epoch."""

    def on_test_begin(self, logs: Logs = None) -> None:
        """Called before evaluation or validation."""

    def on_test_end(self, logs: Logs = None) -> None:
        """Called after it with its results."""

    def on_predict_begin(self, logs: Logs = None) -> None:
        """Called before prediction."""

    def on_predict_end(self, logs: Logs = None) -> None:
        """Called after it."""
