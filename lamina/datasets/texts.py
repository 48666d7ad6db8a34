"""What IMDB and Reuters share: texts as lists of word numbers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from lamina.datasets.reading import fetched


def shuffled(rng: Any, texts: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return texts and labels in an order drawn from a generator."""
    order = np.arange(len(texts))
    rng.shuffle(order)
    return texts[order], labels[order]


def numbered(
    texts: Iterable[Sequence[int]],
    labels: Any,
    *,
    num_words: int | None,
    skip_top: int,
    maxlen: int | None,
    start_char: int | None,
    oov_char: int | None,
    index_from: int | None,
) -> tuple[list[list[int]], Any]:
    """Return texts with their words numbered as asked, and the labels of those that are kept.

    Args:
        texts: lists of word numbers, from 1 for the most frequent.
        labels: one for each text.
        num_words: words numbered from here on are left out; None for none.
        skip_top: words numbered below are left out.
        maxlen: texts of this length or more are left out; None for none.
        start_char: put at the start of each text; None for nothing.
        oov_char: stands for words that are left out; None drops them.
        index_from: added to the numbers; None or 0 for nothing.

    Raises:
        ValueError: if no text is shorter than `maxlen`.
    """
    offset = index_from or 0
    start = [] if start_char is None else [start_char]
    rows = [start + [word + offset for word in text] for text in texts]
    if maxlen is not None:
        kept = [index for index, row in enumerate(rows) if len(row) < maxlen]
        if not kept:
            raise ValueError(f"No text is shorter than maxlen={maxlen}; increase it.")
        rows, labels = [rows[index] for index in kept], np.asarray(labels)[kept]
    # As in Keras, where nothing else is said the largest number is left out as well.
    limit = num_words or max((max(row) for row in rows if row), default=0)
    if oov_char is None:
        rows = [[word for word in row if skip_top <= word < limit] for row in rows]
    else:
        rows = [[word if skip_top <= word < limit else oov_char for word in row] for row in rows]
    return rows, labels


def as_objects(rows: Sequence[list[int]]) -> np.ndarray:
    """Return lists as an array of objects, whatever their lengths."""
    array = np.empty(len(rows), object)
    array[:] = rows
    return array


def word_index(name: str, path: str) -> dict[str, int]:
    """Return the numbers of words from a JSON file."""
    with fetched(name, path).open(encoding="utf-8") as file:
        return json.load(file)
