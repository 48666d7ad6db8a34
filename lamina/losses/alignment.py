"""Targets and predictions brought to one shape, or an error that says which one is wrong: never a silent broadcast."""

from __future__ import annotations

import jax.numpy as jnp

from lamina import config
from lamina.typing import Array, ArrayLike

TOO_MANY_AXES = (
    "The model keeps axes that the targets don't have: put Flatten(), GlobalAveragePooling2D() or, after a recurrent "
    "layer, return_sequences=False in front of the last layer."
)


def as_float(value: ArrayLike) -> Array:
    """Return `value` as an array of floats: its own float type, or the process's where it holds whole numbers."""
    array = jnp.asarray(value)
    if jnp.issubdtype(array.dtype, jnp.floating):
        return array
    return array.astype(config.floatx())


def align_ranks(first: Array, second: Array) -> tuple[Array, Array]:
    """Return both arrays with the same number of axes where they differ by one axis of size 1 at the end.

    (n,) and (n, 1) become (n, 1) twice; (n, t) and (n, t, 1) become (n, t) twice. Anything else stays as it is.
    """
    if second.ndim == first.ndim + 1:
        second, first = align_ranks(second, first)
        return first, second
    if first.ndim == second.ndim + 1 and first.shape[-1] == 1:
        if second.ndim == 1:
            return first, second[:, None]
        return first[..., 0], second
    return first, second


def comparable(y_true: ArrayLike, y_pred: ArrayLike, name: str) -> tuple[Array, Array]:
    """Return targets and predictions ready to be compared element by element: float, of one dtype and shape.

    Args:
        y_true, y_pred: the shape of one may lack a last axis of size 1 that the other has.
        name: what compares them, for the error.

    Raises:
        ValueError: if their shapes differ otherwise.
    """
    y_pred = as_float(y_pred)
    y_true, y_pred = align_ranks(jnp.asarray(y_true).astype(y_pred.dtype), y_pred)
    if y_true.shape != y_pred.shape:
        raise ValueError(different_shapes(name, y_true.shape, y_pred.shape))
    if not y_true.ndim:
        raise ValueError(f"{name} needs arrays of at least one axis, (batch, ...), but y_true and y_pred are scalars.")
    return y_true, y_pred


def different_shapes(name: str, true_shape: tuple[int, ...], pred_shape: tuple[int, ...]) -> str:
    """Return the message for targets and predictions that can't be compared element by element."""
    message = (
        f"{name} compares targets and predictions element by element, but y_true has shape {true_shape} and "
        f"y_pred has shape {pred_shape}."
    )
    if not true_shape or not pred_shape:
        return f"{message} Neither may be a scalar."
    if true_shape[0] != pred_shape[0]:
        return f"{message} They hold {true_shape[0]} and {pred_shape[0]} samples; pass as many of one as of the other."
    if len(true_shape) == len(pred_shape) and true_shape[:-1] == pred_shape[:-1]:
        return (
            f"{message} Give the last layer {true_shape[-1]} unit{'s' if true_shape[-1] != 1 else ''}, "
            f"or pass targets of shape {pred_shape}."
        )
    if true_shape == pred_shape[:-1]:
        return (
            f"{message} The last layer gives {pred_shape[-1]} values for each target: give it 1 unit, or pass targets "
            f"of shape {pred_shape}."
        )
    if len(pred_shape) > len(true_shape) + 1:
        return f"{message} {TOO_MANY_AXES}"
    return f"{message} Pass targets of shape {pred_shape}, or change the model so that it gives {true_shape}."
