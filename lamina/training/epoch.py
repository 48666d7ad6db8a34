"""One pass of steps: blocks of data cut into chunks, programs called, callbacks told."""

from __future__ import annotations

import time
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lamina.callbacks import CallbackList
from lamina.errors import warn
from lamina.training import state as train_state
from lamina.training.epoch_function import Guard
from lamina.training.feed import Block, Feed
from lamina.training.interrupt import interrupts_held_back
from lamina.training.keeper import Keeper
from lamina.training.nan_report import nan_report
from lamina.training.pace import Pace
from lamina.training.packing import Packed
from lamina.training.run import Run
from lamina.training.state import TrainState
from lamina.training.step import Batch
from lamina.training.trainer import Trainer
from lamina.training.watched import WatchedProgram

# Of larger models there is no second state to go back to: callbacks see one step at a time.
_COPIED_BYTES = 512 * 1024**2

_SENT_BYTES = 64 * 1024
_FEW_CALLS = 4


class Epoch:
    """Runs the steps of an epoch of training, or of an evaluation.

    After every chunk the variables hold the new arrays, so that callbacks, exceptions and Ctrl-C find the truth.

    Args:
        trainer: the model and what `compile` chose.
        phase: "train" or "test".
        feed: the data.
        callbacks: told about every chunk, whose size is theirs to limit.
        run: the training run, which is kept up to date; None for an evaluation.
        deadline: value of `time.perf_counter()` at which training stops, or None.
    """

    def __init__(
        self,
        trainer: Trainer,
        phase: str,
        feed: Feed,
        callbacks: CallbackList,
        run: Run | None = None,
        deadline: float | None = None,
    ) -> None:
        self.trainer, self.phase, self.feed = trainer, phase, feed
        self.callbacks, self.run, self.deadline = callbacks, run, deadline
        self.variables, self.programs = trainer.resolved_before()
        self.logs: dict[str, Any] = {}
        self._found: tuple[Block, Guard, Any] | None = None  # the program, and what it is for
        self._keeper: Keeper | None = None
        self._fixed: Any = self.programs.fixed(phase, self.variables)
        self.done = run.step if run else 0
        self._watched = callbacks.wants_batches(phase)
        self._each = callbacks.wants_each_batch(phase) and not trainer.model.run_eagerly
        self._begun = False  # whether the hook in front of the next batch was called
        self._report: str | None = None
        training = phase == "train"
        self._on_begin = callbacks.on_train_batch_begin if training else callbacks.on_test_batch_begin
        self._on_end = callbacks.on_train_batch_end if training else callbacks.on_test_batch_end

    def go(self, number: int = 0) -> dict[str, Any]:
        """Run the steps that are left and return the results by name; nothing where the feed gave no batch."""
        try:
            self._run(number)
        finally:
            self._release()
        if not self.logs and self.done:  # taken up where only the end of the epoch was missing
            self.logs = named(self.trainer, [np.asarray(value) for value in self.trainer.results().values()])
        return self.logs

    def _run(self, number: int) -> None:
        chunk = self._watched_chunk if self._each else self._chunk
        for block in self.feed.blocks(number, self.done):
            # A short order goes along with each call, which takes less than to put it on the device, unless there are
            # many calls.
            along = block.order.nbytes <= _SENT_BYTES and not (self._each and block.last - block.first > _FEW_CALLS)
            order = block.order if along else jnp.asarray(block.order)
            pace = self.programs.pace(self.phase, len(block.order), block.batch_size)
            at = block.first
            while at < block.last:
                at += chunk(block, order, pace, at, number)
                if self.stopped and not self._report and not self._begun:  # what was begun is finished, as in Keras
                    return

    @property
    def stopped(self) -> bool:
        """Whether somebody wants no more steps."""
        model = self.trainer.model
        if self.phase != "train":
            return bool(model.stop_evaluating)
        if self.deadline is not None and time.perf_counter() >= self.deadline:
            model.stop_training = True
        return bool(model.stop_training)

    # Many steps at once

    def _chunk(self, block: Block, order: Any, pace: Pace, first: int, number: int) -> int:
        """Run some steps of a block and return how many."""
        allowed = self.callbacks.batches_allowed(self.phase) if self._watched else None
        if self._watched:
            self._begin()
        left = block.last - first if allowed is None else min(allowed, block.last - first)
        last = first + (1 if self.stopped or self._report else pace.next(left))
        program, compiled = self._program(block, order)
        started = time.perf_counter()
        with interrupts_held_back():
            values, fresh = train_state.read(self.variables), self.done == 0
            state, results, end = program(values, block.data, order, first, last, fresh)
            if last == block.last and self.phase == "train":
                self.feed.look_ahead()
            reached = int(end)  # waits for the program
            if reached < last and not program.donates:  # the state holds what the bad step made of it
                state, results, _ = program(values, block.data, order, first, reached, fresh)
            self._write(state)
            self.logs = named(self.trainer, [np.asarray(value) for value in results])
        if compiled and reached == last and block.last - block.first > 1:
            pace.measured(last - first, time.perf_counter() - started)
        self._note(reached - first)
        if reached < last:
            self._look_into(block, reached, number)
            return reached - first
        self._tell_report()
        if self._watched:
            self._end()
        self._tell_steps(block)
        return last - first

    # A hook for each step

    def _watched_chunk(self, block: Block, order: Any, pace: Pace, first: int, number: int) -> int:
        """As `_chunk`, where callbacks are called for each step and see the state of behind it (see `Keeper`)."""
        self._begin()
        program, compiled = self._program(block, order)
        keeper = self._kept(program)
        count = min(pace.ahead(block.last - first), program.noted)
        if self.stopped or self._report or self.programs.nbytes > _COPIED_BYTES:
            count = 1
        started = time.perf_counter()
        arguments = train_state.read(self._fixed), block.data, order, first
        fresh = self.done == 0
        with interrupts_held_back():
            given = keeper.packed
            before = program.copied(given) if count > 1 else given
            behind, results = program(given, *arguments, first + count, fresh)
            rows, numbers, end = program.noted_results(results)
            made, steps = end - first, 0

            def settled() -> Packed:
                if steps == made or count == 1:
                    return behind
                with interrupts_held_back():  # what was kept can be taken once
                    return program(before, *arguments, first + steps, fresh)[0]

            keeper.show(settled, (lambda: numbers[(first + steps - 1) % program.noted]) if made else None)
        if not made:
            self._look_into(block, first, number)
            return 0
        if compiled and made == count and block.last - block.first > 1:
            pace.measured(count, time.perf_counter() - started)
        for step in range(first, first + made):
            steps += 1
            keeper.go_on()
            self._note(1)
            self.logs = named(self.trainer, [row[step % program.noted] for row in rows])
            self._tell_report()
            self._end()
            self._tell_steps(block)
            if keeper.looked or self.stopped or step + 1 == block.last:
                break
            self._begin()
            if keeper.looked:
                break
        pace.seen(steps, keeper.looked)
        return steps

    def _kept(self, program: WatchedProgram) -> Keeper:
        """Return what keeps the state for such a program."""
        if self._keeper is not None and self._keeper.packing != program.packing:
            self._release()
        if self._keeper is None:
            changing = jax.tree.leaves(self.programs.changing(self.phase, self.variables))
            self._keeper = Keeper(changing, program.packing)
        return self._keeper

    def _release(self) -> None:
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.release()

    # What both are made of

    def _begin(self) -> None:
        if not self._begun:
            self._begun = True
            self._on_begin(self.done)

    def _end(self) -> None:
        self._begun = False
        self._on_end(self.done - 1, self.logs)

    def _tell_steps(self, block: Block) -> None:
        self.callbacks.on_steps(self.phase, self.done, self.feed.steps, self.logs, block.batch_size)
        if self.run is not None and self.done != self.feed.steps:  # the end of the epoch comes with its own
            self.callbacks.tell("on_settled", False)

    def _look_into(self, block: Block, step: int, number: int) -> None:
        """Find out why the loss of the next step is not finite, and let it be made nevertheless."""
        assert self.run is not None
        self.run.guarded = False  # from here on the numbers are what they are
        self._report = nan_report(self.trainer, self.variables, block, step, number, self.done)

    def _tell_report(self) -> None:
        report, self._report = self._report, None
        if report and not self.callbacks.tell("on_invalid_loss", self.done - 1, report):
            warn(f"{report[0].upper()}{report[1:]}")

    def _program(self, block: Block, order: Any) -> tuple[Any, bool]:
        """Return the program for a block and whether it was compiled before, so that a call of it tells the pace."""
        guard: Guard = "none"
        if self.run is not None and self.run.guarded:
            guard = "before" if self._each else self.programs.guard
        if self._found is not None and self._found[0] is block and self._found[1] == guard:
            return self._found[2], True
        arguments = (block.data, order, block.batch_size, guard)
        program = self.programs.find(self.phase, *arguments, watched=self._each)
        compiled = program is not None
        if program is None:
            self.callbacks.on_compiling(self.phase)
            compile = self.programs.compile_watched if self._each else self.programs.compile
            program = compile(self.phase, train_state.read(self.variables), *arguments)
        self._found = (block, guard, program)
        return program, compiled

    def _write(self, state: TrainState) -> None:
        if self.phase == "train":
            train_state.write(self.variables, state)
        else:
            train_state.hand_over(self.variables.buffers, state.buffers)
            train_state.hand_over(self.variables.metrics, state.metrics)

    def _note(self, steps: int) -> None:
        self.done += steps
        self.feed.advance(steps)
        if self.run is not None:
            self.run.step = self.done


def run_batch(trainer: Trainer, phase: str, data: Batch) -> dict[str, Any]:
    """Run one step on one batch and return the metrics on it alone."""
    variables, programs = trainer.resolved()
    count = jax.tree.leaves(data.x)[0].shape[0]
    order = np.arange(count, dtype="int32")
    program = programs.compile(phase, train_state.read(variables), data, order, count)
    with interrupts_held_back():
        state, results, _ = program(train_state.read(variables), data, order, 0, 1, True)
        if phase == "train":
            train_state.write(variables, state)
        else:
            train_state.hand_over(variables.buffers, state.buffers)
            train_state.hand_over(variables.metrics, state.metrics)
    return named(trainer, jax.device_get(results))


def named(trainer: Trainer, results: list[Any]) -> dict[str, Any]:
    """Return results by name, single numbers as floats."""
    return {name: _python(value) for name, value in zip(trainer.result_names, results, strict=True)}


def _python(value: Any) -> Any:
    return value if getattr(value, "ndim", 0) else float(value)
