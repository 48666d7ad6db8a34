"""Circle loss, for embeddings in which samples of one class lie close together."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from lamina.losses.alignment import as_float
from lamina.losses.loss import FunctionLoss
from lamina.losses.probabilities import at_least_float32
from lamina.typing import Array, ArrayLike


def circle(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    ref_labels: ArrayLike | None = None,
    ref_embeddings: ArrayLike | None = None,
    remove_diagonal: bool = True,
    gamma: float = 80,
    margin: float = 0.4,
) -> Array:
    """Return the circle loss of each sample: how far its class is not yet closer to it than the other classes.

    Args:
        y_true: class numbers, (batch,) or (batch, 1).
        y_pred: embeddings of length 1, (batch, values).
        ref_labels: classes of the samples to compare with, (references,); None: `y_true`.
        ref_embeddings: their embeddings, (references, values); None: `y_pred`.
        remove_diagonal: whether not to compare sample i with reference i.
        gamma: scale of the similarities.
        margin: how much closer the own class should be, in units of cosine similarity.

    Returns:
        An array of shape (batch,); 0 for a sample that has no other of its class, or none of another class.

    Raises:
        ValueError: if the shapes don't fit.

    Reference: Sun et al., 2020, https://arxiv.org/abs/2002.10857
    """
    embeddings, labels = _labelled(y_true, y_pred, "y_true", "y_pred")
    references, reference_labels = _labelled(
        y_true if ref_labels is None else ref_labels,
        y_pred if ref_embeddings is None else ref_embeddings,
        "ref_labels",
        "ref_embeddings",
    )
    # Rounding, or embeddings that are too long, must not make a distance negative.
    distance = jnp.maximum(1.0 - embeddings @ references.T, 0.0)
    positive, negative = _pairs(labels, reference_labels, remove_diagonal)
    # The paper's weights: how far a distance is from its optimum. As in Keras, gradients flow through them, too.
    pull = distance + margin
    push = jnp.maximum(1.0 + margin - distance, 0.0)
    positive_logits = jnp.where(positive, gamma * pull * (distance - margin), -jnp.inf)
    negative_logits = jnp.where(negative, gamma * push * (1.0 - margin - distance), -jnp.inf)
    has_both = positive.any(axis=1) & negative.any(axis=1)
    total = _log_sum(positive_logits, has_both) + _log_sum(negative_logits, has_both)
    return jnp.where(has_both, jax.nn.softplus(total), 0.0).astype(as_float(y_pred).dtype)


def _pairs(labels: Array, reference_labels: Array, remove_diagonal: bool) -> tuple[Array, Array]:
    """Return which references are of a sample's class, and which are not, (batch, references) each."""
    same = labels[:, None] == reference_labels[None, :]
    return (same & ~jnp.eye(*same.shape, dtype=bool) if remove_diagonal else same), ~same


def _log_sum(logits: Array, wanted: Array) -> Array:
    # Rows without a finite value are replaced before the logarithm, so that their gradient is 0 and not NaN.
    return jax.nn.logsumexp(jnp.where(wanted[:, None], logits, 0.0), axis=1)


def _labelled(labels: ArrayLike, embeddings: ArrayLike, labels_name: str, embeddings_name: str) -> tuple[Array, Array]:
    embeddings = at_least_float32(as_float(embeddings))
    labels = jnp.asarray(labels)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if embeddings.ndim != 2 or labels.shape != embeddings.shape[:1]:
        raise ValueError(
            f"circle needs {embeddings_name} of shape (samples, values) and {labels_name} of shape (samples,), class "
            f"numbers, but they have shapes {embeddings.shape} and {labels.shape}."
        )
    return embeddings, labels.astype(jnp.int32)


class Circle(FunctionLoss):
    """Circle loss between class numbers and embeddings of length 1.

    The model's last layers should be `Dense(values)` without activation and `UnitNormalization()`.

    Args:
        gamma: scale of the similarities.
        margin: how much closer the own class should be, in units of cosine similarity.
        remove_diagonal: whether not to compare a sample with itself.
        reduction, name, dtype: as for `Loss`.

    Example:
        >>> embeddings = [[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]
        >>> float(Circle()([0, 0, 1, 1], embeddings)) < 1e-6
        True

    Reference: Sun et al., 2020, https://arxiv.org/abs/2002.10857
    """

    keeps_integers = True
    remove_diagonal: bool

    def __init__(
        self,
        gamma: float = 80.0,
        margin: float = 0.4,
        remove_diagonal: bool = True,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "circle",
        dtype: object = None,
    ) -> None:
        super().__init__(circle, reduction, name, dtype, gamma=gamma, margin=margin, remove_diagonal=remove_diagonal)

    def call(self, y_true: Array, y_pred: Array) -> Array:
        return self.fn(y_true, y_pred, **self._fn_kwargs)

    def value_mask(self, y_true: Array, y_pred: Array) -> Array:
        """A sample that nothing can be compared with doesn't count in the mean."""
        labels = y_true.reshape(-1).astype(jnp.int32)
        positive, negative = _pairs(labels, labels, self.remove_diagonal)
        return positive.any(axis=1) & negative.any(axis=1)
