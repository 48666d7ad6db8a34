"""Generalized cross-entropy, for class numbers of which some are wrong."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np

from lamina.losses.loss import FunctionLoss
from lamina.losses.probabilities import check_class_numbers
from lamina.losses.sparse_categorical_crossentropy import class_numbers_and_scores
from lamina.typing import Array, ArrayLike


def categorical_generalized_cross_entropy(y_true: ArrayLike, y_pred: ArrayLike, q: float) -> Array:
    """Return `(1 - p ** q) / q` of the probability p that was given to the right class.

    Args:
        y_true: class numbers in [0, classes), (batch, ...) or (batch, ..., 1).
        y_pred: probabilities, (batch, ..., classes).
        q: in (0, 1); near 0 like cross-entropy, near 1 like the mean absolute error, which forgives wrong labels.

    Returns:
        An array of shape (batch, ...).

    Raises:
        ValueError: if the shapes don't fit (says so if `y_true` looks one-hot), or if `q` is outside (0, 1).

    Example:
        >>> categorical_generalized_cross_entropy([1], [[0.75, 0.25]], q=0.5).tolist()
        [1.0]

    Reference: Zhang and Sabuncu, 2018, https://arxiv.org/abs/1805.07836
    """
    _check_q(q)
    name = "categorical_generalized_cross_entropy"
    labels, y_pred = class_numbers_and_scores(y_true, y_pred, -1, name)
    chosen = labels.astype(jnp.int32)[..., None] == jnp.arange(y_pred.shape[-1])
    probability = jnp.where(chosen, y_pred, 0.0).sum(axis=-1)
    # The gradient of a power at 0 is infinite; a probability of exactly 0 gets none instead.
    power = jnp.where(probability == 0, 0.0, jnp.power(jnp.where(probability == 0, 1.0, probability), q))
    return (1.0 - power) / q


def _check_q(q: float) -> None:
    if isinstance(q, int | float) and not 0 < q < 1:
        raise ValueError(f"q must lie in (0, 1), got {q}.")


class CategoricalGeneralizedCrossEntropy(FunctionLoss):
    """A cross-entropy for class numbers that wrong labels disturb less: `(1 - p ** q) / q`.

    Args:
        q: in (0, 1); near 0 like cross-entropy, near 1 like the mean absolute error.
        reduction, name, dtype: as for `Loss`.

    Example:
        >>> float(CategoricalGeneralizedCrossEntropy()([1], [[0.75, 0.25]]))
        1.0

    Reference: Zhang and Sabuncu, 2018, https://arxiv.org/abs/1805.07836
    """

    keeps_integers = True

    def __init__(
        self,
        q: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_generalized_cross_entropy",
        dtype: object = None,
    ) -> None:
        _check_q(q)
        super().__init__(categorical_generalized_cross_entropy, reduction, name, dtype, q=q)

    def call(self, y_true: Array, y_pred: Array) -> Array:
        return self.fn(y_true, y_pred, **self._fn_kwargs)

    def check_targets(self, y_true: np.ndarray, output_shape: tuple[int | None, ...]) -> None:
        check_class_numbers(y_true, output_shape[-1], self.name)
