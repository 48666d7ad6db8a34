"""`LearningRateScheduler`."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from lamina.callbacks.callback import Callback, Logs


class LearningRateScheduler(Callback):
    """Sets the learning rate before every epoch.

    The rate of each epoch appears in the logs and in `History` as "learning_rate". Changing it recompiles nothing.

    Args:
        schedule: function `(epoch, learning_rate) -> learning_rate`, or of the epoch alone; epochs count from 0.
        verbose: 1 to say what was set.

    Raises:
        ValueError: in `fit`, if the optimizer's learning rate is a schedule itself, or `schedule` gives no number.

    Example:
        >>> halve = lamina.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.5 if epoch else rate)
    """

    def __init__(self, schedule: Callable[..., Any], verbose: int = 0) -> None:
        super().__init__()
        if not callable(schedule):
            raise TypeError(f"LearningRateScheduler: schedule must be a function, got {schedule!r}.")
        self.schedule = schedule
        self.verbose = verbose
        self._takes_rate = _takes_two(schedule)

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        before = current_rate(self)
        rate = number(self.schedule(epoch, before) if self._takes_rate else self.schedule(epoch))
        set_rate(self, rate)
        if self.verbose > 0:
            print(f"\nEpoch {epoch + 1}: LearningRateScheduler setting learning rate to {rate}.")

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        if logs is not None:
            logs["learning_rate"] = current_rate(self)


def _takes_two(schedule: Callable[..., Any]) -> bool:
    try:
        inspect.signature(schedule).bind(0, 0.1)
    except TypeError:
        return False
    except ValueError:  # a builtin without a signature
        return True
    return True


def current_rate(callback: Callback) -> float:
    """Return the learning rate of the callback's model.

    Raises:
        ValueError: if the model has no optimizer.
    """
    optimizer = getattr(callback.model, "optimizer", None)
    if optimizer is None:
        raise ValueError(f"{type(callback).__name__} needs a model that was compiled with an optimizer.")
    return float(np.asarray(optimizer.learning_rate))


def set_rate(callback: Callback, rate: float) -> None:
    """Set the learning rate of the callback's model.

    Raises:
        ValueError: if the optimizer follows a schedule, whose rates can't be set.
    """
    optimizer = callback.model.optimizer
    if not hasattr(optimizer.learning_rate, "assign"):
        raise ValueError(
            f"{type(callback).__name__} sets the learning rate, but the optimizer {optimizer.name!r} was given a "
            "schedule of its own. Give it a number, such as learning_rate=0.001, or leave the callback out."
        )
    optimizer.learning_rate = rate


def number(value: Any) -> float:
    """Return what a schedule gave as a float.

    Raises:
        ValueError: if it is no single number.
    """
    if isinstance(value, str) or np.ndim(value) != 0 or value is None:
        raise ValueError(f"LearningRateScheduler: schedule must return a number, got {value!r}.")
    return float(value)
