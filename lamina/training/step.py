"""One step of training, testing and predicting, as pure functions of a `TrainState` and a batch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from lamina.core.functional import pure
from lamina.training.state import TrainState, TrainVariables, flat, regrouped
from lamina.typing import Array, PyTree


class Batch(NamedTuple):
    """Rows of the data: inputs, targets (or None) and sample weights (or None), each a pytree of arrays."""

    x: PyTree
    y: PyTree = None
    sample_weight: PyTree = None


Step = Callable[[TrainState, Batch], tuple[TrainState, Array, list[Array]]]
"""From a state and a batch to the new state, the loss, and results where they are the step's and not the metrics'."""


def train_step(trainer: Any, variables: TrainVariables, keeps_finite: bool = False) -> Step:
    """Return the step that computes the loss, its gradients, the update and the metrics.

    Args:
        trainer: what gives `forward`, `compute_loss`, `update_metrics` (see `lamina.training.trainer`) and `optimizer`.
        variables: those whose values the state holds.
        keeps_finite: whether a step whose loss is not finite leaves the state as it is.
    """
    optimizer = trainer.optimizer
    trainable = list(variables.params.values())

    def run(batch: Batch) -> tuple[Array, tuple]:
        y_pred, mask = trainer.forward(batch.x, training=True)
        loss, parts = trainer.compute_loss(batch, y_pred, mask, training=True)
        return optimizer.scale_loss(loss), (loss, parts, y_pred, mask)

    forward = pure(run, flat(variables), training=True)
    update = pure(lambda gradients: optimizer.apply(gradients, trainable), {**variables.params, **variables.optimizer})
    watch = pure(trainer.update_metrics, flat(variables))

    def step(state: TrainState, batch: Batch) -> tuple[TrainState, Array, list[Array]]:
        def objective(params: dict[str, Array]) -> tuple[Array, Any]:
            values = flat(state._replace(params=params))
            (scaled, seen), effects = forward(values, batch, step=trainer.step_number(state))
            return scaled, (seen, *(regrouped(effects.values, state, group) for group in ("buffers", "metrics")))

        gradients, (seen, buffers, metrics) = jax.grad(objective, has_aux=True)(state.params)

        def taken(state: TrainState) -> tuple[TrainState, list[Array]]:
            in_order = [gradients[path] for path in variables.params]  # jax sorts the keys of dictionaries
            _, updated = update({**state.params, **state.optimizer}, in_order)
            new = TrainState(
                params={path: updated.values[path] for path in state.params},
                buffers=buffers,
                optimizer={path: updated.values[path] for path in state.optimizer},
                metrics=metrics,
            )
            results, watched = watch(flat(new), batch, *seen)
            return new._replace(metrics=regrouped(watched.values, state, "metrics")), results

        if not keeps_finite:
            new, results = taken(state)
            return new, seen[0], results
        # A choice between the old arrays and the new ones would copy all of them; here they are changed in place.
        own = zeros_like(jax.eval_shape(taken, state)[1]) if trainer.overrides("compute_metrics") else []
        new, results = lax.cond(jnp.isfinite(seen[0]), taken, lambda state: (state, own), state)
        return new, seen[0], results

    return step


def test_step(trainer: Any, variables: TrainVariables) -> Step:
    """Return the step that computes predictions in inference mode and lets loss and metrics see them."""

    def run(batch: Batch) -> tuple[Array, list[Array]]:
        y_pred, mask = trainer.forward(batch.x, training=False)
        loss, parts = trainer.compute_loss(batch, y_pred, mask, training=False)
        return loss, trainer.update_metrics(batch, loss, parts, y_pred, mask)

    kept = trainer.kept_paths(variables)
    evaluate = pure(run, flat(variables._replace(optimizer={})), training=False)

    def step(state: TrainState, batch: Batch) -> tuple[TrainState, Array, list[Array]]:
        (loss, results), effects = evaluate(flat(state._replace(optimizer={})), batch)
        buffers = {**state.buffers, **{path: effects.values[f"buffers/{path}"] for path in kept}}
        return state._replace(buffers=buffers, metrics=regrouped(effects.values, state, "metrics")), loss, results

    return step


def predict_step(
    trainer: Any, variables: TrainVariables
) -> Callable[[dict[str, Array], PyTree], tuple[PyTree, dict[str, Array]]]:
    """Return the function `(values of params and buffers, inputs) -> (outputs, kept buffers)` in inference mode."""
    kept = trainer.kept_paths(variables)
    forward = pure(
        lambda x: trainer.forward(x, training=False)[0], {**variables.params, **variables.buffers}, training=False
    )

    def step(values: dict[str, Array], x: PyTree) -> tuple[PyTree, dict[str, Array]]:
        outputs, effects = forward(values, x)
        return outputs, {path: effects.values[path] for path in kept}

    return step


def zeros_like(shapes: list[Any]) -> list[Array]:
    """Return arrays of zeros of the shapes and dtypes that `jax.eval_shape` found."""
    return [jnp.zeros(one.shape, one.dtype) for one in shapes]


def rows_of(batch: Batch) -> Array:
    """Return the number of rows of a batch, as the weight of its loss in the epoch's mean."""
    return jnp.asarray(jax.tree.leaves(batch.x)[0].shape[0], "float32")
