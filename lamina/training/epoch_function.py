"""Many steps in one loop: the pure function that `lamina.training.programs` compiles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import jax
import jax.numpy as jnp
from jax import lax

from lamina.training.packing import numbers_of
from lamina.training.state import TrainState
from lamina.training.step import Batch, Step, zeros_like
from lamina.typing import Array

Guard = Literal["none", "before", "behind"]
"""Where a program ends on a loss that is not finite: nowhere; before the step, with the state of then; or behind it,
with what the step made of the state. "behind" is quicker where a step is short, but the state that was passed in is not
donated, so that one can run up to the bad step once more.
"""

_NOTED_BYTES = 4 * 1024**2

Carry = tuple[Array, Array, TrainState, list[Array]]
"""The step that comes next, whether the last loss was finite, the state, and the results as far as they are noted."""


def epoch_function(
    step: Step,
    fresh_metrics: Callable[[dict[str, Array]], dict[str, Array]],
    results: Callable[[dict[str, Array]], list[Array]],
    batch_size: int,
    kept: list[str] | None,
    guard: Guard,
    gives_results: bool = False,
    noted: int = 0,
) -> Callable[..., Any]:
    """Return the function that runs steps `[start, stop)` of an epoch.

    The trip count is an argument, so that one program serves any number of steps. Where the rows are no multiple of the
    batch size, the last step takes those that are left, in a loop of its own.

    Args:
        step: one step.
        fresh_metrics: from the metrics' values to those at the start of an epoch.
        results: from the metrics' values to the results of the metrics.
        batch_size: rows of a step.
        kept: where the model stays as it is: the paths of the buffers that change nevertheless. Only those and the
            metrics are carried through the loop then, since what is carried would be copied.
        guard: what to do about a step whose loss is not finite.
        gives_results: whether a step gives results of its own; those of the last one are returned in the place of what
            `results` makes of the metrics.
        noted: of how many steps results are returned, stacked, those of step i at `i % noted` (fewer where results are
            large), and behind them the single numbers in the state, as `numbers_of` has them; 0 for the results of the
            last step alone.
    """

    def run(
        model: TrainState, metrics: dict[str, Array], data: Batch, order: Array, start: Array, stop: Array, fresh: Array
    ) -> tuple[TrainState, dict[str, Array], list[Array], Array]:
        zeros = fresh_metrics(metrics)
        metrics = {path: jnp.where(fresh, zeros[path], metrics[path]) for path in metrics}
        whole, rest = divmod(order.shape[0], batch_size)

        def rows_at(rows: Array) -> Batch:
            return jax.tree.map(lambda array: array.at[rows].get(mode="promise_in_bounds"), data)

        def whole_batch(index: Array) -> Batch:
            return rows_at(lax.dynamic_slice_in_dim(order, index * batch_size, batch_size))

        def last_batch(_: Array) -> Batch:
            return rows_at(order[whole * batch_size :])

        def next_state(batch: Batch, state: TrainState) -> tuple[TrainState, Array, list[Array]]:
            return step(state, batch)

        def next_carried(batch: Batch, carried: TrainState) -> tuple[TrainState, Array, list[Array]]:
            buffers = {**model.buffers, **carried.buffers}
            new, loss, own = step(model._replace(buffers=buffers, metrics=carried.metrics), batch)
            buffers = {path: new.buffers[path] for path in carried.buffers}
            return carried._replace(buffers=buffers, metrics=new.metrics), loss, own

        def body_of(batch_at: Callable[[Array], Batch]) -> Callable[[Carry], Carry]:
            def body(carry: Carry) -> Carry:
                index, _, state, notes = carry
                state, loss, own = advance(batch_at(index), state)
                if noted:
                    found = [*(own if gives_results else results(state.metrics)), numbers_of(jax.tree.leaves(state))]
                    places = index % notes[0].shape[0]
                    notes = [lax.dynamic_update_index_in_dim(*each, places, 0) for each in zip(notes, found)]
                elif gives_results:
                    notes = own
                fine = jnp.asarray(True) if guard == "none" else jnp.isfinite(loss)
                return index + fine, fine, state, notes

            return body

        state = model._replace(metrics=metrics)
        advance = next_state
        if kept is not None:
            advance, state = next_carried, TrainState({}, {path: model.buffers[path] for path in kept}, {}, metrics)
        parts = [(whole_batch, jnp.minimum(stop, whole) if rest else stop)] if whole else []
        parts += [(last_batch, stop)] if rest else []
        carry: Carry = (start, jnp.asarray(True), state, _no_notes(parts, advance, state, results))
        for batch_at, end in parts:
            carry = lax.while_loop(lambda carry, end=end: (carry[0] < end) & carry[1], body_of(batch_at), carry)
        reached, _, state, notes = carry
        found = notes if noted or gives_results else results(state.metrics)
        return state._replace(metrics={}), state.metrics, found, reached

    def _no_notes(parts: list[Any], advance: Any, state: TrainState, results: Any) -> list[Array]:
        """Return what stands for results before the first step: a compiled loop wants their structure."""
        if not (gives_results or noted) or jax.config.jax_disable_jit:  # type: ignore[attr-defined]
            return []
        numbers = jax.eval_shape(numbers_of, jax.tree.leaves(state))
        if not gives_results:
            return _stacked([*jax.eval_shape(results, state.metrics), numbers], noted)
        batches = [jax.eval_shape(batch_at, jax.ShapeDtypeStruct((), "int32")) for batch_at, _ in parts]
        shapes = [jax.eval_shape(advance, batch, state)[2] for batch in batches]
        if len({tuple(each.shape for each in one) for one in shapes}) > 1:
            raise ValueError(
                "train_step, test_step and compute_metrics must report numbers whose shape does not depend on the "
                f"number of rows in a batch; the shapes are {[each.shape for each in shapes[0]]} for {batch_size} rows "
                f"and {[each.shape for each in shapes[-1]]} for the rows that are left for the last batch. Report the "
                "mean."
            )
        return _stacked([*shapes[0], numbers], noted) if noted else zeros_like(shapes[0])

    return run


def prediction_function(step: Callable[..., Any], batch_size: int, outputs: Any, kept: Any) -> Callable[..., Any]:
    """Return the function that predicts batches `[first, last)` of its rows.

    Args:
        step: from the values of the model and a batch to outputs and what layers keep.
        batch_size: rows of a batch.
        outputs: shapes of what `step` puts out for a batch.
        kept: what layers keep from one batch to the next, by path.
    """

    def run(values: dict[str, Array], x: Any, first: Array, last: Array) -> tuple[Any, dict[str, Array]]:
        count = jax.tree.leaves(x)[0].shape[0]
        found = jax.tree.map(lambda one: jnp.zeros((count, *one.shape[1:]), one.dtype), outputs)

        def body(index: Array, carry: tuple[Any, dict[str, Array]]) -> tuple[Any, dict[str, Array]]:
            found, state = carry
            start = index * batch_size
            rows = jax.tree.map(lambda leaf: lax.dynamic_slice_in_dim(leaf, start, batch_size), x)
            parts, state = step({**values, **state}, rows)

            def put(whole: Array, part: Array) -> Array:
                return lax.dynamic_update_slice_in_dim(whole, part, start, 0)

            return jax.tree.map(put, found, parts), state

        return lax.fori_loop(first, last, body, (found, {path: values[path] for path in kept}))

    return run


def _stacked(shapes: list[Any], noted: int) -> list[Array]:
    bytes_of_step = sum(one.size * one.dtype.itemsize for one in shapes)
    steps = max(1, min(noted, _NOTED_BYTES // max(1, bytes_of_step)))
    return zeros_like([jax.ShapeDtypeStruct((steps, *one.shape), one.dtype) for one in shapes])
