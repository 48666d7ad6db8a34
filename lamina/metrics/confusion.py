"""The confusion matrix at one or many thresholds: what precision, recall and the area under a curve are made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from lamina.losses.alignment import align_ranks, as_float, different_shapes
from lamina.typing import Array, ArrayLike

NEVER = -1e10
"""The score of a class that isn't among the top k: below every threshold."""

_FEW = 8


class Counts(NamedTuple):
    """Sums of weights at each threshold, (thresholds,), or (thresholds, labels) where labels are counted apart."""

    true_positives: Array
    false_positives: Array
    true_negatives: Array
    false_negatives: Array


def check_thresholds(thresholds: Any, default: float, name: str) -> list[float]:
    """Return thresholds as a list; None gives the default.

    Raises:
        ValueError: if one of them is outside [0, 1].
    """
    if thresholds is None:
        return [default]
    listed = list(thresholds) if isinstance(thresholds, Sequence | np.ndarray) else [thresholds]
    wrong = [value for value in listed if value is None or not 0 <= value <= 1]
    if wrong or not listed:
        raise ValueError(f"{name}: thresholds must be a number or a list of numbers in [0, 1], got {thresholds!r}.")
    return [float(value) for value in listed]


def check_share(value: Any, argument: str, name: str) -> float:
    """Return `value`, or raise ValueError if it is outside [0, 1]."""
    if not 0 <= value <= 1:
        raise ValueError(f"{name}: {argument} must lie in [0, 1], got {value!r}.")
    return value


def check_class_and_rank(class_id: int | None, top_k: int | None, name: str) -> None:
    """Raise ValueError if `class_id` is negative or `top_k` below 1."""
    if class_id is not None and class_id < 0:
        raise ValueError(f"{name}: class_id must be the number of a class, 0 or more, got {class_id}.")
    if top_k is not None and top_k < 1:
        raise ValueError(f"{name}: top_k must be 1 or more, got {top_k}.")


def comparable_arrays(
    y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None, dtype: Any, name: str
) -> tuple[Array, Array, Array]:
    """Return targets (bool), predictions and weights (at least float32), all of the shape of the predictions.

    Args:
        y_true: any number but 0 counts as positive; the last axis may be missing, or one of size 1 too many.
        y_pred: scores, (batch, ...).
        sample_weight: a scalar, a weight for each sample, or one for each value; None: all 1.
        dtype: float type to which predictions and weights are rounded.
        name: the metric, for errors.

    Raises:
        ValueError: if shapes don't fit.
    """
    wide = jnp.promote_types(dtype, jnp.float32)
    y_pred = as_float(y_pred).astype(dtype).astype(wide)
    truth, y_pred = align_ranks(jnp.asarray(y_true) != 0, y_pred)
    if truth.shape != y_pred.shape:
        raise ValueError(different_shapes(name, truth.shape, y_pred.shape))
    if sample_weight is None:
        return truth, y_pred, jnp.ones(y_pred.shape, wide)
    weight = jnp.asarray(sample_weight).astype(dtype).astype(wide)
    return truth, y_pred, stretch_weights(weight, y_pred.shape, name)


def stretch_weights(weight: Array, shape: tuple[int, ...], name: str) -> Array:
    """Return weights stretched to a shape, sample by sample, or raise ValueError if they don't fit."""
    stretched = weight[..., 0] if weight.ndim == len(shape) + 1 and weight.shape[-1] == 1 else weight
    if 0 < stretched.ndim < len(shape):
        stretched = stretched.reshape(stretched.shape + (1,) * (len(shape) - stretched.ndim))
    fits = stretched.ndim in (0, len(shape)) and all(
        size in (1, wanted) for size, wanted in zip(stretched.shape, shape)
    )
    if not fits:
        raise ValueError(
            f"Metric {name!r} was given sample weights of shape {weight.shape} for predictions of shape {shape}. "
            f"Pass one weight a sample, {shape[:1]}, or one for each prediction, {shape}."
        )
    return jnp.broadcast_to(stretched, shape)


def only_top(y_pred: Array, top_k: int, name: str) -> Array:
    """Return scores of which only the k largest of the last axis stay, the others become `NEVER`.

    Of equal ones the first stay.

    Raises:
        ValueError: if there are fewer than k classes.
    """
    if not y_pred.ndim or top_k > y_pred.shape[-1]:
        raise ValueError(f"{name}: top_k={top_k}, but predictions of shape {y_pred.shape} have fewer classes.")
    best = jax.lax.top_k(y_pred, top_k)[1]
    chosen = jax.nn.one_hot(best, y_pred.shape[-1], dtype=bool).any(axis=-2)
    return jnp.where(chosen, y_pred, NEVER)


def only_class(values: Array, class_id: int, name: str) -> Array:
    """Return the values of one class of the last axis, or raise ValueError if there is no such class."""
    if not values.ndim or class_id >= values.shape[-1]:
        raise ValueError(
            f"{name}: class_id={class_id}, but predictions of shape {values.shape} have no class of that number."
        )
    return values[..., class_id]


def count(truth: Array, y_pred: Array, weight: Array, thresholds: Sequence[float]) -> Counts:
    """Return the confusion matrix at each threshold; a prediction above it is positive.

    Args:
        truth, y_pred, weight: (values,), or (values, labels) to count labels apart.
        thresholds: rising where there are many of them at even distances, as `evenly_spaced` says.
    """
    positive, negative = jnp.where(truth, weight, 0.0), jnp.where(truth, 0.0, weight)
    if len(thresholds) > _FEW and evenly_spaced(thresholds):
        hits, false_alarms = (_above_even(y_pred, part, thresholds) for part in (positive, negative))
        return Counts(hits, false_alarms, negative.sum(axis=0) - false_alarms, positive.sum(axis=0) - hits)
    bounds = jnp.asarray(thresholds, y_pred.dtype).reshape((-1,) + (1,) * y_pred.ndim)
    above = y_pred[None] > bounds
    hits, false_alarms = (jnp.where(above, part, 0.0).sum(axis=1) for part in (positive, negative))
    misses, passed = (jnp.where(above, 0.0, part).sum(axis=1) for part in (positive, negative))
    return Counts(hits, false_alarms, passed, misses)


def evenly_spaced(thresholds: Sequence[float]) -> bool:
    """Return whether thresholds go from 0 to 1 in equal steps, a tiny overhang at the ends allowed."""
    number = len(thresholds)
    return number > 2 and bool(np.allclose(thresholds, np.arange(number) / (number - 1), atol=1e-6))


def _above_even(y_pred: Array, weight: Array, thresholds: Sequence[float]) -> Array:
    """Return the weight of the predictions above each threshold, by a histogram: one pass, however many thresholds."""
    number = len(thresholds)
    # Between which thresholds a prediction lies: above those up to its bin.
    bins = jnp.ceil(jnp.clip(y_pred, 0.0, 1.0) * (number - 1)).astype(jnp.int32) - 1
    lowest = 0 if thresholds[0] < 0 else -1  # 0 itself lies above the first threshold only if that is below 0
    bins = jnp.clip(bins, lowest, number - 2)
    weight = jnp.where(bins < 0, 0.0, weight)
    bins = jnp.maximum(bins, 0)
    if weight.ndim == 1:
        histogram = jnp.zeros(number, weight.dtype).at[bins].add(weight)
    else:
        histogram = jnp.zeros((number, weight.shape[1]), weight.dtype).at[bins, jnp.arange(weight.shape[1])].add(weight)
    return jnp.flip(jnp.cumsum(jnp.flip(histogram, axis=0), axis=0), axis=0)
