"""The compiled epoch: programs that hold the data on the device and run many steps in one call."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from lamina.errors import plain_errors
from lamina.kernels import compiler_options
from lamina.training.custom_step import custom_predict_step, custom_step
from lamina.training.epoch_function import Guard, epoch_function, prediction_function
from lamina.training.interrupt import interrupts_let_through
from lamina.training.pace import Pace
from lamina.training.state import TrainState, TrainVariables, nbytes
from lamina.training.step import Batch, Step, predict_step, test_step, train_step
from lamina.training.watched import NOTED_STEPS, WatchedProgram, compile_watched
from lamina.typing import Array, ArrayLike, PyTree

# Of larger outputs there is one batch in memory beside what is returned.
_PREDICTED_BYTES = 128 * 1024**2

# Up to this size the state of before is kept while a program runs, so that steps can be made once more up to one whose
# loss is not finite. Small models train a fifth faster so; of large ones there is no second state.
_REPLAYED_BYTES = 4 * 1024**2


@dataclasses.dataclass(frozen=True)
class Program:
    """A compiled loop over steps.

    Attributes:
        kind: "train" or "test".
        run: the compiled function.
        donates: whether a call takes the arrays of the state for itself, all of them where it trains, else the metrics.
    """

    kind: str
    run: Callable[..., Any]
    donates: bool

    def __call__(
        self, state: TrainState, data: Batch, order: ArrayLike, first: int, last: int, fresh: bool
    ) -> tuple[TrainState, list[Array], Array]:
        """Run steps `first` to `last` of an epoch.

        Args:
            state: the arrays must not be used again if the program donates them.
            data: all rows, on the device.
            order: the rows in the order of this epoch.
            first, last: the first step and the one after the last.
            fresh: whether the metrics start anew.

        Returns:
            The state; the results of the metrics so far in the order of the trainer's `result_names`; and the step that
            comes next.
        """
        span = (np.int32(first), np.int32(last), np.bool_(fresh))
        model, metrics, results, reached = self.run(*_split(self.kind, state), data, order, *span)
        if self.kind == "train":
            return model._replace(metrics=metrics), results, reached
        return state._replace(buffers={**state.buffers, **model.buffers}, metrics=metrics), results, reached


class Programs:
    """The programs of one model and one set of variables, compiled when first needed.

    Args:
        trainer: what a step is made of.
        variables: those whose values the state holds.

    Attributes:
        nbytes: bytes of the values of the variables.
        guard: the better one of "before" and "behind".
    """

    def __init__(self, trainer: Any, variables: TrainVariables) -> None:
        self._trainer = trainer
        self._variables = variables
        self._compiled: dict[Any, Program] = {}
        self._watched: dict[Any, WatchedProgram] = {}
        self._paces: dict[Any, Pace] = {}
        self.nbytes = nbytes(variables)
        self.guard: Guard = "behind" if self.nbytes <= _REPLAYED_BYTES else "before"
        self._predict: Any = None
        self._loops: dict[Any, Any] = {}
        self.compile_seconds = 0.0

    def find(
        self, kind: str, data: Batch, order: ArrayLike, batch_size: int, guard: Guard = "none", watched: bool = False
    ) -> Program | WatchedProgram | None:
        """Return the program for such data if it was compiled before, so that a call of it won't take long."""
        known = self._watched if watched else self._compiled
        return known.get((kind, batch_size, guard, _signature((data, order))))

    def pace(self, kind: str, rows: int, batch_size: int) -> Pace:
        """Return what is known of the time that steps on so many rows take."""
        return self._paces.setdefault((kind, rows, batch_size), Pace())

    def compile(
        self, kind: str, state: TrainState, data: Batch, order: ArrayLike, batch_size: int, guard: Guard = "none"
    ) -> Program:
        """Compile a program, or return the one that was compiled before.

        Args:
            kind: "train" or "test".
            state: the state with which it will be called.
            data: all rows, on the device.
            order: the rows in the order of this epoch.
            batch_size: rows of each step; those of step i are `order[i * batch_size : (i + 1) * batch_size]`.
            guard: what to do about a step whose loss is not finite. With "behind" the state is not donated.
        """
        key = (kind, batch_size, guard, _signature((data, order)))
        if key not in self._compiled:
            epoch = self._epoch_function(kind, batch_size, guard, noted=0)
            if self._trainer.model.run_eagerly:
                self._compiled[key] = Program(kind, _eager(epoch), False)
            else:
                donated = () if guard == "behind" else (0, 1) if kind == "train" else (1,)
                span = (np.int32(0), np.int32(1), np.bool_(True))
                run = self._compile(epoch, donated, *_split(kind, state), data, order, *span)
                self._compiled[key] = Program(kind, run, bool(donated))
        return self._compiled[key]

    def compile_watched(
        self, kind: str, state: TrainState, data: Batch, order: ArrayLike, batch_size: int, guard: Guard
    ) -> WatchedProgram:
        """As `compile`, for steps that hooks follow one by one."""
        key = (kind, batch_size, guard, _signature((data, order)))
        if key not in self._watched:
            epoch = self._epoch_function(kind, batch_size, guard, NOTED_STEPS)
            parts = self.changing(kind, state), self.fixed(kind, state)
            self._watched[key] = compile_watched(self._compile, epoch, *parts, data, order)
        return self._watched[key]

    def changing(self, kind: str, groups: Any) -> TrainState:
        """Return what steps change, out of the values or the variables."""
        if kind == "train":
            return TrainState(*groups)
        kept = self._trainer.kept_paths(self._variables)
        return TrainState({}, {path: groups.buffers[path] for path in kept}, {}, groups.metrics)

    def fixed(self, kind: str, groups: Any) -> TrainState:
        """Return what steps read and don't change."""
        if kind == "train":
            return TrainState({}, {}, {}, {})
        buffers = {path: one for path, one in groups.buffers.items() if path not in self.changing(kind, groups).buffers}
        return TrainState(groups.params, buffers, {}, {})

    def predict(self, values: dict[str, Array], x: PyTree) -> PyTree:
        """Return the outputs for inputs `x`, given the values of params and buffers; hand on what layers keep."""
        outputs, kept = self._predicted(values, x)
        for path, value in kept.items():
            self._variables.buffers[path].array = value
        return outputs

    @property
    def has_predicted(self) -> bool:
        """Whether outputs of a batch were computed before, so that there may be nothing to compile."""
        return self._predict is not None

    def predict_loop(
        self, values: dict[str, Array], x: PyTree, batch_size: int, on_compiling: Callable[[], None]
    ) -> tuple[Any, bool]:
        """Return the program that predicts batches of `x` in a loop, and whether it was compiled before.

        The program is None where outputs are not by row, so that those of batches can't be put together in an array,
        and where they would be large.
        """
        key = ("predict", batch_size, _signature(x))
        if key in self._loops:
            return self._loops[key], True
        on_compiling()
        step = self._predict_step()
        batch = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct((batch_size, *leaf.shape[1:]), leaf.dtype), x)
        with plain_errors():
            outputs, kept = jax.eval_shape(step, values, batch)
            leaves, count = jax.tree.leaves(outputs), jax.tree.leaves(x)[0].shape[0]
            size = sum(one.size * one.dtype.itemsize for one in leaves) * count // batch_size
            if size > _PREDICTED_BYTES or any(one.shape[:1] != (batch_size,) for one in leaves):
                self._loops[key] = None
                return None, False
            function = prediction_function(step, batch_size, outputs, kept)
            traced = jax.jit(function).trace(values, x, np.int32(0), np.int32(1))
        self._loops[key] = traced.lower().compile(compiler_options=_options(traced.jaxpr))
        return self._loops[key], False

    def run_predict_loop(self, program: Any, values: dict[str, Array], x: PyTree, first: int, last: int) -> PyTree:
        """Return arrays for all rows of `x`, in which those of batches `first` to `last` are computed."""
        outputs, kept = program(values, x, np.int32(first), np.int32(last))
        for path, value in kept.items():
            self._variables.buffers[path].array = values[path] = value
        return outputs

    def _predicted(self, values: dict[str, Array], x: PyTree) -> tuple[PyTree, dict[str, Array]]:
        if self._trainer.model.run_eagerly:
            with jax.disable_jit():
                return self._predict_step()(values, x)
        with plain_errors():
            if self._predict is None:
                step = self._predict_step()
                self._predict = jax.jit(step, compiler_options=_options(jax.make_jaxpr(step)(values, x)))
            return self._predict(values, x)

    def _compile(self, function: Callable[..., Any], donated: tuple[int, ...], *arguments: Any) -> Callable[..., Any]:
        started = time.perf_counter()
        with plain_errors():
            traced = jax.jit(function, donate_argnums=donated).trace(*arguments)
        run = traced.lower().compile(compiler_options=_options(traced.jaxpr))
        self.compile_seconds += time.perf_counter() - started
        return run

    def _epoch_function(self, kind: str, batch_size: int, guard: Guard, noted: int) -> Callable[..., Any]:
        step = self._step(kind, keeps_finite=guard == "before")
        gives_results = self._trainer.overrides(f"{kind}_step") or self._trainer.overrides("compute_metrics")
        fresh_metrics = self._trainer.pure_fresh_metrics(self._variables)
        results = self._trainer.pure_results(self._variables)
        kept = None if kind == "train" else self._trainer.kept_paths(self._variables)
        return epoch_function(step, fresh_metrics, results, batch_size, kept, guard, gives_results, noted)

    def _step(self, kind: str, keeps_finite: bool) -> Step:
        if self._trainer.overrides(f"{kind}_step"):
            return custom_step(self._trainer, self._variables, f"{kind}_step", keeps_finite)
        if kind == "train":
            return train_step(self._trainer, self._variables, keeps_finite)
        return test_step(self._trainer, self._variables)

    def _predict_step(self) -> Callable[..., tuple[PyTree, dict[str, Array]]]:
        custom = self._trainer.overrides("predict_step")
        return (custom_predict_step if custom else predict_step)(self._trainer, self._variables)


def _split(kind: str, state: TrainState) -> tuple[TrainState, dict[str, Array]]:
    """Separate the metrics; testing does not need the optimizer."""
    return state._replace(metrics={}, **({} if kind == "train" else {"optimizer": {}})), state.metrics


def _eager(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*arguments: Any) -> Any:
        with jax.disable_jit(), interrupts_let_through():
            return function(*arguments)

    return call


def _options(program: Any) -> dict[str, Any] | None:
    return compiler_options(has_convolution=_holds(program, "conv_general_dilated"))


def _holds(program: Any, primitive: str) -> bool:
    """Tell whether a jaxpr, or one inside of it, uses a primitive."""
    program = getattr(program, "jaxpr", program)
    if not hasattr(program, "eqns"):
        return False
    return any(
        equation.primitive.name == primitive
        or any(_holds(inner, primitive) for inner in jax.tree.leaves(list(equation.params.values())))
        for equation in program.eqns
    )


def _signature(values: PyTree) -> Any:
    leaves, structure = jax.tree.flatten(values)
    return structure, tuple((leaf.shape, leaf.dtype) for leaf in leaves)
