"""Connectionist temporal classification: a sequence of labels somewhere along a longer sequence of predictions."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np

from lamina.losses.alignment import as_float
from lamina.losses.loss import FunctionLoss
from lamina.losses.probabilities import at_least_float32, check_class_numbers
from lamina.typing import Array, ArrayLike


def ctc(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """Return minus the logarithm of the probability that the predictions spell the labels.

    Args:
        y_true: labels, whole numbers in [1, classes), (batch, labels); 0, which means blank, fills the rest of a row.
        y_pred: logits, (batch, steps, classes), class 0 being the blank; no softmax before.

    Returns:
        An array of shape (batch,); about 1e5 where the labels are too many for the steps.

    Raises:
        ValueError: if the shapes don't fit.

    Example:
        >>> logits = np.zeros((1, 4, 3), "float32")
        >>> round(float(ctc([[1, 2]], logits)[0]), 4)
        1.6864

    Reference: Graves et al., 2006, https://www.cs.toronto.edu/~graves/icml_2006.pdf
    """
    import optax  # only this loss needs it, and it costs 0.2 s

    labels, logits = jnp.asarray(y_true), as_float(y_pred)
    if labels.ndim != 2 or logits.ndim != 3 or labels.shape[0] != logits.shape[0]:
        raise ValueError(
            "ctc needs y_true of shape (batch, labels) and y_pred of shape (batch, steps, classes), but they have "
            f"shapes {labels.shape} and {logits.shape}."
        )
    labels, logits = labels.astype(jnp.int32), at_least_float32(logits)
    every_step = jnp.zeros(logits.shape[:2], logits.dtype)
    return optax.ctc_loss(logits, every_step, labels, (labels == 0).astype(logits.dtype), blank_id=0)


class CTC(FunctionLoss):
    """Connectionist temporal classification, for speech and handwriting: labels without their positions.

    Args:
        reduction, name, dtype: as for `Loss`.

    Example:
        >>> round(float(CTC()([[1, 2]], np.zeros((1, 4, 3), "float32"))), 4)
        1.6864

    Reference: Graves et al., 2006, https://www.cs.toronto.edu/~graves/icml_2006.pdf
    """

    keeps_integers = True

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "ctc", dtype: object = None
    ) -> None:
        super().__init__(ctc, reduction, name, dtype)

    def call(self, y_true: Array, y_pred: Array) -> Array:
        return self.fn(y_true, y_pred)

    def check_targets(self, y_true: np.ndarray, output_shape: tuple[int | None, ...]) -> None:
        check_class_numbers(y_true, output_shape[-1], self.name)
