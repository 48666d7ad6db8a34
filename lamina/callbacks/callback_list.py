"""`CallbackList`: many callbacks called as one."""

from __future__ import annotations

from typing import Any

from lamina.callbacks.callback import Callback, Logs
from lamina.callbacks.history import History
from lamina.callbacks.progbar_logger import ProgbarLogger

_BATCH_HOOKS = {
    "train": ("on_train_batch_begin", "on_train_batch_end", "on_batch_begin", "on_batch_end"),
    "test": ("on_test_batch_begin", "on_test_batch_end"),
    "predict": ("on_predict_batch_begin", "on_predict_batch_end"),
}


class CallbackList:
    """Calls every callback at each hook, in order.

    Args:
        callbacks: a callback, a list of them, or None.
        add_history: whether to add a `History` where there is none.
        add_progbar: whether to add a `ProgbarLogger` where there is none.
        model: handed to each.
        params: handed to each as `params`.

    Raises:
        TypeError: for something that is no callback, such as a class in the place of an instance.
    """

    def __init__(
        self,
        callbacks: Any = None,
        add_history: bool = False,
        add_progbar: bool = False,
        model: Any = None,
        **params: Any,
    ) -> None:
        self.callbacks = _as_list(callbacks)
        if add_progbar and not any(isinstance(callback, ProgbarLogger) for callback in self.callbacks):
            self.callbacks.append(ProgbarLogger())
        if add_history and not any(isinstance(callback, History) for callback in self.callbacks):
            self.callbacks.append(History())
        self.set_params(params)
        if model is not None:
            self.set_model(model)

    @property
    def history(self) -> History:
        """The history among the callbacks."""
        return next(callback for callback in self.callbacks if isinstance(callback, History))

    def append(self, callback: Callback) -> None:
        """Add a callback at the end."""
        self.callbacks.append(callback)

    def set_params(self, params: dict[str, Any]) -> None:
        """Hand `params` to every callback."""
        self.params = params
        for callback in self.callbacks:
            callback.set_params(params)

    def set_model(self, model: Any) -> None:
        """Hand the model to every callback."""
        for callback in self.callbacks:
            callback.set_model(model)

    def wants_batches(self, phase: str) -> bool:
        """Tell whether any callback overrides a batch hook of "train", "test" or "predict"."""
        return any(
            getattr(type(callback), hook, None) is not getattr(Callback, hook)
            for callback in self.callbacks
            for hook in _BATCH_HOOKS[phase]
        )

    def on_steps(self, phase: str, done: int, total: int | None, logs: Logs) -> None:
        """Tell the displays among the callbacks how far an epoch has come."""
        for callback in self.callbacks:
            if isinstance(callback, ProgbarLogger):
                callback.on_steps(phase, done, total, logs)

    def on_compiling(self, phase: str) -> None:
        """Tell the displays among the callbacks that a program is being compiled."""
        for callback in self.callbacks:
            if isinstance(callback, ProgbarLogger):
                callback.on_compiling(phase)

    def _call(self, hook: str, *arguments: Any) -> None:
        for callback in self.callbacks:
            getattr(callback, hook)(*arguments)

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._call("on_epoch_begin", epoch, logs or {})

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self._call("on_epoch_end", epoch, logs or {})

    def on_batch_begin(self, batch: int, logs: Logs = None) -> None:
        self._call("on_batch_begin", batch, logs or {})

    def on_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._call("on_batch_end", batch, logs or {})

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        self._call("on_train_batch_begin", batch, logs or {})

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._call("on_train_batch_end", batch, logs or {})

    def on_test_batch_begin(self, batch: int, logs: Logs = None) -> None:
        self._call("on_test_batch_begin", batch, logs or {})

    def on_test_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._call("on_test_batch_end", batch, logs or {})

    def on_predict_batch_begin(self, batch: int, logs: Logs = None) -> None:
        self._call("on_predict_batch_begin", batch, logs or {})

    def on_predict_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._call("on_predict_batch_end", batch, logs or {})

    def on_train_begin(self, logs: Logs = None) -> None:
        self._call("on_train_begin", logs or {})

    def on_train_end(self, logs: Logs = None) -> None:
        self._call("on_train_end", logs or {})

    def on_test_begin(self, logs: Logs = None) -> None:
        self._call("on_test_begin", logs or {})

    def on_test_end(self, logs: Logs = None) -> None:
        self._call("on_test_end", logs or {})

    def on_predict_begin(self, logs: Logs = None) -> None:
        self._call("on_predict_begin", logs or {})

    def on_predict_end(self, logs: Logs = None) -> None:
        self._call("on_predict_end", logs or {})


def _as_list(callbacks: Any) -> list[Callback]:
    if callbacks is None:
        return []
    flat = (
        [one for group in callbacks for one in _as_list(group)] if isinstance(callbacks, list | tuple) else [callbacks]
    )
    for callback in flat:
        if isinstance(callback, type):
            raise TypeError(
                f"callbacks must hold objects, got the class {callback.__name__}: write {callback.__name__}(...)."
            )
        if not hasattr(callback, "on_epoch_end") or not hasattr(callback, "set_model"):
            raise TypeError(f"{callback!r} is no callback: derive its class from lamina.callbacks.Callback.")
    return flat
