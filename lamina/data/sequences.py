"""Sequences of different lengths as one array."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def pad_sequences(
    sequences: Sequence[Any],
    maxlen: int | None = None,
    dtype: Any = "int32",
    padding: str = "pre",
    truncating: str = "pre",
    value: float | str = 0.0,
) -> np.ndarray:
    """Return sequences as the rows of one array, filled up or cut to one length.

    Args:
        sequences: lists or arrays whose first axis is time.
        maxlen: length of the rows; default that of the longest.
        dtype: of the result.
        padding: "pre" to fill up before a sequence, "post" after it.
        truncating: "pre" to cut off the start of a sequence that is too long, "post" the end.
        value: what is filled in.

    Returns:
        An array of shape `(number of sequences, maxlen, ...)`.

    Raises:
        ValueError: if an entry is no sequence, or the shapes of their steps differ.

    Example:
        >>> lamina.utils.pad_sequences([[1], [2, 3, 4]], maxlen=2).tolist()
        [[0, 1], [3, 4]]
    """
    for name, choice in (("padding", padding), ("truncating", truncating)):
        if choice not in ("pre", "post"):
            raise ValueError(f"{name} must be 'pre' or 'post', got {choice!r}.")
    if not hasattr(sequences, "__len__"):
        raise ValueError(f"pad_sequences takes a list of sequences, got {sequences!r}.")
    for index, sequence in enumerate(sequences):
        if not hasattr(sequence, "__len__"):
            raise ValueError(f"pad_sequences takes a list of sequences, but entry {index} is {sequence!r}.")
    length = max((len(sequence) for sequence in sequences), default=0) if maxlen is None else int(maxlen)
    arrays = [np.asarray(sequence) for sequence in sequences]
    step = next((array.shape[1:] for array in arrays if len(array)), ())
    rows = np.full((len(arrays), length, *step), value, dtype=dtype)
    for index, array in enumerate(arrays):
        if not len(array) or not length:
            continue
        if array.shape[1:] != step:
            raise ValueError(
                f"The steps of the sequences differ in shape: {step} at first, {array.shape[1:]} in sequence {index}."
            )
        kept = array[-length:] if truncating == "pre" else array[:length]
        start = length - len(kept) if padding == "pre" else 0
        rows[index, start : start + len(kept)] = kept
    return rows
