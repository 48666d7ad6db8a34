"""The compiled epoch: programs that hold the data on the device and run many steps in one call."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from lamina.errors import plain_errors
from lamina.kernels import compiler_options
from lamina.training.state import TrainState, TrainVariables
from lamina.training.step import Batch, TrainStep, predict_step, test_step, train_step
from lamina.typing import Array, PyTree


class Programs:
    """The programs of one model and one set of variables, compiled when first needed.

    Args:
        trainer: what a step is made of.
        variables: those whose values the state holds.
    """

    def __init__(self, trainer: Any, variables: TrainVariables) -> None:
        self._trainer = trainer
        self._variables = variables
        self._compiled: dict[Any, Callable[..., Any]] = {}
        self._predict: Any = None
        self.compile_seconds = 0.0

    def is_compiled(self, kind: str, data: Batch, batch_size: int) -> bool:
        """Tell whether the program for such data exists, so that its first call won't take long."""
        return (kind, batch_size, _signature(data)) in self._compiled

    def train(self, state: TrainState, data: Batch, order: Array, span: tuple[int, int], batch_size: int, fresh: bool):
        """Run training steps `span[0]` to `span[1]` of an epoch.

        Args:
            state: is donated: its arrays must not be used again.
            data: all rows, on the device.
            order: the rows in the order of this epoch.
            span: first step and the one after the last.
            batch_size: rows of each step; those of step i are `order[i * batch_size : (i + 1) * batch_size]`.
            fresh: whether the metrics start anew.

        Returns:
            The new state and the results of the metrics so far, in the order of the trainer's `result_names`.
        """
        return self._run("train", state, data, order, span, batch_size, fresh)

    def test(self, state: TrainState, data: Batch, order: Array, span: tuple[int, int], batch_size: int, fresh: bool):
        """As `train`, for evaluation: only the metrics change; only they are donated."""
        return self._run("test", state, data, order, span, batch_size, fresh)

    def predict(self, values: dict[str, Array], x: PyTree) -> PyTree:
        """Return the outputs for inputs `x`, given the values of params and buffers."""
        if self._trainer.model.run_eagerly:
            with jax.disable_jit():
                return predict_step(self._trainer, self._variables)(values, x)
        with plain_errors():
            if self._predict is None:
                step = predict_step(self._trainer, self._variables)
                self._predict = jax.jit(step, compiler_options=_options(jax.make_jaxpr(step)(values, x)))
            return self._predict(values, x)

    def _run(
        self,
        kind: str,
        state: TrainState,
        data: Batch,
        order: Array,
        span: tuple[int, int],
        batch_size: int,
        fresh: bool,
    ) -> tuple[TrainState, list[Array]]:
        model = state._replace(metrics={}) if kind == "train" else state._replace(metrics={}, optimizer={})
        arguments = (model, state.metrics, data, order, np.int32(span[0]), np.int32(span[1]), np.bool_(fresh))
        model, metrics, results = self._call(kind, batch_size, arguments)
        if kind == "train":
            return model._replace(metrics=metrics), results
        return state._replace(metrics=metrics), results

    def _call(self, kind: str, batch_size: int, arguments: tuple) -> Any:
        if self._trainer.model.run_eagerly:
            with jax.disable_jit():
                return self._epoch_function(kind, batch_size)(*arguments)
        key = (kind, batch_size, _signature(arguments[2]))
        program = self._compiled.get(key)
        if program is None:
            program = self._compiled[key] = self._compile(kind, batch_size, arguments)
        return program(*arguments)

    def _compile(self, kind: str, batch_size: int, arguments: tuple) -> Callable[..., Any]:
        started = time.perf_counter()
        run = self._epoch_function(kind, batch_size)
        donated = (0, 1) if kind == "train" else (1,)
        with plain_errors():
            traced = jax.jit(run, donate_argnums=donated).trace(*arguments)
        program = traced.lower().compile(compiler_options=_options(traced.jaxpr))
        self.compile_seconds += time.perf_counter() - started
        return program

    def _epoch_function(self, kind: str, batch_size: int) -> Callable[..., Any]:
        step = (train_step if kind == "train" else test_step)(self._trainer, self._variables)
        fresh_metrics = self._trainer.pure_fresh_metrics(self._variables)
        results = self._trainer.pure_results(self._variables)
        return epoch_function(step, fresh_metrics, results, batch_size, changes_model=kind == "train")


def epoch_function(
    step: TrainStep,
    fresh_metrics: Callable[[dict[str, Array]], dict[str, Array]],
    results: Callable[[dict[str, Array]], list[Array]],
    batch_size: int,
    changes_model: bool,
) -> Callable[..., Any]:
    """Return the function that runs steps `[start, stop)` of an epoch in one loop.

    The trip count is an argument, so that one program serves any number of steps. Where the model stays as it is, only
    the metrics are carried through the loop: what is carried would be copied.
    """

    def run(
        model: TrainState, metrics: dict[str, Array], data: Batch, order: Array, start: Array, stop: Array, fresh: Array
    ) -> tuple[TrainState, dict[str, Array], list[Array]]:
        zeros = fresh_metrics(metrics)
        metrics = {path: jnp.where(fresh, zeros[path], metrics[path]) for path in metrics}

        def batch_at(index: Array) -> Batch:
            rows = lax.dynamic_slice_in_dim(order, index * batch_size, batch_size)
            return jax.tree.map(lambda array: array.at[rows].get(mode="promise_in_bounds"), data)

        if changes_model:
            state = model._replace(metrics=metrics)
            state = lax.fori_loop(start, stop, lambda index, state: step(state, batch_at(index)), state)
            return state._replace(metrics={}), state.metrics, results(state.metrics)
        metrics = lax.fori_loop(
            start, stop, lambda index, sums: step(model._replace(metrics=sums), batch_at(index)).metrics, metrics
        )
        return TrainState({}, {}, {}, {}), metrics, results(metrics)

    return run


def _options(program: Any) -> dict[str, Any] | None:
    return compiler_options(has_convolution="conv_general_dilated" in str(program))


def _signature(data: Batch) -> Any:
    leaves, structure = jax.tree.flatten(data)
    return structure, tuple((leaf.shape, str(leaf.dtype)) for leaf in leaves)
