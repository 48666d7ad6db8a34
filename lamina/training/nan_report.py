"""Where a loss that is not finite came from: the batch is computed once more, layer by layer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import jax
import jax.core
import jax.numpy as jnp
import numpy as np

from lamina.core.functional import pure
from lamina.training.feed import Block
from lamina.training.state import TrainVariables
from lamina.training.step import Batch
from lamina.typing import PyTree

_ROWS_SHOWN = 8
_UNSCALED = 1e3


def nan_report(trainer: Any, variables: TrainVariables, block: Block, step: int, epoch: int, done: int) -> str:
    """Return a text that says at which step the loss was not finite, on which rows, and what was so first.

    Args:
        trainer: the model and what `compile` chose.
        variables: hold the state of before the step.
        block: holds the batch.
        step: its number in the block.
        epoch: number of the epoch, from 0.
        done: steps of the epoch before it.
    """
    rows = block.rows(step)
    batch = jax.tree.map(lambda leaf: np.asarray(leaf)[rows], block.data)
    numbers = None if block.numbers is None else block.numbers[step * block.batch_size :][: len(rows)]
    where = f"the loss is not finite at epoch {epoch + 1}, step {done + 1}{_told_rows(batch, numbers)}"
    return f"{where}. {_cause(trainer, variables, batch, numbers)}"


def _told_rows(batch: Batch, numbers: np.ndarray | None) -> str:
    if numbers is not None:
        return f", whose batch holds the rows {_some(numbers)} of the data"
    bad = np.flatnonzero(_bad_rows(batch))
    return f", where rows {_some(bad)} of the batch hold NaN or infinity" if bad.size else ""


def _cause(trainer: Any, variables: TrainVariables, batch: Batch, numbers: np.ndarray | None) -> str:
    for name, part in zip(("inputs", "targets", "sample weights"), batch):
        if not _is_finite(part):
            bad = np.flatnonzero(_bad_rows(Batch(part)))
            rows, of = (bad, " of the batch") if numbers is None else (numbers[bad], "")
            return f"The {name} hold NaN or infinity already, in row {_some(rows)}{of}."
    bad_weights = [path for path, variable in variables.params.items() if not _is_finite(variable.array)]
    if bad_weights:
        owner = _last_owner(trainer.model, variables, bad_weights)
        return (
            f"The weights were not finite any more before this step (the last of them are those of layer {owner}): the "
            "gradients of the step before were not. Lower the learning rate, or clip the gradients (clipnorm=1.0)."
        )
    if trainer.overrides("train_step"):
        return (
            "It is what train_step returned as the loss: check the logarithms, divisions and square roots in it, lower "
            "the learning rate, or clip the gradients (clipnorm=1.0)."
        )
    with _recorded(trainer.model) as outputs, np.errstate(all="ignore"):
        gradients = _gradients(trainer, variables, batch)
    for name, kind, is_finite in outputs:
        if not is_finite:
            return (
                f"The first output that is not finite is that of layer {name!r} ({kind}). Look at the scale of its "
                f"inputs, or lower the learning rate.{_scale_of(batch.x)}"
            )
    bad_gradients = [path for path, gradient in gradients.items() if not _is_finite(gradient)]
    told = (
        f"; the gradient of layer {_last_owner(trainer.model, variables, bad_gradients)} is not"
        if bad_gradients
        else ""
    )
    return (
        "All layers' outputs are finite: it is the loss itself that is not, as a logarithm of 0 or an overflow makes it"
        f"{told}. Check that the targets fit the loss and the last activation.{_scale_of(batch.x)}"
    )


def _gradients(trainer: Any, variables: TrainVariables, batch: Batch) -> dict[str, Any]:
    """Compute a step without changing anything; layers report their outputs on the way."""
    known = {**variables.params, **variables.buffers, **variables.optimizer}

    def loss_of(batch: Batch) -> Any:
        y_pred, mask = trainer.forward(batch.x, training=True)
        return trainer.compute_loss(batch, y_pred, mask, training=True)[0]

    forward = pure(loss_of, known, training=True)
    step = trainer.optimizer.batch_count.array
    rest = {path: variable.array for path, variable in {**variables.buffers, **variables.optimizer}.items()}
    values = {path: variable.array for path, variable in variables.params.items()}
    forward({**values, **rest}, batch, step=step)
    return jax.grad(lambda params: forward({**params, **rest}, batch, step=step)[0])(values)


@contextmanager
def _recorded(model: Any) -> Iterator[list[tuple[str, str, bool]]]:
    """Note for every call of a layer, in the order in which they finish, whether its outputs are finite."""
    outputs: list[tuple[str, str, bool]] = []
    layers = list(model.flat_layers())

    def watch(layer: Any) -> None:
        compute = layer.outputs_and_mask

        def watched(*args: Any, **kwargs: Any) -> Any:
            found = compute(*args, **kwargs)
            if not any(isinstance(leaf, jax.core.Tracer) for leaf in jax.tree.leaves(found[0])):
                outputs.append((layer.path, type(layer).__name__, _is_finite(found[0])))
            return found

        layer.outputs_and_mask = watched

    for layer in layers:
        watch(layer)
    try:
        yield outputs
    finally:
        for layer in layers:
            vars(layer).pop("outputs_and_mask", None)


def _last_owner(model: Any, variables: TrainVariables, paths: list[str]) -> str:
    """Name the layer nearest to the loss among those whose weights are listed: that is where it began."""
    bad = {id(variables.params[path]) for path in paths}
    owners = [layer for layer in model.flat_layers() if any(id(own) in bad for own in layer.own_variables())]
    return f"{owners[-1].path!r} ({type(owners[-1]).__name__})" if owners else repr(paths[-1])


def _bad_rows(batch: PyTree) -> np.ndarray:
    leaves = [np.asarray(leaf) for leaf in jax.tree.leaves(batch)]
    bad = np.zeros(len(leaves[0]), bool)
    for leaf in leaves:
        if jnp.issubdtype(leaf.dtype, jnp.floating):
            bad |= ~np.isfinite(leaf.astype("float32")).reshape(len(leaf), -1).all(axis=1)
    return bad


def _is_finite(values: PyTree) -> bool:
    leaves = [leaf for leaf in jax.tree.leaves(values) if jnp.issubdtype(jnp.asarray(leaf).dtype, jnp.floating)]
    return all(bool(jnp.isfinite(jnp.asarray(leaf)).all()) for leaf in leaves)


def _scale_of(x: PyTree) -> str:
    """Say that inputs are large, which makes large outputs and larger gradients."""
    floats = [leaf for leaf in jax.tree.leaves(x) if jnp.issubdtype(leaf.dtype, jnp.floating)]
    largest = max((float(np.abs(leaf).max()) for leaf in floats if leaf.size), default=0.0)
    if largest < _UNSCALED:
        return ""
    return (
        f" The inputs reach {largest:.2g}: scale them, for example by (x - x.mean(axis=0)) / x.std(axis=0) or a "
        "Normalization layer, adapted to x, in front."
    )


def _some(numbers: np.ndarray) -> str:
    shown = ", ".join(str(number) for number in numbers[:_ROWS_SHOWN])
    return shown + (f", … ({len(numbers)} in all)" if len(numbers) > _ROWS_SHOWN else "")
