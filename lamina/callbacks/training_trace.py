"""`TrainingTrace`: a training run epoch by epoch, with an observation in words and the health of every layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

from lamina.callbacks.callback import Callback, Logs
from lamina.callbacks.callback_list import CallbackList
from lamina.callbacks.history import History

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

    from lamina.inspection.layer_health import LayerHealth


def with_trace(callbacks: Any) -> Any:
    """Return the callbacks that `fit` was given, with a `TrainingTrace` where there is none."""
    if isinstance(callbacks, CallbackList):
        if not any(isinstance(callback, TrainingTrace) for callback in callbacks.callbacks):
            callbacks.append(TrainingTrace())
        return callbacks
    given = CallbackList(callbacks).callbacks
    return given if any(isinstance(callback, TrainingTrace) for callback in given) else [*given, TrainingTrace()]


class TrainingTrace(Callback):
    """Watches a run and says in words how it fares; `fit(..., trace=True)` adds one.

    After every epoch: loss, accuracy and an observation (learning, converged, plateau, overfitting since epoch k,
    diverging), and for every layer the size of its gradient, its outputs' deviation, the share of zeros and of dead
    units. At the end it prints a table of the epochs, a chart of the loss and the layers' health.

    Args:
        rows: of the training data on which gradients and outputs are measured, evenly spaced; 0 measures none.
        show: whether to print the trace at the end of `fit`.

    Attributes:
        epochs: the logs of every epoch.
        observations: what each epoch shows, in words.
        health: for every epoch the `LayerHealth` of each layer, in order.

    Example:
        >>> model.fit(x, y, epochs=20, callbacks=[lamina.callbacks.TrainingTrace()])  # doctest: +SKIP
    """

    def __init__(self, rows: int = 128, show: bool = True) -> None:
        super().__init__()
        if isinstance(rows, bool) or not isinstance(rows, int) or rows < 0:
            raise ValueError(f"TrainingTrace: rows must be a whole number from 0 on, got {rows!r}.")
        self.rows, self.show = rows, show
        self._run: Any = None
        self._forget()

    def _forget(self) -> None:
        self.epochs: list[dict[str, float]] = []
        self.observations: list[str] = []
        self.health: list[list[LayerHealth]] = []
        self._probe: Any = None

    def set_run(self, run: Any, callbacks: list[Any]) -> None:
        """Receive the run, whose data are looked at, and the other callbacks, of which the history points here."""
        self._run = run
        for callback in callbacks:
            if isinstance(callback, History):
                callback.trace = self

    def on_train_begin(self, logs: Logs = None) -> None:
        self._forget()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        from lamina.inspection.observations import observation

        numbers = {name: float(value) for name, value in (logs or {}).items() if np.ndim(value) == 0}
        self.epochs.append(numbers)
        losses = self._series("loss")
        self.observations.append(observation(losses, self._series("val_loss"), len(losses) - 1) if losses else "")
        if self.rows and self._run is not None:
            self.health.append(self._look())

    def on_train_end(self, logs: Logs = None) -> None:
        if self.show and self.epochs:
            from rich.console import Console

            Console(highlight=False).print(self)

    def get_state(self) -> dict[str, Any]:
        return {"epochs": self.epochs, "observations": self.observations}

    def set_state(self, state: dict[str, Any]) -> None:
        self.epochs, self.observations = list(state["epochs"]), list(state["observations"])

    def _series(self, name: str) -> list[float]:
        return [epoch[name] for epoch in self.epochs if name in epoch]

    def _look(self) -> list[LayerHealth]:
        from lamina.inspection.layer_health import HealthProbe

        if self._probe is None:
            self._probe = HealthProbe(self._run.trainer, self._some_rows())
        return self._probe.look()

    def _some_rows(self) -> Any:
        example = self._run.feed.example()
        count = jax.tree.leaves(example.x)[0].shape[0]
        rows = np.unique(np.linspace(0, count - 1, min(self.rows, count)).astype(int))
        return jax.tree.map(lambda leaf: jnp.asarray(np.asarray(leaf[rows])), example)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw the epochs, the loss and the layers."""
        from lamina.inspection.training_view import training_lines

        yield from training_lines(self, options)

    def __str__(self) -> str:
        from rich.console import Console

        console = Console(width=100, highlight=False, color_system=None)
        with console.capture() as capture:
            console.print(self)
        return capture.get().rstrip("\n")

    def _repr_html_(self) -> str:
        from lamina.inspection.training_view import training_section

        return training_section(self)
