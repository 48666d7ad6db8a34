"""Warnings about what is allowed but seldom meant."""

from __future__ import annotations

import warnings
from typing import Any

import jax
import numpy as np

from lamina.typing import PyTree

_CLASSES_SHOWN = 5


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
                warnings.warn(
                    f"The validation split leaves no row of the classes {shown}{more} for {where}. validation_split "
                    "takes the last rows, before any shuffling; are the rows sorted by class? Pass "
                    "validation_split=lamina.utils.StratifiedSplit(0.2), or shuffle the rows before.",
                    stacklevel=6,
                )


def warn_of_unweighted_metrics(trainer: Any, has_weights: bool) -> None:
    """Warn if there are sample weights, but only metrics that do not see them."""
    arguments = trainer.arguments
    if has_weights and arguments.metrics and arguments.weighted_metrics is None:
        warnings.warn(
            "Sample weights (or class weights) are given, but the metrics do not see them. Name those that should in "
            "compile(weighted_metrics=[...]), or pass weighted_metrics=[] to say that none should.",
            stacklevel=4,
        )


def warn_of_accuracy_of_logits(trainer: Any) -> None:
    """Warn if predictions that are logits are compared with 0.5, a threshold for probabilities."""
    if trainer.loss is None or trainer.compiled_metrics is None:
        return
    for index, name, metric, _ in trainer.compiled_metrics.entries:
        loss = trainer.loss.losses[index]
        if type(metric).__name__ != "BinaryAccuracy" or getattr(metric, "threshold", None) != 0.5:
            continue
        if getattr(loss, "from_logits", False):
            warnings.warn(
                f"The metric {name!r} calls a prediction positive from 0.5 on, but the loss says that the model gives "
                "logits, which are positive from 0 on. Use metrics=[lamina.metrics.BinaryAccuracy(threshold=0.0)], or "
                "end the model with a sigmoid and leave from_logits out.",
                stacklevel=4,
            )


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
