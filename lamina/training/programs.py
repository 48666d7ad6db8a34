"""The compiled epoch: programs that hold the data on the device and run many steps in one call."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from lamina.errors import plain_errors
from lamina.kernels import compiler_options
from lamina.training.custom_step import custom_predict_step, custom_step
from lamina.training.pace import Pace
from lamina.training.state import TrainState, TrainVariables, nbytes
from lamina.training.step import Batch, Step, predict_step, test_step, train_step, zeros_like
from lamina.typing import Array, PyTree

Program = Callable[..., tuple[TrainState, list[Array], Array]]

Guard = Literal["none", "before", "behind"]
"""Where a program ends on a loss that is not finite: nowhere; before the step, with the state of then; or behind it,
with what the step made of the state. "behind" is quicker where a step is short, but the state that was passed in is not
donated, so that one can run up to the bad step once more.
"""

# Up to this size the state of before is kept while a program runs, so that steps can be made once more up to one whose
# loss is not finite. Small models train a fifth faster so; of large ones there is no second state.
_REPLAYED_BYTES = 4 * 1024**2


class Programs:
    """The programs of one model and one set of variables, compiled when first needed.

    Args:
        trainer: what a step is made of.
        variables: those whose values the state holds.

    Attributes:
        guard: the better one of "before" and "behind".
    """

    def __init__(self, trainer: Any, variables: TrainVariables) -> None:
        self._trainer = trainer
        self._variables = variables
        self._compiled: dict[Any, Program] = {}
        self._paces: dict[Any, Pace] = {}
        self.guard: Guard = "behind" if nbytes(variables) <= _REPLAYED_BYTES else "before"
        self._predict: Any = None
        self.compile_seconds = 0.0

    def find(self, kind: str, data: Batch, order: Array, batch_size: int, guard: Guard = "none") -> Program | None:
        """Return the program for such data if it was compiled before, so that a call of it won't take long."""
        return self._compiled.get((kind, batch_size, guard, _signature((data, order))))

    def pace(self, kind: str, rows: int, batch_size: int) -> Pace:
        """Return what is known of the time that steps on so many rows take."""
        return self._paces.setdefault((kind, rows, batch_size), Pace())

    def compile(
        self, kind: str, state: TrainState, data: Batch, order: Array, batch_size: int, guard: Guard = "none"
    ) -> Program:
        """Compile a program, or return the one that was compiled before.

        Args:
            kind: "train" or "test".
            state: donated whenever the program is called (where testing: only its metrics; with the guard "behind":
                nothing): the arrays must not be used again.
            data: all rows, on the device.
            order: the rows in the order of this epoch.
            batch_size: rows of each step; those of step i are `order[i * batch_size : (i + 1) * batch_size]`.
            guard: what to do about a step whose loss is not finite.

        Returns:
            `(state, data, order, first, last, fresh) -> (state, results, reached)`: runs steps `first` to `last` of an
            epoch. `fresh` says whether the metrics start anew, `results` are those of the metrics so far in the order
            of the trainer's `result_names`, and `reached` is the step that comes next.
        """
        key = (kind, batch_size, guard, _signature((data, order)))
        program = self._compiled.get(key)
        if program is None:
            program = self._compiled[key] = self._compile(kind, batch_size, guard, state, data, order)
        return program

    def predict(self, values: dict[str, Array], x: PyTree) -> PyTree:
        """Return the outputs for inputs `x`, given the values of params and buffers; hand on what layers keep."""
        outputs, kept = self._predicted(values, x)
        for path, value in kept.items():
            self._variables.buffers[path].array = value
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

    def _compile(
        self, kind: str, batch_size: int, guard: Guard, state: TrainState, data: Batch, order: Array
    ) -> Program:
        epoch = self._epoch_function(kind, batch_size, guard)
        if self._trainer.model.run_eagerly:
            call = _eager(epoch)
        else:
            started = time.perf_counter()
            donated = () if guard == "behind" else (0, 1) if kind == "train" else (1,)
            span = (np.int32(0), np.int32(1), np.bool_(True))
            with plain_errors():
                traced = jax.jit(epoch, donate_argnums=donated).trace(*_split(kind, state), data, order, *span)
            call = traced.lower().compile(compiler_options=_options(traced.jaxpr))
            self.compile_seconds += time.perf_counter() - started

        def program(
            state: TrainState, data: Batch, order: Array, first: int, last: int, fresh: bool
        ) -> tuple[TrainState, list[Array], Array]:
            span = (np.int32(first), np.int32(last), np.bool_(fresh))
            model, metrics, results, reached = call(*_split(kind, state), data, order, *span)
            if kind == "train":
                return model._replace(metrics=metrics), results, reached
            return state._replace(buffers={**state.buffers, **model.buffers}, metrics=metrics), results, reached

        return program

    def _epoch_function(self, kind: str, batch_size: int, guard: Guard) -> Callable[..., Any]:
        step = self._step(kind, keeps_finite=guard == "before")
        gives_results = self._trainer.overrides(f"{kind}_step") or self._trainer.overrides("compute_metrics")
        fresh_metrics = self._trainer.pure_fresh_metrics(self._variables)
        results = self._trainer.pure_results(self._variables)
        kept = None if kind == "train" else self._trainer.kept_paths(self._variables)
        return epoch_function(step, fresh_metrics, results, batch_size, kept, guard, gives_results)

    def _step(self, kind: str, keeps_finite: bool) -> Step:
        if self._trainer.overrides(f"{kind}_step"):
            return custom_step(self._trainer, self._variables, f"{kind}_step", keeps_finite)
        if kind == "train":
            return train_step(self._trainer, self._variables, keeps_finite)
        return test_step(self._trainer, self._variables)

    def _predict_step(self) -> Callable[..., tuple[PyTree, dict[str, Array]]]:
        custom = self._trainer.overrides("predict_step")
        return (custom_predict_step if custom else predict_step)(self._trainer, self._variables)


