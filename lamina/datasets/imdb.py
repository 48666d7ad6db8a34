"""IMDB: film reviews as word numbers, and whether they are favourable."""

from __future__ import annotations

from typing import Any

import numpy as np

from lamina.datasets.reading import fetched, read_npz
from lamina.datasets.texts import as_objects, numbered, shuffled, word_index

Split = tuple[np.ndarray, np.ndarray]


def load_data(
    path: str = "imdb.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int | None = 3,
    **kwargs: Any,
) -> tuple[Split, Split]:
    """Load 25,000 training and 25,000 test reviews, half of each favourable.

    Words are numbered by how often they occur. Rows are made equally long by `keras.utils.pad_sequences`.

    Args:
        path: name in `~/.keras/datasets`.
        num_words: words less frequent than so many others become `oov_char`; None keeps all.
        skip_top: the most frequent words that become `oov_char`.
        maxlen: longer reviews are left out.
        seed: of the order of the rows.
        start_char: put at the start of each review.
        oov_char: stands for words that are left out; None drops them.
        index_from: added to the word numbers of `get_word_index`.
        kwargs: `nb_words`, the old spelling of `num_words`.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: arrays of lists of numbers, and labels 0 and 1.

    Raises:
        OSError: if the file is not there and can't be downloaded; says where to put it.
        ValueError: if no review is short enough.

    Reference:
        A. Maas et al., 2011, https://ai.stanford.edu/~amaas/data/sentiment/
    """
    num_words = kwargs.pop("nb_words", num_words)
    if kwargs:
        raise TypeError(f"imdb.load_data does not know the argument {sorted(kwargs)[0]!r}.")
    names = ("x_train", "y_train", "x_test", "y_test")
    x_train, y_train, x_test, y_test = read_npz(fetched("imdb.npz", path), *names)
    rng = np.random.RandomState(seed)  # the order that Keras draws
    x_train, y_train = shuffled(rng, x_train, y_train)
    x_test, y_test = shuffled(rng, x_test, y_test)
    options = {
        "num_words": num_words,
        "skip_top": skip_top,
        "start_char": start_char,
        "oov_char": oov_char,
        "index_from": index_from,
    }
    labels = np.concatenate([y_train, y_test])
    rows, kept = numbered([*x_train, *x_test], np.arange(len(labels)), maxlen=maxlen, **options)
    split = int(np.searchsorted(np.asarray(kept), len(y_train)))
    return (as_objects(rows[:split]), labels[kept[:split]]), (as_objects(rows[split:]), labels[kept[split:]])


def get_word_index(path: str = "imdb_word_index.json") -> dict[str, int]:
    """Return the number of each word, without the offset `index_from`."""
    return word_index("imdb_word_index.json", path)
