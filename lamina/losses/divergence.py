"""Losses between distributions: Kullback-Leibler divergence and Poisson."""

from __future__ import annotations

import jax.numpy as jnp

from lamina import config
from lamina.losses.alignment import comparable
from lamina.losses.loss import FunctionLoss
from lamina.typing import Array, ArrayLike


def kl_divergence(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """Return `sum(y_true * log(y_true / y_pred))` over the last axis.

    Args:
        y_true: probabilities, (batch, ..., classes).
        y_pred: probabilities of the same shape. Both are kept in [`lamina.config.epsilon()`, 1].

    Returns:
        An array of shape (batch, ...).

    Raises:
        ValueError: if the shapes differ.

    Example:
        >>> round(float(kl_divergence([[0.5, 0.5]], [[0.25, 0.75]])[0]), 4)
        0.1438
    """
    y_true, y_pred = comparable(y_true, y_pred, "kl_divergence")
    epsilon = jnp.asarray(config.epsilon(), y_pred.dtype)
    y_true, y_pred = jnp.clip(y_true, epsilon, 1.0), jnp.clip(y_pred, epsilon, 1.0)
    return (y_true * jnp.log(y_true / y_pred)).sum(axis=-1)


def poisson(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """Return the mean of `y_pred - y_true * log(y_pred)` over the last axis.

    Args:
        y_true: counts, (batch, ..., values).
        y_pred: predicted rates, positive, of the same shape; `lamina.config.epsilon()` is added inside the logarithm.

    Returns:
        An array of shape (batch, ...).

    Raises:
        ValueError: if the shapes differ.

    Example:
        >>> round(float(poisson([[2.0, 0.0]], [[1.0, 3.0]])[0]), 4)
        2.0
    """
    y_true, y_pred = comparable(y_true, y_pred, "poisson")
    epsilon = jnp.asarray(config.epsilon(), y_pred.dtype)
    return (y_pred - y_true * jnp.log(y_pred + epsilon)).mean(axis=-1)


class KLDivergence(FunctionLoss):
    """The Kullback-Leibler divergence of predicted from true probabilities: `sum(y_true * log(y_true / y_pred))`.

    Args:
        reduction, name, dtype: as for `Loss`.

    Example:
        >>> round(float(KLDivergence()([[0.5, 0.5]], [[0.25, 0.75]])), 4)
        0.1438
    """

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "kl_divergence", dtype: object = None
    ) -> None:
        super().__init__(kl_divergence, reduction, name, dtype)


class Poisson(FunctionLoss):
    """The negative log-likelihood of counts under predicted Poisson rates, without its constant.

    Args:
        reduction, name, dtype: as for `Loss`.

    Example:
        >>> round(float(Poisson()([[2.0, 0.0]], [[1.0, 3.0]])), 4)
        2.0
    """

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "poisson", dtype: object = None
    ) -> None:
        super().__init__(poisson, reduction, name, dtype)
