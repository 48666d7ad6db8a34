"""`CallbackList`: many callbacks called as one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from lamina.callbacks.callback import Callback, Logs
from lamina.callbacks.history import History
from lamina.callbacks.progbar_logger import ProgbarLogger

_BATCH_HOOKS = {
    "train": ("on_train_batch_begin", "on_train_batch_end", "on_batch_begin", "on_batch_end"),
    "test": ("on_test_batch_begin", "on_test_batch_end"),
    "predict": ("on_predict_batch_begin", "on_predict_batch_end"),
}


class CallbackList(Callback):
    """Calls every callback at each hook, in order.

    Beside the hooks a callback may have methods that `fit` calls:

    - `batches_until_due()`: how many batches may pass before its batch hooks are called, None for any number. One that
      overrides a batch hook and does not have this method is called at every batch.
    - `on_settled(end_of_epoch)`: when all callbacks have dealt with the end of an epoch or of some steps.
    - `on_invalid_loss(batch, report)`: when the loss is not finite.
    - `before_end()`: after the last epoch, before `on_train_end`.
    - `on_broken_off()`: when an error or a keyboard interrupt ends the run.

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
        super().__init__()
        self._listeners: dict[str, list[Any]] = {}
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
        self._listeners = {}

    def set_params(self, params: dict[str, Any]) -> None:
        """Hand `params` to every callback."""
        self.params = params
        for callback in self.callbacks:
            callback.set_params(params)

    def set_model(self, model: Any) -> None:
        """Hand the model to every callback."""
        super().set_model(model)
        for callback in self.callbacks:
            callback.set_model(model)

    def wants_batches(self, phase: str) -> bool:
        """Tell whether any callback listens to batches of "train", "test" or "predict"."""
        return any(self._listening(hook) for hook in _BATCH_HOOKS[phase])

    def wants_each_batch(self, phase: str) -> bool:
        """Tell whether a callback listens to batches of "train", "test" or "predict" without saying to which."""
        listening = (one for hook in _BATCH_HOOKS[phase] for one in self._listening(hook))
        return any(not hasattr(one, "batches_until_due") for one in listening)

    def batches_allowed(self, phase: str) -> int | None:
        """Return how many batches may pass before batch hooks must be called; None for any number."""
        dues = []
        for callback in {id(one): one for hook in _BATCH_HOOKS[phase] for one in self._listening(hook)}.values():
            due = callback.batches_until_due() if hasattr(callback, "batches_until_due") else 1
            if due == 1:
                return 1
            dues += [] if due is None else [due]
        return min(dues) if dues else None

    def _listening(self, hook: str) -> list[Any]:
        """The callbacks that override a hook, in their class or, as `LambdaCallback` does, in themselves."""
        if hook not in self._listeners:
            own = getattr(Callback, hook)
            self._listeners[hook] = [
                callback
                for callback in self.callbacks
                if hook in vars(callback) or getattr(type(callback), hook, None) not in (None, own)
            ]
        return self._listeners[hook]

    def tell(self, method: str, *arguments: Any) -> int:
        """Call a method of those callbacks that have it, and return how many these are."""
        having = [callback for callback in self.callbacks if hasattr(callback, method)]
        for callback in having:
            getattr(callback, method)(*arguments)
        return len(having)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Tell those who want to know if the block is broken off."""
        try:
            yield
        except BaseException:
            self.tell("on_broken_off")
            raise

    def find(self, method: str) -> Any:
        """Return the first callback that has a method, or None."""
        return next((callback for callback in self.callbacks if hasattr(callback, method)), None)

    def on_steps(self, phase: str, done: int, total: int | None, logs: Logs, rows: int) -> None:
        """Tell the displays among the callbacks how far an epoch has come, and how many rows a step has."""
        for callback in self.callbacks:
            if isinstance(callback, ProgbarLogger):
                callback.on_steps(phase, done, total, logs, rows)

    def on_compiling(self, phase: str) -> None:
        """Tell the displays among the callbacks that a program is being compiled."""
        for callback in self.callbacks:
            if isinstance(callback, ProgbarLogger):
                callback.on_compiling(phase)

    def _call(self, hook: str, *arguments: Any) -> None:
        for callback in self.callbacks:
            getattr(callback, hook)(*arguments)

    def _call_at_batch(self, hook: str, batch: int, logs: Logs, old_name: str | None = None) -> None:
        """As `_call`, for those that listen: a hook for every batch must cost next to nothing."""
        listening = self._listening(hook) if old_name is None else self._listening_to_either(hook, old_name)
        for callback in listening:
            getattr(callback, hook)(batch, logs=logs)

    def _listening_to_either(self, hook: str, old_name: str) -> list[Any]:
        key = f"{hook} or {old_name}"
        if key not in self._listeners:
            either = {id(callback) for name in (hook, old_name) for callback in self._listening(name)}
            self._listeners[key] = [callback for callback in self.callbacks if id(callback) in either]
        return self._listeners[key]

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._call("on_epoch_begin", epoch, logs or {})

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self._call("on_epoch_end", epoch, logs or {})

    def on_batch_begin(self, batch: int, logs: Logs = None) -> None:
        self._call("on_batch_begin", batch, logs or {})

    def on_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._call("on_batch_end", batch, logs or {})

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        self._call_at_batch("on_train_batch_begin", batch, logs or {}, "on_batch_begin")

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._call_at_batch("on_train_batch_end", batch, logs or {}, "on_batch_end")

    def on_test_batch_begin(self, batch: int, logs: Logs = None) -> None:
        self._call_at_batch("on_test_batch_begin", batch, logs or {})

    def on_test_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._call_at_batch("on_test_batch_end", batch, logs or {})

    def on_predict_batch_begin(self, batch: int, logs: Logs = None) -> None:
        self._call_at_batch("on_predict_batch_begin", batch, logs or {})

    def on_predict_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._call_at_batch("on_predict_batch_end", batch, logs or {})

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
