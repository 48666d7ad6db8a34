"""Warnings about what is allowed but seldom meant, and an error for numbers that have no vector."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from lamina.data.streams import is_stream
from lamina.errors import plural, warn
from lamina.typing import PyTree

_CLASSES_SHOWN = 5
_FEW_ROWS = 2
_GIVES = {"sigmoid": (0.0, 1.0), "softmax": (0.0, 1.0), "tanh": (-1.0, 1.0), "relu": (0.0, np.inf)}
_SQUASHED = ("sigmoid", "softmax")


def before_training(trainer: Any, example: Any) -> None:
    """Look at model, loss, metrics and data together, before an epoch is spent on them."""
    if not trainer.model.trainable_weights:
        warn(
            f"Model {trainer.model.name!r} has no weights to train: "
            + (
                "all its layers are frozen. Set model.trainable = True, or layer.trainable = True for some."
                if trainer.model.weights
                else "none of its layers has any. Training changes nothing."
            )
        )
    _warn_of_unweighted_metrics(trainer, example.sample_weight is not None)
    _warn_of_metrics_of_logits(trainer)
    if trainer.loss is None or trainer.outputs is None or example.y is None:
        return
    targets = trainer.outputs.flatten(example.y, "y")
    for loss, target, (layer, activation) in zip(trainer.loss.losses, targets, _last_layers(trainer)):
        if loss is not None and layer is not None:
            _warn_of_last_activation(loss, layer, activation)
            _warn_of_unreachable_targets(loss, target, layer, activation)
    _warn_of_accuracy_of_numbers(trainer, targets)


def check_lookups(model: Any, x: PyTree) -> None:
    """Raise ValueError if an `Embedding` that sees the data first has no vector for a number in them."""
    layers = getattr(model, "layers", None) or []
    embeddings = [layer for layer in layers if type(layer).__name__ == "Embedding"]
    if not embeddings:
        return
    if layers[0] is embeddings[0]:  # a stack
        pairs = [(layers[0], x)]
    elif getattr(model, "graph", None) is not None and not is_stream(x):
        arrays = {id(tensor): array for tensor, array in zip(model.inputs, model.graph.match_inputs(x))}
        nodes = [node for node in model.graph.nodes if node.operation in embeddings and len(node.args) == 1]
        pairs = [(node.operation, arrays.get(id(node.args[0]))) for node in nodes]
    else:
        return
    for layer, values in pairs:
        if isinstance(values, np.ndarray | jax.Array) and values.size:
            _check_numbers(layer, np.asarray(values))


def _check_numbers(layer: Any, values: np.ndarray) -> None:
    known = (
        f"Layer {layer.name!r} (Embedding) has vectors for the numbers 0 to {layer.input_dim - 1}, but the data hold"
    )
    if values.dtype.kind == "f" and (fractions := values != np.floor(values)).any():
        example = values[fractions].flat[0]
        raise ValueError(
            f"{known} {example:g}, which is no whole number. An Embedding looks up numbers of words or categories; "
            "give measurements to a Dense layer instead."
        )
    wrong = (values >= layer.input_dim) | (values < -layer.input_dim)
    if wrong.any():
        row, worst = int(np.argwhere(wrong)[0][0]), int(values[wrong].max())
        cure = (
            f"input_dim must be the largest number plus one: Embedding({worst + 1}, {layer.output_dim})"
            if worst > 0
            else "Count from 0"
        )
        raise ValueError(f"{known} {int(values[wrong].flat[0])} (first in row {row}). {cure}.")


def warn_of_few_rows(validation_split: Any, rows: int) -> None:
    """Warn if a validation split is too small to say anything."""
    if rows <= _FEW_ROWS:
        warn(
            f"validation_split={validation_split!r} leaves {plural(rows, 'row')} to validate on, so val_loss and "
            "val_accuracy will tell nothing but chance. Take a larger share, such as validation_split=0.2."
        )


def warn_of_one_sided_classes(train: PyTree, validation: PyTree) -> None:
    """Warn if rows of a class are only on one side of a validation split."""
    for ours, theirs in zip(jax.tree.leaves(train), jax.tree.leaves(validation)):
        here, there = _classes(ours), _classes(theirs)
        if here is None or there is None:
            continue
        for missing, where in ((there - here, "training"), (here - there, "validation")):
            if missing:
                shown = ", ".join(str(label) for label in sorted(missing)[:_CLASSES_SHOWN])
                more = f", … ({len(missing)} in all)" if len(missing) > _CLASSES_SHOWN else ""
                warn(
                    f"The validation split leaves no row of the classes {shown}{more} for {where}. validation_split "
                    "takes the last rows, before any shuffling; are the rows sorted by class? Pass "
                    "validation_split=lamina.utils.StratifiedSplit(0.2), or shuffle the rows before.",
                )


def _warn_of_unweighted_metrics(trainer: Any, has_weights: bool) -> None:
    """Warn if there are sample weights, but only metrics that do not see them."""
    arguments = trainer.arguments
    if has_weights and arguments.metrics and arguments.weighted_metrics is None:
        warn(
            "Sample weights (or class weights) are given, but the metrics do not see them. Name those that should in "
            "compile(weighted_metrics=[...]), or pass weighted_metrics=[] to say that none should.",
        )


def _warn_of_metrics_of_logits(trainer: Any) -> None:
    """Warn if predictions that are logits are measured as if they were probabilities."""
    if trainer.loss is None or trainer.compiled_metrics is None:
        return
    for index, name, metric, _ in trainer.compiled_metrics.entries:
        remedy = getattr(metric, "logits_remedy", None)
        if not remedy or not getattr(trainer.loss.losses[index], "from_logits", False):
            continue
        warn(
            f"The metric {name!r} expects probabilities, but the loss says that the model gives logits "
            f"(from_logits=True). {remedy}"
        )


def _warn_of_last_activation(loss: Any, layer: Any, activation: str) -> None:
    kind = type(loss).__name__
    if kind not in ("BinaryCrossentropy", "CategoricalCrossentropy", "SparseCategoricalCrossentropy"):
        return
    wanted = "sigmoid" if kind.startswith("Binary") else "softmax"
    logits = f"lamina.losses.{kind}(from_logits=True)"
    place = f"The last layer {layer.name!r} ({type(layer).__name__})"
    if loss.from_logits:
        if activation in _SQUASHED:
            warn(
                f"{place} ends in {activation}, but the loss was told that it gets logits (from_logits=True) and "
                f"applies a {wanted} itself: applied twice, learning is slow and probabilities are wrong. Leave one of "
                "them out."
            )
    elif activation in ("linear", "relu"):
        gives = "any number" if activation == "linear" else "0 and all above"
        warn(
            f"{place} ends in {'no activation' if activation == 'linear' else activation} and gives {gives}, but "
            f"{loss.name} expects probabilities. Write activation={wanted!r}, or keep the layer "
            f"{'as it is' if activation == 'linear' else 'without activation'} and pass loss={logits}."
        )
    elif wanted == "softmax" and activation == "sigmoid":
        warn(
            f"{place} ends in sigmoid, so its outputs are independent of each other and do not sum to 1, but "
            f"{loss.name} expects one class of several. Write activation='softmax', or, if a row can have several "
            "classes at once, loss='binary_crossentropy' with a 0 or 1 for each class."
        )
    elif wanted == "sigmoid" and activation == "softmax" and getattr(layer, "units", 2) > 1:
        warn(
            f"{place} ends in softmax, for one class of several, but {loss.name} judges every output alone. Write "
            "loss='categorical_crossentropy' for one-hot targets ('sparse_categorical_crossentropy' for class "
            "numbers), or activation='sigmoid' if a row can have several classes at once."
        )


def _warn_of_unreachable_targets(loss: Any, target: Any, layer: Any, activation: str) -> None:
    if activation not in _GIVES or not isinstance(target, np.ndarray | jax.Array) or not target.size:
        return
    if "rossentropy" in type(loss).__name__ or "Hinge" in type(loss).__name__ or target.dtype.kind not in "iuf":
        return
    low, high = _GIVES[activation]
    least, greatest = float(target.min()), float(target.max())
    if least < low or greatest > high:
        reach = f"{low:g} to {high:g}" if np.isfinite(high) else f"{low:g} and above"
        warn(
            f"The last layer {layer.name!r} ends in {activation} and gives {reach}, but the targets go from "
            f"{least:.4g} to {greatest:.4g}, which it can't reach. For regression leave the activation out: "
            f"{type(layer).__name__}({getattr(layer, 'units', '...')})."
        )


def _warn_of_accuracy_of_numbers(trainer: Any, targets: list[Any]) -> None:
    if trainer.compiled_metrics is None:
        return
    for index, name, metric, _ in trainer.compiled_metrics.entries:
        target = targets[index]
        if "Accuracy" not in type(metric).__name__ or not isinstance(target, np.ndarray | jax.Array):
            continue
        values = np.asarray(target)
        if values.dtype.kind == "f" and (fractions := (values != np.floor(values)) & np.isfinite(values)).any():
            if ((values >= 0) & (values <= 1)).all():
                continue  # soft labels
            warn(
                f"The metric {name!r} counts predictions that equal their target, but the targets are no classes "
                f"(y holds {values[fractions].flat[0]:.4g}). For regression use metrics=['mae'], the mean absolute "
                "error."
            )


def _last_layers(trainer: Any) -> list[tuple[Any, str]]:
    """Return for each output the layer that gives it and the name of its activation; (None, "") where unknown."""
    model, count = trainer.model, len(trainer.outputs)
    if getattr(model, "graph", None) is not None:
        found = [tensor.node.operation for tensor in model.outputs if tensor.node is not None]
    else:
        found = list(getattr(model, "_layers", []))[-1:]
    if len(found) != count:
        return [(None, "")] * count
    return [(layer, activation) if (activation := _activation(layer)) else (None, "") for layer in found]


def _activation(layer: Any) -> str:
    kind = type(layer).__name__
    if kind in ("Softmax", "ReLU"):
        return kind.lower()
    function = getattr(layer, "activation", None)
    if function is None:
        return "linear" if kind == "Dense" else ""
    return getattr(function, "__name__", "")


def _classes(targets: Any) -> set[int] | None:
    """Return the classes in targets that are labels or one-hot rows; None for other targets."""
    if not isinstance(targets, np.ndarray | jax.Array):
        return None
    values = np.asarray(targets)
    if values.ndim == 2 and values.shape[1] > 1 and values.dtype.kind in "biuf":
        is_one_hot = ((values == 0) | (values == 1)).all() and (values.sum(axis=1) == 1).all()
        return set(np.unique(values.argmax(axis=1)).tolist()) if is_one_hot else None
    if values.dtype.kind not in "biu" or values.size != len(values):
        return None
    found = np.unique(values)
    return set(found.tolist()) if len(found) <= max(2, len(values) // 10) else None
