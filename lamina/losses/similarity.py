"""How much targets and predictions point the same way."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from lamina import config
from lamina.losses.alignment import comparable
from lamina.losses.loss import FunctionLoss
from lamina.losses.probabilities import at_least_float32
from lamina.typing import Array, ArrayLike


def cosine_similarity(y_true: ArrayLike, y_pred: ArrayLike, axis: int = -1) -> Array:
    """Return minus the cosine of the angle between targets and predictions: -1 where they point the same way.

    Args:
        y_true: vectors, (batch, ..., values).
        y_pred: vectors of the same shape.
        axis: the axis of the vectors' values.

    Returns:
        An array of the shape without that axis; 0 where one of the vectors is zero.

    Raises:
        ValueError: if the shapes differ.

    Example:
        >>> cosine_similarity([[1.0, 0.0]], [[2.0, 0.0]]).tolist()
        [-1.0]
    """
    return -cosine(y_true, y_pred, axis)


def cosine(y_true: ArrayLike, y_pred: ArrayLike, axis: int) -> Array:
    """Return the cosine of the angle between vectors."""
    y_true, y_pred = comparable(y_true, y_pred, "cosine_similarity")
    return (_unit(y_true, axis) * _unit(y_pred, axis)).sum(axis=axis).astype(y_pred.dtype)


def _unit(vectors: Array, axis: int) -> Array:
    vectors = at_least_float32(vectors)
    # The bound lies under the root, so that the gradient of the zero vector is 0 and not NaN.
    square = jnp.square(vectors).sum(axis=axis, keepdims=True)
    return vectors * jax.lax.rsqrt(jnp.maximum(square, config.epsilon() ** 2))


class CosineSimilarity(FunctionLoss):
    """Minus the cosine of the angle between targets and predictions, from -1 (the same way) to 1 (opposite).

    Args:
        axis: the axis of the vectors' values.
        reduction, name, dtype: as for `Loss`.

    Example:
        >>> float(CosineSimilarity()([[1.0, 0.0]], [[2.0, 0.0]]))
        -1.0
    """

    unwritten = {"axis": -1}

    def __init__(
        self,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "cosine_similarity",
        dtype: object = None,
    ) -> None:
        super().__init__(cosine_similarity, reduction, name, dtype, axis=axis)
