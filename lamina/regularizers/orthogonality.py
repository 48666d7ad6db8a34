"""Penalty on weights that point in similar directions."""

from __future__ import annotations

import jax.numpy as jnp

from lamina.errors import nearest
from lamina.regularizers.regularizer import Regularizer, checked_factor, floating
from lamina.typing import Array, ArrayLike

_MODES = ("rows", "columns")


class OrthogonalRegularizer(Regularizer):
    """Penalty `factor` times the mean magnitude of the cosines between all pairs of rows (or columns) of a matrix.

    Args:
        factor: at least 0; None for the default.
        mode: "rows" or "columns": what shall be orthogonal to each other.

    Raises:
        ValueError: if `factor` is negative or no finite number, `mode` is neither, or the array is no matrix.

    Example:
        >>> regularizer = lamina.regularizers.OrthogonalRegularizer(factor=1.0)
        >>> float(regularizer([[1.0, 0.0], [0.0, 2.0]]))
        0.0
    """

    def __init__(self, factor: float | None = 0.01, mode: str = "rows") -> None:
        self.factor = checked_factor(self, "factor", factor, 0.01)
        if mode not in _MODES:
            raise ValueError(f"OrthogonalRegularizer: unknown mode {mode!r}. {nearest(mode, _MODES)}")
        self.mode = mode

    def __call__(self, inputs: ArrayLike) -> Array:
        """Return the penalty of a matrix; a single row or column has none.

        Args:
            inputs: array of shape `(rows, columns)`.
        """
        matrix = floating(inputs)
        if matrix.ndim != 2:
            raise ValueError(f"OrthogonalRegularizer: expected a matrix, got an array of shape {matrix.shape}.")
        vectors = matrix if self.mode == "rows" else matrix.T
        squares = jnp.sum(jnp.square(vectors), axis=1, keepdims=True)
        # A zero vector has no direction; the root of 1 in the place of its length keeps the gradient finite.
        directions = vectors / jnp.sqrt(jnp.where(squares == 0, 1, squares))
        cosines = directions @ directions.T
        count = len(vectors)
        others = jnp.abs(cosines) * (1 - jnp.eye(count, dtype=cosines.dtype))
        pairs = max(1, count * (count - 1) // 2)
        return self.factor * 0.5 * jnp.sum(others) / pairs
