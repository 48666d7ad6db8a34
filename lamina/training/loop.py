"""`fit` and `evaluate`: epochs, validation, callbacks."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import jax.numpy as jnp
import numpy as np

from lamina.callbacks import CallbackList, History
from lamina.errors import warn
from lamina.training.compilation_cache import use_compilation_cache
from lamina.training.epoch import Epoch
from lamina.training.feed import Feed
from lamina.training.interrupt import interrupts_watched
from lamina.training.run import Run
from lamina.training.trainer import Trainer


@interrupts_watched()
def fit(
    trainer: Trainer,
    feed: Feed,
    validation: Feed | None,
    *,
    epochs: int,
    verbose: int,
    callbacks: Any,
    initial_epoch: int,
    validation_freq: Any,
    max_time: float | None,
) -> History:
    """Train for `epochs - initial_epoch` epochs; see `Model.fit`."""
    use_compilation_cache()
    model = trainer.model
    if not isinstance(callbacks, CallbackList):
        callbacks = CallbackList(
            callbacks,
            add_history=True,
            add_progbar=verbose != 0,
            model=model,
            verbose=verbose,
            epochs=epochs,
            steps=feed.steps,
        )
    deadline = None if max_time is None else time.perf_counter() + max_time
    run = Run(trainer, feed, initial_epoch)
    model.stop_training = False
    with callbacks.running():
        callbacks.on_train_begin()
        logs: dict[str, Any] = {}
        begun = _take_up(run, callbacks)
        while run.epoch < epochs and not (begun and not run.step and model.stop_training):
            if not (begun and run.step):
                callbacks.on_epoch_begin(run.epoch)
            begun = False
            epoch, had = run.epoch, run.step
            logs = Epoch(trainer, "train", feed, callbacks, run, deadline).go(epoch)
            if not logs and run.step == had:
                _warn_that_nothing_came(feed, epoch, epochs)
                break
            if validation is not None and _is_due(epoch + 1, validation_freq):
                results = evaluate(trainer, validation, callbacks=callbacks)
                logs.update({f"val_{name}": value for name, value in results.items()})
            logs = dict(sorted(logs.items()))
            callbacks.on_epoch_end(epoch, dict(logs))  # a copy: what a callback adds is for those behind it
            run.epoch, run.step = epoch + 1, 0
            callbacks.tell("on_settled", True)
            if model.stop_training:
                break
        callbacks.tell("before_end")
        if run.epoch > initial_epoch:
            for optimizer in trainer.optimizers:
                own = list(trainer.variables.params.values())
                if optimizer is not trainer.optimizer:  # one that a train_step of the user's applies to what it likes
                    own = getattr(optimizer, "_trainable_variables", []) if optimizer.built else []
                optimizer.finalize_variable_values(own)
        callbacks.on_train_end(logs)
    return callbacks.history


def _take_up(run: Run, callbacks: CallbackList) -> bool:
    """Go to the position of a backup, if a callback has one.

    Hooks that an uninterrupted run would have called before are called first: what they set is set anew by the backup,
    so that a learning rate, say, is not lowered twice.
    """
    callbacks.tell("set_run", run, callbacks.callbacks)
    keeper = callbacks.find("restore")
    backup = None if keeper is None else keeper.find()
    if backup is None:
        return False
    position = backup[0]["run"]
    if position["step"]:
        callbacks.on_epoch_begin(position["epoch"])
    keeper.restore(backup)
    return True


def evaluate(trainer: Trainer, feed: Feed, *, callbacks: CallbackList) -> dict[str, Any]:
    """Return loss and metrics over data by name."""
    use_compilation_cache()
    trainer.model.stop_evaluating = False
    with callbacks.running():
        callbacks.on_test_begin()
        feed.rewind()
        if feed.steps_per_epoch is not None:
            feed.total_steps = feed.pass_done + feed.steps_per_epoch
        logs = Epoch(trainer, "test", feed, callbacks).go()
        feed.close()
        if not logs:
            warn(
                f"{feed.what} gave no batch, so there is nothing to evaluate. A generator can be passed over only "
                "once: pass arrays, a dataset that can be iterated again, or a generator without end together with a "
                "number of steps.",
            )
        callbacks.on_test_end(logs)
    return logs


@contextmanager
def nothing_kept(trainer: Trainer) -> Iterator[None]:
    """Give every variable its value of before the block back."""
    model = trainer.model
    variables = [variable for group in trainer.variables for variable in group.values()]
    values = [jnp.array(variable.array, copy=True) for variable in variables]
    history, stopped = model.history, model.stop_training
    try:
        yield
    finally:
        for variable, value in zip(variables, values, strict=True):
            variable.array = value
        model.history, model.stop_training = history, stopped


def check_epochs(epochs: Any, initial_epoch: Any, validation_freq: Any) -> None:
    """Raise an error for counts that are none.

    Raises:
        ValueError: says which and what came.
    """
    for name, value in (("epochs", epochs), ("initial_epoch", initial_epoch)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 0:
            raise ValueError(f"{name} must be a whole number from 0 on, got {value!r}.")
    numbers = [validation_freq] if isinstance(validation_freq, int | np.integer) else validation_freq
    if not isinstance(numbers, list | tuple | set | range) or any(number < 1 for number in numbers):
        raise ValueError(f"validation_freq must be a positive number or a list of epochs, got {validation_freq!r}.")


def check_max_time(max_time: Any) -> float | None:
    """Return seconds, or None.

    Raises:
        ValueError: if it is no positive number and no `timedelta`.
    """
    if max_time is None:
        return None
    seconds = max_time.total_seconds() if isinstance(max_time, timedelta) else max_time
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds > 0:
        raise ValueError(f"max_time must be a positive number of seconds or a datetime.timedelta, got {max_time!r}.")
    return float(seconds)


def _is_due(epoch: int, validation_freq: Any) -> bool:
    if isinstance(validation_freq, int | np.integer):
        return epoch % validation_freq == 0
    return epoch in validation_freq


def _warn_that_nothing_came(feed: Feed, epoch: int, epochs: int) -> None:
    warn(
        f"{feed.what} has no batch left for epoch {epoch + 1} of {epochs}: training ends here. A generator can be "
        "passed over only once. Pass arrays, a dataset that can be iterated again, or a generator without end together "
        "with steps_per_epoch.",
    )
