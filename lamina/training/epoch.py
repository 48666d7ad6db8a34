"""One pass of steps: blocks of data cut into chunks, programs called, callbacks told."""

from __future__ import annotations

import time
import warnings
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lamina.callbacks import CallbackList
from lamina.training import state as train_state
from lamina.training.feed import Block, Feed
from lamina.training.interrupt import interrupts_held_back
from lamina.training.nan_report import nan_report
from lamina.training.pace import Pace
from lamina.training.programs import Guard, Program
from lamina.training.run import Run
from lamina.training.step import Batch
from lamina.training.trainer import Trainer


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
        self._found: tuple[Block, Guard, Program] | None = None
        self.done = run.step if run else 0
        self._watched = callbacks.wants_batches(phase)
        training = phase == "train"
        self._on_begin = callbacks.on_train_batch_begin if training else callbacks.on_test_batch_begin
        self._on_end = callbacks.on_train_batch_end if training else callbacks.on_test_batch_end

    def go(self, number: int = 0) -> dict[str, Any]:
        """Run the steps that are left and return the results by name; nothing where the feed gave no batch."""
        for block in self.feed.blocks(number, self.done):
            order = jnp.asarray(block.order)
            pace = self.programs.pace(self.phase, len(block.order), block.batch_size)
            at = block.first
            while at < block.last:
                count = self._count(pace, block.last - at)
                if self._watched:
                    self._on_begin(self.done)
                at += self._chunk(block, order, pace, at, at + count, number)
                if self._watched:
                    self._on_end(self.done - 1, self.logs)
                self.callbacks.on_steps(self.phase, self.done, self.feed.steps, self.logs, block.batch_size)
                if self.run is not None and self.done != self.feed.steps:  # the end of the epoch comes with its own
                    self.callbacks.tell("on_settled", False)
                if self.stopped:
                    return self.logs
        if not self.logs and self.done:  # taken up where only the end of the epoch was missing
            self.logs = {name: _python(np.asarray(value)) for name, value in self.trainer.results().items()}
        return self.logs

    @property
    def stopped(self) -> bool:
        """Whether somebody wants no more steps."""
        model = self.trainer.model
        if self.phase != "train":
            return bool(model.stop_evaluating)
        if self.deadline is not None and time.perf_counter() >= self.deadline:
            model.stop_training = True
        return bool(model.stop_training)

    def _count(self, pace: Pace, left: int) -> int:
        """Return how many steps to run at once."""
        allowed = self.callbacks.batches_allowed(self.phase) if self._watched else None
        if allowed == 1 or self.stopped:
            return 1
        return min(pace.next(left), left if allowed is None else allowed)

    def _chunk(self, block: Block, order: Any, pace: Pace, first: int, last: int, number: int) -> int:
        """Run some steps of a block and return how many."""
        program, compiled = self._program(block, order)
        started = time.perf_counter()
        reached = self._call(program, block.data, order, first, last)
        seconds = time.perf_counter() - started
        if compiled and reached == last and block.last - block.first > 1:
            pace.measured(last - first, seconds)
        self._note(reached - first)
        if reached == last:
            return last - first
        assert self.run is not None
        self.run.guarded = False  # from here on the numbers are what they are
        report = nan_report(self.trainer, self.variables, block, reached, number, self.done)
        made = reached - first + self._chunk(block, order, pace, reached, reached + 1, number)
        if not self.callbacks.tell("on_invalid_loss", self.done - 1, report):
            warnings.warn(f"{report[0].upper()}{report[1:]}", stacklevel=2)
        return made

    def _program(self, block: Block, order: Any) -> tuple[Program, bool]:
        """Return the program for a block and whether it was compiled before, so that a call of it tells the pace."""
        guard = self.programs.guard if self.run is not None and self.run.guarded else "none"
        if self._found is not None and self._found[0] is block and self._found[1] == guard:
            return self._found[2], True
        arguments = (block.data, order, block.batch_size, guard)
        program = self.programs.find(self.phase, *arguments)
        compiled = program is not None
        if program is None:
            self.callbacks.on_compiling(self.phase)
            program = self.programs.compile(self.phase, train_state.read(self.variables), *arguments)
        self._found = (block, guard, program)
        return program, compiled

    def _call(self, program: Program, data: Batch, order: Any, first: int, last: int) -> int:
        with interrupts_held_back():
            values, fresh = train_state.read(self.variables), self.done == 0
            state, results, end = program(values, data, order, first, last, fresh)
            reached = int(end)
            if reached < last and self.programs.guard == "behind":  # the state holds what the bad step made of it
                state, results, _ = program(values, data, order, first, reached, fresh)
            if self.phase == "train":
                train_state.write(self.variables, state)
            else:
                train_state.hand_over(self.variables.buffers, state.buffers)
                train_state.hand_over(self.variables.metrics, state.metrics)
            self.logs = named(self.trainer, [np.asarray(value) for value in results])
        return reached

    def _note(self, steps: int) -> None:
        self.done += steps
        self.feed.advance(steps)
        if self.run is not None:
            self.run.step = self.done


def run_batch(trainer: Trainer, phase: str, data: Batch) -> dict[str, Any]:
    """Run one step on one batch and return the metrics on it alone."""
    variables, programs = trainer.resolved()
    count = jax.tree.leaves(data.x)[0].shape[0]
    order = jnp.arange(count)
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
    return float(value) if np.ndim(value) == 0 else value
