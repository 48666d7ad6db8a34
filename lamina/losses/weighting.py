"""Sample weights and masks: how much each value counts, and by what the sum is divided."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from lamina.losses.alignment import align_ranks
from lamina.typing import Array, ArrayLike

REDUCTIONS = ("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none", None)
_MEANS = ("sum_over_batch_size", "mean")


def check_reduction(reduction: str | None) -> None:
    """Raise ValueError if `reduction` is none of Keras's."""
    if reduction not in REDUCTIONS:
        known = ", ".join(map(repr, REDUCTIONS))
        raise ValueError(f"reduction must be one of {known}, got {reduction!r}.")


def match_axes(first: Array, second: Array) -> tuple[Array, Array]:
    """Return two arrays that count from the same first axes with as many axes each, so that they multiply sample-wise.

    Beyond what `align_ranks` does, a weight for each sample stretches over the other axes: (n,) beside (n, t) becomes
    (n, 1), even where t equals n.
    """
    first, second = align_ranks(first, second)
    if 0 < first.ndim < second.ndim:
        first = first.reshape(first.shape + (1,) * (second.ndim - first.ndim))
    elif 0 < second.ndim < first.ndim:
        second = second.reshape(second.shape + (1,) * (first.ndim - second.ndim))
    return first, second


def apply_mask(
    sample_weight: ArrayLike | None, mask: ArrayLike | None, dtype: Any, reduction: str | None
) -> Array | None:
    """Return the sample weights with a mask worked into them, such that `reduce_weighted` divides as Keras does.

    Where the reduction divides by the number of values, the values left by the mask are scaled up by the share that
    the mask takes away, so that the division is by the number of values left.

    Args:
        sample_weight: weights, or None.
        mask: True (or non-zero) where a value counts, or None. Its axes are the first ones of the weights' or values'.
        dtype: dtype of the weights returned.
        reduction: one of Keras's; "sum_over_batch_size" and "mean" scale.

    Returns:
        Weights, or None where there is neither mask nor weight.
    """
    if mask is not None:
        mask = jnp.asarray(mask)
        weight = mask.astype(dtype)
        if reduction in _MEANS:
            # The count is kept in float32: half precision can't count beyond 2048.
            valid = mask.astype(jnp.float32).sum()
            scale = mask.size / jnp.where(valid == 0, 1.0, valid)
            weight = jnp.where(mask.astype(bool), scale, 0.0).astype(dtype)
        if sample_weight is None:
            return weight
        sample_weight, weight = match_axes(jnp.asarray(sample_weight).astype(dtype), weight)
        return sample_weight * weight
    return None if sample_weight is None else jnp.asarray(sample_weight).astype(dtype)


def reduce_weighted(values: Array, sample_weight: Array | None, reduction: str | None, name: str = "loss") -> Array:
    """Return the values times their weights, reduced.

    Args:
        values: one for each sample, or each step of each sample.
        sample_weight: a scalar, a weight for each sample, (n,), or one for each value; None: all count alike.
        reduction: "sum"; "sum_over_batch_size" or "mean": the sum divided by the number of values, whatever their
            weights; "mean_with_sample_weight": divided by the sum of the weights, as they were given (not stretched);
            "none" or None: the weighted values themselves.
        name: what the values are, for the error.

    Raises:
        ValueError: if the weights don't fit the values.
    """
    total_weight = None
    if sample_weight is not None:
        values, sample_weight = _fit(values, sample_weight.astype(values.dtype), name)
        values = values * sample_weight
        total_weight = sample_weight.sum()
    if reduction in ("none", None):
        return values
    total = values.sum()
    if reduction == "sum":
        return total
    if reduction == "mean_with_sample_weight" and total_weight is not None:
        return jnp.where(total_weight == 0, 0.0, total / jnp.where(total_weight == 0, 1.0, total_weight))
    return total / max(values.size, 1)


def _fit(values: Array, sample_weight: Array, name: str) -> tuple[Array, Array]:
    given, wanted = sample_weight.shape, values.shape
    values, sample_weight = match_axes(values, sample_weight)
    # A loss of one number (targets and predictions of one axis) takes weights of any shape, as in Keras.
    fits = not (sample_weight.ndim and values.ndim) or (
        sample_weight.ndim == values.ndim
        and all(weight in (1, value) for weight, value in zip(sample_weight.shape, values.shape))
    )
    if not fits:
        each = f", or one for each value, {wanted}" if len(wanted) > 1 else ""
        raise ValueError(
            f"{name} was given sample weights (or a mask) of shape {given}, but its values have shape {wanted}. "
            f"Pass one weight a sample, {wanted[:1]}{each}."
        )
    return values, sample_weight
