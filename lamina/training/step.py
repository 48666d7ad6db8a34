"""One step of training, testing and predicting, as pure functions of a `TrainState` and a batch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from lamina.core.functional import pure
from lamina.training.state import TrainState, TrainVariables
from lamina.typing import Array, PyTree


class Batch(NamedTuple):
    """Rows of the data: inputs, targets (or None) and sample weights (or None), each a pytree of arrays."""

    x: PyTree
    y: PyTree = None
    sample_weight: PyTree = None


Step = Callable[[TrainState, Batch], tuple[TrainState, Array]]
"""From a state and a batch to the new state and the loss."""


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
        loss, parts = trainer.compute_loss(batch, y_pred, mask)
        return optimizer.scale_loss(loss), (loss, parts, y_pred, mask)

    forward = pure(run, {**variables.params, **variables.buffers, **variables.optimizer}, training=True)
    update = pure(lambda gradients: optimizer.apply(gradients, trainable), {**variables.params, **variables.optimizer})
    watch = pure(trainer.update_metrics, variables.metrics)

    def step(state: TrainState, batch: Batch) -> tuple[TrainState, Array]:
        def objective(params: dict[str, Array]) -> tuple[Array, Any]:
            values = {**params, **state.buffers, **state.optimizer}
            (scaled, seen), effects = forward(values, batch, step=state.optimizer[trainer.iterations_path])
            return scaled, (seen, {path: effects.values[path] for path in state.buffers})

        gradients, (seen, buffers) = jax.grad(objective, has_aux=True)(state.params)

        def taken(state: TrainState) -> TrainState:
            in_order = [gradients[path] for path in variables.params]  # jax sorts the keys of dictionaries
            _, updated = update({**state.params, **state.optimizer}, in_order)
            _, watched = watch(state.metrics, batch, *seen)
            return TrainState(
                params={path: updated.values[path] for path in state.params},
                buffers=buffers,
                optimizer={path: updated.values[path] for path in state.optimizer},
                metrics=watched.values,
            )

        if not keeps_finite:
            return taken(state), seen[0]
        # A choice between the old arrays and the new ones would copy all of them; here they are changed in place.
        return lax.cond(jnp.isfinite(seen[0]), taken, lambda state: state, state), seen[0]

    return step


def test_step(trainer: Any, variables: TrainVariables) -> Step:
    """Return the step that computes predictions in inference mode and lets loss and metrics see them."""

    def run(batch: Batch) -> Array:
        y_pred, mask = trainer.forward(batch.x, training=False)
        loss, parts = trainer.compute_loss(batch, y_pred, mask)
        trainer.update_metrics(batch, loss, parts, y_pred, mask)
        return loss

    kept = trainer.kept_paths(variables)
    evaluate = pure(run, {**variables.params, **variables.buffers, **variables.metrics}, training=False)

    def step(state: TrainState, batch: Batch) -> tuple[TrainState, Array]:
        loss, effects = evaluate({**state.params, **state.buffers, **state.metrics}, batch)
        buffers = {**state.buffers, **{path: effects.values[path] for path in kept}}
        return state._replace(buffers=buffers, metrics={path: effects.values[path] for path in state.metrics}), loss

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


def rows_of(batch: Batch) -> Array:
    """Return the number of rows of a batch, as the weight of its loss in the epoch's mean."""
    return jnp.asarray(jax.tree.leaves(batch.x)[0].shape[0], "float32")
