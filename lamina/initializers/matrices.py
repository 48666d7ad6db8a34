"""Initializers of matrices with a structure."""

from __future__ import annotations

import math
from typing import Any

import jax.numpy as jnp
import numpy as np

from lamina import config as settings
from lamina.initializers import draws
from lamina.initializers.initializer import (
    Initializer,
    RandomInitializer,
    finite_number,
    float_dtype,
    static_shape,
    to_device,
)
from lamina.random.seed_generator import SeedGenerator
from lamina.typing import Array


class Identity(Initializer):
    """Gives a matrix with `gain` on its diagonal and 0 elsewhere.

    Args:
        gain: what stands on the diagonal.

    Raises:
        ValueError: if `gain` is no finite number, or if the shape asked for is not that of a matrix.

    Example:
        >>> lamina.initializers.Identity()((2, 3))
        Array([[1., 0., 0.],
               [0., 1., 0.]], dtype=float32)
    """

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = finite_number(self, "gain", gain)

    def __call__(self, shape: Any, dtype: Any = None) -> Array:
        shape = static_shape(self, shape)
        if len(shape) != 2:
            raise ValueError(f"Identity gives matrices: shape must be (rows, columns), got {shape}.")
        dtype = settings.standardize_dtype(dtype)
        values = np.zeros(shape, jnp.dtype(dtype))
        np.fill_diagonal(values, self.gain)
        return to_device(values, dtype)


class Orthogonal(RandomInitializer):
    """Gives a random matrix whose rows or columns (whichever are fewer) are orthogonal and of length `gain`.

    Shapes of more axes are taken as matrices of the last axis and all others.

    Args:
        gain: factor of the whole.
        seed: a whole number, a `lamina.random.SeedGenerator`, or None for a number drawn now.

    Raises:
        ValueError: if `gain` is no finite number, or if the shape asked for has fewer than two axes.

    Example:
        >>> matrix = lamina.initializers.Orthogonal(seed=1)((3, 3))
        >>> bool(abs(matrix @ matrix.T - lamina.initializers.Identity()((3, 3))).max() < 1e-5)
        True

    Reference: Saxe et al., 2014, https://arxiv.org/abs/1312.6120
    """

    def __init__(self, gain: float = 1.0, seed: int | SeedGenerator | None = None) -> None:
        super().__init__(seed)
        self.gain = finite_number(self, "gain", gain)

    def __call__(self, shape: Any, dtype: Any = None) -> Array:
        shape, dtype = static_shape(self, shape), float_dtype(self, dtype)
        if len(shape) < 2:
            raise ValueError(f"Orthogonal needs a shape of at least two axes, got {shape}.")
        rows, columns = math.prod(shape[:-1]), shape[-1]
        tall = (max(rows, columns), min(rows, columns))
        basis, triangle = np.linalg.qr(draws.normal(self.source(), tall, 0, 1, dtype))
        # With a positive diagonal the decomposition is unique, and the basis uniformly distributed (Mezzadri, 2007).
        basis *= np.where(np.diagonal(triangle) < 0, -self.gain, self.gain).astype(basis.dtype)
        return to_device((basis if rows >= columns else basis.T).reshape(shape), dtype)
