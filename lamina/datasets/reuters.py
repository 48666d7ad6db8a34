"""Reuters: newswires as word numbers, and their topics."""

from __future__ import annotations

import numpy as np

from lamina.datasets.reading import fetched, read_npz
from lamina.datasets.texts import as_objects, numbered, shuffled, word_index

Split = tuple[np.ndarray, np.ndarray]


def load_data(
    path: str = "reuters.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    test_split: float = 0.2,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int | None = 3,
) -> tuple[Split, Split]:
    """Load 11,228 newswires of 46 topics.

    Args:
        path: name in `~/.keras/datasets`.
        num_words: words less frequent than so many others become `oov_char`; None keeps all.
        skip_top: the most frequent words that become `oov_char`.
        maxlen: longer texts are left out.
        test_split: share of the texts for testing.
        seed: of the order of the rows.
        start_char: put at the start of each text.
        oov_char: stands for words that are left out; None drops them.
        index_from: added to the word numbers of `get_word_index`.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: arrays of lists of numbers, and labels 0 to 45.

    Raises:
        OSError: if the file is not there and can't be downloaded; says where to put it.
        ValueError: if no text is short enough.

    Reference:
        Reuters-21578, https://martin-thoma.com/nlp-reuters/
    """
    texts, labels = read_npz(fetched("reuters.npz", path), "x", "y")
    rng = np.random.RandomState(seed)  # the order that Keras draws
    texts, labels = shuffled(rng, texts, labels)
    rows, labels = numbered(
        texts,
        labels,
        num_words=num_words,
        skip_top=skip_top,
        maxlen=maxlen,
        start_char=start_char,
        oov_char=oov_char,
        index_from=index_from,
    )
    split = int(len(rows) * (1 - test_split))
    return (as_objects(rows[:split]), labels[:split]), (as_objects(rows[split:]), labels[split:])


def get_word_index(path: str = "reuters_word_index.json") -> dict[str, int]:
    """Return the number of each word, without the offset `index_from`."""
    return word_index("reuters_word_index.json", path)


def get_label_names() -> tuple[str, ...]:
    """Return the names of the topics, by label."""
    return _TOPICS


_TOPICS = (
    "cocoa", "grain", "veg-oil", "earn", "acq", "wheat", "copper", "housing", "money-supply", "coffee", "sugar",
    "trade", "reserves", "ship", "cotton", "carcass", "crude", "nat-gas", "cpi", "money-fx", "interest", "gnp",
    "meal-feed", "alum", "oilseed", "gold", "tin", "strategic-metal", "livestock", "retail", "ipi", "iron-steel",
    "rubber", "heat", "jobs", "lei", "bop", "zinc", "orange", "pet-chem", "dlr", "gas", "silver", "wpi", "hog", "lead",
)  # fmt: skip
