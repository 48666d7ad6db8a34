"""Cross-entropy of yes-or-no targets."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from lamina.losses.alignment import comparable
from lamina.losses.loss import FunctionLoss
from lamina.losses.probabilities import (
    at_least_float32,
    check_label_smoothing,
    check_probabilities,
    clip_probabilities,
)
from lamina.typing import Array, ArrayLike


def binary_crossentropy(
    y_true: ArrayLike, y_pred: ArrayLike, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Array:
    """Return the mean of `-(y_true * log(y_pred) + (1 - y_true) * log(1 - y_pred))` over an axis.

    Args:
        y_true: targets in [0, 1], (batch, ..., values).
        y_pred: probabilities, or logits (any real number), of the same shape; the last axis may be missing in one of
            the two if its size is 1. Probabilities are kept `lamina.config.epsilon()` away from 0 and 1.
        from_logits: whether `y_pred` holds logits.
        label_smoothing: share in [0, 1] by which targets are moved to 0.5.
        axis: the axis to take the mean over.

    Returns:
        An array of the shape without that axis.

    Raises:
        ValueError: if the shapes differ or `label_smoothing` is outside [0, 1].

    Example:
        >>> print(binary_crossentropy([[0.0, 1.0]], [[0.5, 0.5]]).round(4))
        [0.6931]
    """
    check_label_smoothing(label_smoothing)
    y_true, y_pred = comparable(y_true, y_pred, "binary_crossentropy")
    return elementwise(move_to_half(y_true, label_smoothing), y_pred, from_logits).mean(axis=axis).astype(y_pred.dtype)


def move_to_half(y_true: Array, label_smoothing: float) -> Array:
    """Return targets moved to 0.5 by a share."""
    return y_true * (1.0 - label_smoothing) + 0.5 * label_smoothing if label_smoothing else y_true


def elementwise(y_true: Array, y_pred: Array, from_logits: bool) -> Array:
    """Return the cross-entropy of each element, at least in float32."""
    y_true = at_least_float32(y_true)
    if from_logits:
        # Two logarithms of sigmoids: precise for large logits, and the gradient is right at zero, where |x| has none.
        logits = at_least_float32(y_pred)
        return y_true * jax.nn.softplus(-logits) + (1.0 - y_true) * jax.nn.softplus(logits)
    probabilities = clip_probabilities(y_pred)
    return -(y_true * jnp.log(probabilities) + (1.0 - y_true) * jnp.log(1.0 - probabilities))


class BinaryCrossentropy(FunctionLoss):
    """Cross-entropy of targets that are 0 or 1 (or probabilities): one yes-or-no question for each output.

    Args:
        from_logits: whether predictions are logits, any real number, instead of probabilities. More precise; leave the
            last layer without activation.
        label_smoothing: share in [0, 1] by which targets are moved to 0.5.
        axis: the axis to take the mean over.
        reduction, name, dtype: as for `Loss`.

    Example:
        >>> float(BinaryCrossentropy(from_logits=True)([[0.0], [1.0]], [[-20.0], [20.0]])) < 1e-6
        True
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "binary_crossentropy",
        dtype: object = None,
    ) -> None:
        check_label_smoothing(label_smoothing)
        arguments = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        super().__init__(binary_crossentropy, reduction, name, dtype, **arguments)

    def check_targets(self, y_true: np.ndarray, output_shape: tuple[int | None, ...]) -> None:
        check_probabilities(y_true, self.name)
