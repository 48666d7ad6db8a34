"""Connectionist temporal classification: labels without their places along a sequence."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from lamina.core.recording import operation
from lamina.typing import Array, ArrayLike

__all__ = ["ctc_decode", "ctc_loss"]

_NEVER = -1e30  # logarithm of a probability of zero that still can be subtracted


@operation(class_name="CTCLoss")
def ctc_loss(
    target: ArrayLike, output: ArrayLike, target_length: ArrayLike, output_length: ArrayLike, mask_index: int = 0
) -> Array:
    """Return minus the logarithm of the probability that predictions spell the labels.

    Args:
        target: labels, whole numbers, `(batch, labels)`.
        output: logits, `(batch, steps, classes)`; no softmax before.
        target_length: how many labels of each row count, `(batch,)`.
        output_length: how many steps of each row count, `(batch,)`.
        mask_index: the class that means blank.

    Returns:
        An array of shape `(batch,)`.

    Reference: Graves et al., 2006, https://www.cs.toronto.edu/~graves/icml_2006.pdf
    """
    import optax  # only this function needs it, and it costs 0.2 s

    if target.ndim != 2 or output.ndim != 3 or target.shape[0] != output.shape[0]:
        raise ValueError(
            "ctc_loss needs target of shape (batch, labels) and output of shape (batch, steps, classes), but they have "
            f"shapes {target.shape} and {output.shape}."
        )
    beyond_steps = _beyond(output_length, output.shape[1]).astype(output.dtype)
    beyond_labels = _beyond(target_length, target.shape[1]).astype(output.dtype)
    return optax.ctc_loss(output, beyond_steps, target.astype("int32"), beyond_labels, blank_id=mask_index)


@operation(class_name="CTCDecode")
def ctc_decode(
    inputs: ArrayLike,
    sequence_lengths: ArrayLike,
    strategy: str = "greedy",
    beam_width: int = 100,
    top_paths: int = 1,
    merge_repeated: bool = True,
    mask_index: int = 0,
) -> tuple[Array, Array]:
    """Return the labels that predictions spell.

    Args:
        inputs: logits (or log probabilities), `(batch, steps, classes)`.
        sequence_lengths: how many steps of each row count, `(batch,)`.
        strategy: "greedy" (the likeliest class of each step) or "beam_search" (the likeliest labels among
            `beam_width` beginnings that are followed at a time).
        beam_width: of the beam search.
        top_paths: how many results the beam search gives, the likeliest first.
        merge_repeated: whether a class that is repeated without a blank between counts once. A beam search needs True.
        mask_index: the class that means blank.

    Returns:
        Labels `(top_paths, batch, steps)`, with -1 behind the last, and scores `(batch, top_paths)`: for "greedy" minus
        the sum of the greatest inputs, for "beam_search" the logarithm of the probability.

    Reference: Graves et al., 2006, https://www.cs.toronto.edu/~graves/icml_2006.pdf
    """
    if inputs.ndim != 3:
        raise ValueError(f"ctc_decode: inputs must have shape (batch, steps, classes), received {inputs.shape}.")
    inputs = inputs if jnp.issubdtype(inputs.dtype, jnp.floating) else inputs.astype("float32")
    if strategy == "greedy":
        if top_paths != 1:
            raise ValueError(f"ctc_decode: 'greedy' gives one result, got top_paths={top_paths}.")
        return _greedy(inputs, sequence_lengths, merge_repeated, mask_index)
    if strategy != "beam_search":
        raise ValueError(f"ctc_decode: strategy must be 'greedy' or 'beam_search', got {strategy!r}.")
    if not merge_repeated:
        raise ValueError("ctc_decode: merge_repeated=False is not supported with strategy='beam_search'.")
    if not 1 <= top_paths <= beam_width:
        raise ValueError(f"ctc_decode: top_paths must be from 1 to beam_width ({beam_width}), got {top_paths}.")
    search = jax.vmap(lambda row, length: _beam_search(row, length, beam_width, top_paths, mask_index))
    labels, scores = search(jax.nn.log_softmax(inputs), jnp.asarray(sequence_lengths))
    return jnp.swapaxes(labels, 0, 1), scores


def _beyond(lengths: Array, size: int) -> Array:
    return jnp.arange(size) >= jnp.asarray(lengths)[:, None]


def _greedy(inputs: Array, lengths: Array, merge_repeated: bool, blank: int) -> tuple[Array, Array]:
    beyond = _beyond(lengths, inputs.shape[1])
    classes = jnp.where(beyond, blank, jnp.argmax(inputs, -1))
    dropped = classes == blank
    if merge_repeated:
        dropped = dropped.at[:, 1:].set(dropped[:, 1:] | (classes[:, 1:] == classes[:, :-1]))
    kept_first = jnp.argsort(dropped, axis=1, stable=True)
    labels = jnp.take_along_axis(jnp.where(dropped, -1, classes), kept_first, 1)
    return labels.astype("int32")[None], -jnp.sum(jnp.where(beyond, 0, jnp.max(inputs, -1)), 1, keepdims=True)


def _beam_search(scores: Array, length: Array, width: int, paths: int, blank: int) -> tuple[Array, Array]:
    """Follow the `width` likeliest beginnings of one row; of each, the ways to it that end in a blank or in a label."""
    steps, classes = scores.shape
    labels = jnp.full((width, steps), -1, jnp.int32)
    counts = jnp.zeros(width, jnp.int32)
    # At first there is only the empty beginning.
    in_blank = jnp.where(jnp.arange(width) == 0, 0.0, _NEVER).astype(scores.dtype)
    in_label = jnp.full(width, _NEVER, scores.dtype)

    def step(state: tuple, inputs: tuple[Array, Array]) -> tuple[tuple, None]:
        now, index = inputs
        after = _extended(state, now, blank, classes)
        return jax.tree.map(lambda new, old: jnp.where(index < length, new, old), after, state), None

    state, _ = jax.lax.scan(step, (labels, counts, in_blank, in_label), (scores, jnp.arange(steps)))
    labels, _, in_blank, in_label = state
    total, best = jax.lax.top_k(jnp.logaddexp(in_blank, in_label), paths)
    return labels[best], total


def _extended(state: tuple[Array, ...], now: Array, blank: int, classes: int) -> tuple[Array, ...]:
    labels, counts, in_blank, in_label = state
    width, steps = labels.shape
    total = jnp.logaddexp(in_blank, in_label)
    last = jnp.where(counts > 0, jnp.take_along_axis(labels, jnp.maximum(counts - 1, 0)[:, None], 1)[:, 0], -1)
    # The same beginning: a blank more, or its last label goes on.
    stay_blank = total + now[blank]
    stay_label = jnp.where(counts > 0, in_label + now[jnp.maximum(last, 0)], _NEVER)
    # One label more; the same label again needs a blank between.
    repeats = jnp.arange(classes) == last[:, None]
    longer = jnp.where(repeats, in_blank[:, None], total[:, None]) + now
    longer = longer.at[:, blank].set(_NEVER)
    # Where beginning i and a label make beginning j, the ways belong together.
    shortened = jnp.where(jnp.arange(steps) == counts[:, None] - 1, -1, labels)
    makes = (
        jnp.all(labels[:, None] == shortened[None], -1) & (counts[:, None] + 1 == counts[None]) & (total > _NEVER / 2)
    )
    joined = jnp.where(makes, longer[:, jnp.maximum(last, 0)], _NEVER)
    stay_label = jnp.logaddexp(stay_label, jax.nn.logsumexp(joined, 0))
    taken = jnp.any(makes[:, :, None] & (last[:, None] == jnp.arange(classes))[None], 1)
    longer = jnp.where(taken, _NEVER, longer)
    # The best of all of them.
    candidates = jnp.concatenate([jnp.logaddexp(stay_blank, stay_label), longer.ravel()])
    best_total, best = jax.lax.top_k(candidates, width)
    stays = best < width
    parent = jnp.where(stays, best, (best - width) // classes)
    label = jnp.where(stays, -1, (best - width) % classes).astype(labels.dtype)
    place = (jnp.arange(steps) == counts[parent][:, None]) & ~stays[:, None]
    return (
        jnp.where(place, label[:, None], labels[parent]),
        counts[parent] + ~stays,
        jnp.where(stays, stay_blank[parent], _NEVER),
        jnp.where(stays, stay_label[parent], best_total),
    )
