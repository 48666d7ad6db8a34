"""`fit`, `evaluate` and `predict`: epochs, chunks of steps, callbacks."""

from __future__ import annotations

import time
import warnings
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lamina.callbacks import CallbackList, History
from lamina.data import arrays
from lamina.data.class_weight import as_sample_weight
from lamina.data.split import split_rows
from lamina.errors import plural
from lamina.random.global_seed import fresh_seed
from lamina.training import state as train_state
from lamina.training.compilation_cache import use_compilation_cache
from lamina.training.interrupt import interrupts_held_back
from lamina.training.pace import Pace
from lamina.training.step import Batch
from lamina.training.trainer import Trainer
from lamina.typing import PyTree

_DEFAULT_BATCH_SIZE = 32


def fit(
    trainer: Trainer,
    data: Batch,
    validation: Batch | None,
    *,
    batch_size: int,
    epochs: int,
    verbose: int,
    callbacks: Any,
    shuffle: bool | str,
    initial_epoch: int,
    validation_batch_size: int | None,
    validation_freq: Any,
) -> History:
    """Train for `epochs - initial_epoch` epochs; see `Model.fit`."""
    _check_epochs(epochs, initial_epoch, validation_freq)
    use_compilation_cache()
    model = trainer.model
    trainer.prepare(data)
    check_values(trainer, data)
    data = jax.tree.map(jnp.asarray, data)
    count = jax.tree.leaves(data.x)[0].shape[0]
    steps = -(-count // batch_size)
    if validation is not None:  # checked before an epoch is spent on training
        trainer.prepare(validation)
        check_values(trainer, validation, "validation ")
        validation = jax.tree.map(jnp.asarray, validation)
    if not isinstance(callbacks, CallbackList):
        callbacks = CallbackList(
            callbacks,
            add_history=True,
            add_progbar=verbose != 0,
            model=model,
            verbose=verbose,
            epochs=epochs,
            steps=steps,
        )
    pace = Pace(fixed=1 if callbacks.wants_batches("train") else None)
    shuffle_seed = fresh_seed()
    model.stop_training = False
    callbacks.on_train_begin()
    logs: dict[str, Any] = {}
    for epoch in range(initial_epoch, epochs):
        callbacks.on_epoch_begin(epoch)
        order = epoch_order(count, batch_size, shuffle, (shuffle_seed, epoch))
        logs = run_epoch(trainer, "train", data, order, batch_size, callbacks, pace)
        if validation is not None and _is_due(epoch + 1, validation_freq):
            results = evaluate(trainer, validation, batch_size=validation_batch_size or batch_size, callbacks=callbacks)
            logs.update({f"val_{name}": value for name, value in results.items()})
        callbacks.on_epoch_end(epoch, dict(sorted(logs.items())))
        if model.stop_training:
            break
    callbacks.on_train_end(logs)
    return callbacks.history


def evaluate(trainer: Trainer, data: Batch, *, batch_size: int, callbacks: CallbackList) -> dict[str, Any]:
    """Return loss and metrics over `data` by name."""
    use_compilation_cache()
    trainer.prepare(data)
    count = jax.tree.leaves(data.x)[0].shape[0]
    pace = Pace(fixed=1 if callbacks.wants_batches("test") else None)
    callbacks.on_test_begin()
    logs = run_epoch(trainer, "test", data, np.arange(count, dtype="int32"), batch_size, callbacks, pace)
    callbacks.on_test_end(logs)
    return logs


def predict(trainer: Trainer, x: PyTree, *, batch_size: int, callbacks: CallbackList | None) -> PyTree:
    """Return the outputs for all rows of `x` as NumPy arrays."""
    use_compilation_cache()
    variables, programs = trainer.resolved()
    values = train_state.read(variables)
    values = {**values.params, **values.buffers}
    count = jax.tree.leaves(x)[0].shape[0]
    if callbacks is None and count <= batch_size:
        return jax.tree.map(np.asarray, programs.predict(values, x))
    callbacks = callbacks or CallbackList()
    watched = callbacks.wants_batches("predict")
    steps = -(-count // batch_size)
    outputs = []
    callbacks.on_predict_begin()
    for step in range(steps):
        callbacks.on_predict_batch_begin(step)
        rows = slice(step * batch_size, min((step + 1) * batch_size, count))
        outputs.append(programs.predict(values, arrays.take(x, rows)))
        if watched:
            callbacks.on_predict_batch_end(step, {"outputs": jax.tree.map(np.asarray, outputs[-1])})
        callbacks.on_steps("predict", step + 1, steps, None)
    outputs = [jax.tree.map(np.asarray, one) for one in outputs]
    callbacks.on_predict_end({"outputs": outputs[-1]} if outputs else None)
    return jax.tree.map(lambda *parts: np.concatenate(parts), *outputs)


def run_epoch(
    trainer: Trainer,
    phase: str,
    data: Batch,
    order: np.ndarray,
    batch_size: int,
    callbacks: CallbackList,
    pace: Pace,
) -> dict[str, Any]:
    """Run every step of one pass over the data in chunks and return the results by name.

    After every chunk the variables hold the new arrays, so that callbacks, exceptions and Ctrl-C find the truth.

    Args:
        phase: "train" or "test".
        order: row numbers in the order in which they are used; the last batch may be smaller.
    """
    variables, programs = trainer.resolved()
    run = programs.train if phase == "train" else programs.test
    on_begin = callbacks.on_train_batch_begin if phase == "train" else callbacks.on_test_batch_begin
    on_end = callbacks.on_train_batch_end if phase == "train" else callbacks.on_test_batch_end
    watched = callbacks.wants_batches(phase)
    whole, rest = divmod(len(order), batch_size)
    total = whole + (rest > 0)
    device_order = jnp.asarray(order)
    done, logs = 0, dict[str, Any]()
    while done < total:
        ragged = done == whole
        rows = rest if ragged else batch_size
        count = 1 if ragged else pace.next(whole - done)
        if watched:
            on_begin(done)
        compiled = programs.is_compiled(phase, data, rows)
        if not compiled:
            callbacks.on_compiling(phase)
        started = time.perf_counter()
        with interrupts_held_back():
            state, results = run(
                train_state.read(variables),
                data,
                jnp.asarray(order[whole * batch_size :]) if ragged else device_order,
                (0, 1) if ragged else (done, done + count),
                rows,
                done == 0,
            )
            if phase == "train":
                train_state.write(variables, state)
            else:
                train_state.hand_over(variables.metrics, state.metrics)
            results = jax.device_get(results)
        if compiled and not ragged:
            pace.measured(count, time.perf_counter() - started)
        done += count
        logs = _named(trainer, results)
        if watched:
            on_end(done - 1, logs)
        callbacks.on_steps(phase, done, total, logs)
        if watched and trainer.model.stop_training and phase == "train":
            break
    return logs


def run_batch(trainer: Trainer, phase: str, data: Batch) -> dict[str, Any]:
    """Run one step on one batch and return the metrics on it alone."""
    variables, programs = trainer.resolved()
    count = jax.tree.leaves(data.x)[0].shape[0]
    run = programs.train if phase == "train" else programs.test
    with interrupts_held_back():
        state, results = run(train_state.read(variables), data, jnp.arange(count), (0, 1), count, True)
        if phase == "train":
            train_state.write(variables, state)
        else:
            train_state.hand_over(variables.metrics, state.metrics)
    return _named(trainer, jax.device_get(results))


def epoch_order(count: int, batch_size: int, shuffle: bool | str, key: tuple[int, int]) -> np.ndarray:
    """Return the row numbers in the order of an epoch, a function of `key` = (seed, epoch) alone.

    Drawn on the host, where a permutation costs a tenth of what compiling a sort would.
    """
    order = np.arange(count, dtype="int32")
    if not shuffle:
        return order
    generator = np.random.Generator(np.random.Philox(key=np.array(key, "uint64")))
    if shuffle == "batch":
        whole = count // batch_size * batch_size
        blocks = generator.permutation(order[:whole].reshape(-1, batch_size), axis=0).reshape(-1)
        return np.concatenate([blocks, order[whole:]])
    return generator.permutation(order)


def check_values(trainer: Trainer, data: Batch, prefix: str = "") -> None:
    """Look at the data before training: labels that the loss can't take, and numbers that are none."""
    if trainer.loss is not None and trainer.outputs is not None and data.y is not None:
        targets = trainer.outputs.flatten(data.y, "y")
        for index, loss in enumerate(trainer.loss.losses):
            if hasattr(loss, "check_targets") and targets[index] is not None:
                loss.check_targets(np.asarray(targets[index]), trainer.output_shapes[index])
    for what, part in data._asdict().items():
        bad, first = arrays.rows_with_nan(part)
        if bad:
            warnings.warn(
                f"{prefix}{what} holds NaN or infinite values in {plural(bad, 'row')} (the first is row {first}): the loss "
                f"will become NaN and the weights will be lost. Drop those rows or fill them, for example with "
                f"np.nan_to_num({what}).",
                stacklevel=4,
            )


def fit_data(
    x: PyTree, y: PyTree, sample_weight: PyTree, class_weight: Any, validation_split: float, validation_data: Any
) -> tuple[Batch, Batch | None]:
    """Return the data of `fit` as batches of all rows, for training and validation.

    Raises:
        ValueError: if lengths differ, the data are empty, or arguments exclude each other.
    """
    data = batch_of(x, y, sample_weight)
    if class_weight is not None:
        if sample_weight is not None:
            raise ValueError("Pass either class_weight or sample_weight, not both.")
        data = data._replace(sample_weight=as_sample_weight(class_weight, data.y))
    if validation_data is not None:
        if not isinstance(validation_data, list | tuple) or len(validation_data) not in (2, 3):
            raise ValueError(
                "validation_data must be (x, y) or (x, y, sample_weight), got "
                f"{type(validation_data).__name__}{_length(validation_data)}."
            )
        return data, batch_of(*validation_data, prefix="validation ")
    if validation_split:
        count = jax.tree.leaves(data.x)[0].shape[0]
        return split_rows(data, count, validation_split)
    return data, None


def batch_of(x: PyTree, y: PyTree = None, sample_weight: PyTree = None, prefix: str = "") -> Batch:
    """Return checked arrays of equal length."""
    if x is None:
        raise ValueError("x is None: pass the input data.")
    batch = Batch(
        arrays.as_arrays(x, f"{prefix}x"),
        arrays.as_arrays(y, f"{prefix}y"),
        arrays.as_arrays(sample_weight, f"{prefix}sample_weight"),
    )
    parts = {f"{prefix}{name}": value for name, value in batch._asdict().items()}
    arrays.check_rows(**parts)
    return batch


def check_batch_size(batch_size: Any, name: str = "batch_size") -> int:
    """Return the batch size, 32 for None.

    Raises:
        ValueError: if it is not a positive whole number.
    """
    if batch_size is None:
        return _DEFAULT_BATCH_SIZE
    if isinstance(batch_size, bool) or not isinstance(batch_size, int | np.integer) or batch_size < 1:
        raise ValueError(f"{name} must be a positive whole number, got {batch_size!r}.")
    return int(batch_size)


def _check_epochs(epochs: Any, initial_epoch: Any, validation_freq: Any) -> None:
    for name, value in (("epochs", epochs), ("initial_epoch", initial_epoch)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 0:
            raise ValueError(f"{name} must be a whole number from 0 on, got {value!r}.")
    numbers = [validation_freq] if isinstance(validation_freq, int | np.integer) else validation_freq
    if not isinstance(numbers, list | tuple | set | range) or any(number < 1 for number in numbers):
        raise ValueError(f"validation_freq must be a positive number or a list of epochs, got {validation_freq!r}.")


def _is_due(epoch: int, validation_freq: Any) -> bool:
    if isinstance(validation_freq, int):
        return epoch % validation_freq == 0
    return epoch in validation_freq


def _named(trainer: Trainer, results: list[Any]) -> dict[str, Any]:
    return {name: _python(value) for name, value in zip(trainer.result_names, results, strict=True)}


def _python(value: Any) -> Any:
    return float(value) if np.ndim(value) == 0 else value


def _length(value: Any) -> str:
    return f" of length {len(value)}" if hasattr(value, "__len__") else ""
