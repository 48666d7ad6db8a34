"""`predict`: arrays by a compiled loop over batches, streams batch by batch."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import jax
import numpy as np

from lamina.callbacks import CallbackList
from lamina.core.arrays import to_jax
from lamina.data import arrays
from lamina.data.host_rows import HostRows
from lamina.data.streams import Stream
from lamina.errors import warn
from lamina.training.compilation_cache import use_compilation_cache
from lamina.training.trainer import Trainer
from lamina.typing import Array, PyTree

_LONGEST = 64  # batches of a compiled loop
_BYTES_AT_ONCE = 64 * 1024**2


def predict(
    trainer: Trainer, x: PyTree | Stream, *, batch_size: int, steps: int | None, callbacks: CallbackList | None
) -> PyTree:
    """Return the outputs for all rows of `x` as NumPy arrays."""
    use_compilation_cache()
    model = trainer.model
    model.stop_predicting = False
    if callbacks is None and steps is None and not isinstance(x, Stream) and _count(x) <= batch_size:
        return jax.tree.map(np.array, _outputs(trainer, _in_memory(x)))
    callbacks = callbacks or CallbackList()
    with callbacks.running():
        callbacks.on_predict_begin()
        if isinstance(x, Stream):
            x.require_end(steps)
            batches, total = (batch[0] for batch in x.one_pass(None, 0, steps)), x.batches if steps is None else steps
            outputs = _by_batch(trainer, batches, total, callbacks)
            if steps is not None and 0 < len(outputs) < steps and not model.stop_predicting:
                warn(f"predict: x gave {len(outputs):,} of the {steps:,} batches asked for.")
        else:
            count = _count(x)
            total = -(-count // batch_size)
            if steps is not None and steps > total:
                warn(f"predict: x holds {total:,} batches, fewer than the {steps:,} asked for.")
            if steps is not None and steps < total:
                total, count = steps, steps * batch_size
            looped = _by_loop(trainer, x, count, batch_size, callbacks)
            outputs = looped or _by_batch(trainer, _batches(x, count, batch_size), total, callbacks)
        if not outputs:
            raise ValueError("predict: the stream gave no batch, so there is nothing to return.")
        callbacks.on_predict_end()
    return jax.tree.map(np.array if len(outputs) == 1 else lambda *parts: np.concatenate(parts), *outputs)


def _by_loop(trainer: Trainer, x: PyTree, count: int, batch_size: int, callbacks: CallbackList) -> list[PyTree] | None:
    """Return the outputs in parts by programs that hold many batches; None where batches must come one by one.

    A program is compiled for a power of two of batches. Where the data hold more, it runs over one view of them after
    the other; the last one overlaps the one before, and its loop starts behind what is done. So there are few programs,
    whatever numbers of rows come, and no row is copied or computed twice.
    """
    whole = count // batch_size
    if whole < 2 or callbacks.wants_batches("predict") or trainer.model.run_eagerly:
        return None
    bytes_of_batch = sum(leaf.nbytes // max(1, leaf.shape[0]) for leaf in jax.tree.leaves(x)) * batch_size
    held = min(whole, _LONGEST, max(1, _BYTES_AT_ONCE // max(1, bytes_of_batch)))
    held = 1 << (held.bit_length() - 1)
    values, programs = _values(trainer)
    pace = programs.pace("predict", held, batch_size)
    outputs: list[PyTree] = []
    done, total = 0, -(-count // batch_size)
    while done < whole:
        start = min(done, whole - held)
        view = jax.tree.map(to_jax, _rows(x, slice(start * batch_size, (start + held) * batch_size)))
        while done < start + held:
            stop = done + pace.next(start + held - done)
            began = time.perf_counter()
            program, compiled = programs.predict_loop(
                values, view, batch_size, lambda: callbacks.on_compiling("predict")
            )
            if program is None:
                return None
            computed = programs.run_predict_loop(program, values, view, done - start, stop - start)
            found = jax.tree.map(np.asarray, computed)
            if compiled:
                pace.measured(stop - done, time.perf_counter() - began)
            rows = slice((done - start) * batch_size, (stop - start) * batch_size)
            # A copy of a part, so that the array of the whole is let go.
            take = (lambda part, rows=rows: np.array(part[rows])) if stop - done < held else np.asarray
            outputs.append(jax.tree.map(take, found))
            done = stop
            callbacks.on_steps("predict", done, total, None, batch_size)
            if trainer.model.stop_predicting:
                return outputs
    if whole * batch_size < count:
        outputs.append(jax.tree.map(np.asarray, _outputs(trainer, _rows(x, slice(whole * batch_size, count)))))
        callbacks.on_steps("predict", total, total, None, batch_size)
    return outputs


def _by_batch(trainer: Trainer, batches: Iterator[PyTree], total: int | None, callbacks: CallbackList) -> list[PyTree]:
    watched = callbacks.wants_batches("predict")
    if not _values(trainer)[1].has_predicted:
        callbacks.on_compiling("predict")
    outputs: list[PyTree] = []
    for step, batch in enumerate(batches):
        if watched:
            callbacks.on_predict_batch_begin(step)
        outputs.append(_outputs(trainer, batch))
        if len(outputs) > 1:  # the last one may still be computed
            outputs[-2] = jax.tree.map(np.asarray, outputs[-2])
        if watched:
            callbacks.on_predict_batch_end(step, {"outputs": jax.tree.map(np.asarray, outputs[-1])})
        callbacks.on_steps("predict", step + 1, total, None, _count(batch))
        if trainer.model.stop_predicting:
            break
    return [jax.tree.map(np.asarray, one) for one in outputs]


def _values(trainer: Trainer) -> tuple[dict[str, Array], Any]:
    variables, programs = trainer.resolved_for_prediction()
    return {path: variable.array for group in variables[:2] for path, variable in group.items()}, programs


def _outputs(trainer: Trainer, x: PyTree) -> PyTree:
    values, programs = _values(trainer)
    return programs.predict(values, x)


def _batches(x: PyTree, count: int, batch_size: int) -> Iterator[PyTree]:
    return (_rows(x, slice(start, min(start + batch_size, count))) for start in range(0, count, batch_size))


def _rows(x: PyTree, span: slice) -> PyTree:
    return _in_memory(arrays.take(x, span))


def _in_memory(x: PyTree) -> PyTree:
    return jax.tree.map(lambda leaf: np.asarray(leaf) if isinstance(leaf, HostRows) else leaf, x)


def _count(x: PyTree) -> int:
    return jax.tree.leaves(x)[0].shape[0]