def epoch_function(
    step: Step,
    fresh_metrics: Callable[[dict[str, Array]], dict[str, Array]],
    results: Callable[[dict[str, Array]], list[Array]],
    batch_size: int,
    kept: list[str] | None,
    guard: Guard,
    gives_results: bool = False,
) -> Callable[..., Any]:
    """Return the function that runs steps `[start, stop)` of an epoch in one loop.

    The trip count is an argument, so that one program serves any number of steps. Where the model stays as it is, but
    for the buffers at the paths `kept`, only those and the metrics are carried through the loop: what is carried would
    be copied. Where a step gives results of its own, those of the last one are returned in the place of what `results`
    makes of the metrics.
    """

    def run(
        model: TrainState, metrics: dict[str, Array], data: Batch, order: Array, start: Array, stop: Array, fresh: Array
    ) -> tuple[TrainState, dict[str, Array], list[Array], Array]:
        zeros = fresh_metrics(metrics)
        metrics = {path: jnp.where(fresh, zeros[path], metrics[path]) for path in metrics}

        def batch_at(index: Array) -> Batch:
            rows = lax.dynamic_slice_in_dim(order, index * batch_size, batch_size)
            return jax.tree.map(lambda array: array.at[rows].get(mode="promise_in_bounds"), data)

        def next_state(index: Array, state: TrainState) -> tuple[TrainState, Array, list[Array]]:
            return step(state, batch_at(index))

        def next_carried(index: Array, carried: TrainState) -> tuple[TrainState, Array, list[Array]]:
            buffers = {**model.buffers, **carried.buffers}
            new, loss, own = step(model._replace(buffers=buffers, metrics=carried.metrics), batch_at(index))
            buffers = {path: new.buffers[path] for path in carried.buffers}
            return carried._replace(buffers=buffers, metrics=new.metrics), loss, own

        loop = functools.partial(_plain_loop if guard == "none" else _guarded_loop, gives_results=gives_results)
        if kept is not None:
            carried = TrainState({}, {path: model.buffers[path] for path in kept}, {}, metrics)
            state, own, reached = loop(next_carried, start, stop, carried)
        else:
            state, own, reached = loop(next_state, start, stop, model._replace(metrics=metrics))
        return state._replace(metrics={}), state.metrics, own if gives_results else results(state.metrics), reached

    return run


Body = Callable[[Array, Any], tuple[Any, Array, list[Array]]]


def _plain_loop(
    step: Body, start: Array, stop: Array, state: Any, gives_results: bool
) -> tuple[Any, list[Array], Array]:
    def body(index: Array, carry: tuple[Any, list[Array]]) -> tuple[Any, list[Array]]:
        new, _, own = step(index, carry[0])
        return new, own

    state, own = lax.fori_loop(start, stop, body, (state, _no_results(step, start, state, gives_results)))
    return state, own, stop


def _guarded_loop(
    step: Body, start: Array, stop: Array, state: Any, gives_results: bool
) -> tuple[Any, list[Array], Array]:
    def body(carry: tuple[Array, Array, Any, list[Array]]) -> tuple[Array, Array, Any, list[Array]]:
        index, _, state, _ = carry
        state, loss, own = step(index, state)
        fine = jnp.isfinite(loss)
        return index + fine, fine, state, own

    def goes_on(carry: tuple[Array, Array, Any, list[Array]]) -> Array:
        return (carry[0] < stop) & carry[1]

    first = (start, jnp.asarray(True), state, _no_results(step, start, state, gives_results))
    reached, _, state, own = lax.while_loop(goes_on, body, first)
    return state, own, reached


def _no_results(step: Body, start: Array, state: Any, gives_results: bool) -> list[Array]:
    """Return what stands for the results of a step before the first one: a compiled loop wants their structure."""
    if not gives_results or jax.config.jax_disable_jit:  # type: ignore[attr-defined]
        return []
    return zeros_like(jax.eval_shape(step, start, state)[2])


def _split(kind: str, state: TrainState) -> tuple[TrainState, dict[str, Array]]:
    """Separate the metrics; testing does not need the optimizer."""
    return state._replace(metrics={}, **({} if kind == "train" else {"optimizer": {}})), state.metrics


def _eager(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*arguments: Any) -> Any:
        with jax.disable_jit():
            return function(*arguments)

    return call


def _options(program: Any) -> dict[str, Any] | None:
    return compiler_options(has_convolution="conv_general_dilated" in str(program))


def _signature(values: PyTree) -> Any:
    leaves, structure = jax.tree.flatten(values)
    return structure, tuple((leaf.shape, leaf.dtype) for leaf in leaves)
