"""Texts as numbers, under the names of `keras.preprocessing.text` that tutorials still use.

In new code the layer `TextVectorization` does this inside the model.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from lamina.errors import nearest

__all__ = ["Tokenizer", "hashing_trick", "one_hot", "text_to_word_sequence", "tokenizer_from_json"]

_FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'
_MODES = ("binary", "count", "tfidf", "freq")


def text_to_word_sequence(input_text: str, filters: str = _FILTERS, lower: bool = True, split: str = " ") -> list[str]:
    """Return the words of a text.

    Args:
        input_text: the text.
        filters: characters that are replaced by `split`.
        lower: whether to turn everything into lower case.
        split: what stands between words.

    Example:
        >>> lamina.preprocessing.text.text_to_word_sequence("So long, and thanks!")
        ['so', 'long', 'and', 'thanks']
    """
    text = input_text.lower() if lower else input_text
    text = text.translate(dict.fromkeys(map(ord, filters), split))
    return [word for word in text.split(split) if word]


def one_hot(
    input_text: str,
    n: int,
    filters: str = _FILTERS,
    lower: bool = True,
    split: str = " ",
    analyzer: Callable[[str], list[str]] | None = None,
) -> list[int]:
    """Return a number in [1, n) for each word, by Python's `hash`: other numbers in each process.

    Args:
        input_text: the text.
        n: one more than the largest number; different words may get the same.
        filters, lower, split: see `text_to_word_sequence`.
        analyzer: a function that splits a text in its place.
    """
    return hashing_trick(input_text, n, hash, filters, lower, split, analyzer)


def hashing_trick(
    text: str,
    n: int,
    hash_function: str | Callable[[str], int] | None = None,
    filters: str = _FILTERS,
    lower: bool = True,
    split: str = " ",
    analyzer: Callable[[str], list[str]] | None = None,
) -> list[int]:
    """Return a number in [1, n) for each word, by a hash function.

    Args:
        text: the text.
        n: one more than the largest number; different words may get the same.
        hash_function: "md5" for the same numbers in each process, or a function; default Python's `hash`.
        filters, lower, split: see `text_to_word_sequence`.
        analyzer: a function that splits a text in its place.

    Raises:
        ValueError: if `n` leaves no number, or the hash function is unknown.
    """
    if n < 2:
        raise ValueError(f"hashing_trick: n must be at least 2, got {n!r}.")
    if hash_function == "md5":
        hash_function = _md5
    elif hash_function is None:
        hash_function = hash
    if not callable(hash_function):
        raise ValueError(f"hashing_trick: hash_function must be 'md5' or a function, got {hash_function!r}.")
    words = text_to_word_sequence(text, filters, lower, split) if analyzer is None else analyzer(text)
    return [hash_function(word) % (n - 1) + 1 for word in words]


class Tokenizer:
    """Numbers words by how often they occur in the texts it was fitted on, from 1 for the most frequent.

    Args:
        num_words: only the `num_words - 1` most frequent words get numbers; None for all.
        filters, lower, split: see `text_to_word_sequence`.
        char_level: whether characters are the words.
        oov_token: stands for words that are not known, as word number 1; None leaves them out.
        analyzer: a function that splits a text into words, in the place of `filters` and `split`.
        kwargs: `document_count`, the number of texts seen before.

    Example:
        >>> tokenizer = lamina.preprocessing.text.Tokenizer()
        >>> tokenizer.fit_on_texts(["the cat", "the dog"])
        >>> tokenizer.texts_to_sequences(["the dog", "a cat"])
        [[1, 3], [2]]
    """

    def __init__(
        self,
        num_words: int | None = None,
        filters: str = _FILTERS,
        lower: bool = True,
        split: str = " ",
        char_level: bool = False,
        oov_token: str | None = None,
        analyzer: Callable[[str], list[str]] | None = None,
        **kwargs: Any,
    ) -> None:
        if "nb_words" in kwargs:
            raise TypeError(f"Tokenizer: nb_words is a spelling of Keras 1. Write num_words={kwargs['nb_words']!r}.")
        document_count = kwargs.pop("document_count", 0)
        if kwargs:
            name = sorted(kwargs)[0]
            known = ("num_words", "filters", "lower", "split", "char_level", "oov_token", "analyzer", "document_count")
            raise TypeError(f"Tokenizer does not know the argument {name!r}. {nearest(name, known)}")
        self.num_words = num_words
        self.filters = filters
        self.lower = lower
        self.split = split
        self.char_level = char_level
        self.oov_token = oov_token
        self.analyzer = analyzer
        self.document_count = document_count
        self.word_counts: dict[str, int] = {}
        self.word_docs: dict[str, int] = {}
        self.index_docs: dict[int, int] = {}
        self.word_index: dict[str, int] = {}
        self.index_word: dict[int, str] = {}

    def fit_on_texts(self, texts: Iterable[Any]) -> None:
        """Count the words of texts; each may be a list of words already."""
        for text in texts:
            words = self._words(text)
            self.document_count += 1
            for word in words:
                self.word_counts[word] = self.word_counts.get(word, 0) + 1
            for word in set(words):
                self.word_docs[word] = self.word_docs.get(word, 0) + 1
        ordered = sorted(self.word_counts, key=lambda word: -self.word_counts[word])  # stable: first seen, first named
        ordered = ordered if self.oov_token is None else [self.oov_token, *ordered]
        self.word_index = {word: index for index, word in enumerate(ordered, 1)}
        self.index_word = {index: word for word, index in self.word_index.items()}
        self.index_docs = {self.word_index[word]: count for word, count in self.word_docs.items()}

    def fit_on_sequences(self, sequences: Iterable[Sequence[int]]) -> None:
        """Count in how many sequences each number occurs, for `sequences_to_matrix(mode="tfidf")`."""
        for sequence in sequences:
            self.document_count += 1
            for index in set(sequence):
                self.index_docs[index] = self.index_docs.get(index, 0) + 1

    def texts_to_sequences(self, texts: Iterable[Any]) -> list[list[int]]:
        """Return the numbers of the words of each text."""
        return list(self.texts_to_sequences_generator(texts))

    def texts_to_sequences_generator(self, texts: Iterable[Any]) -> Iterable[list[int]]:
        """Yield the numbers of the words of each text."""
        unknown = self.word_index.get(self.oov_token) if self.oov_token is not None else None
        for text in texts:
            numbers = []
            for word in self._words(text):
                index = self.word_index.get(word)
                if index is None or (self.num_words and index >= self.num_words):
                    index = unknown
                if index is not None:
                    numbers.append(index)
            yield numbers

    def sequences_to_texts(self, sequences: Iterable[Sequence[int]]) -> list[str]:
        """Return texts of the words with these numbers."""
        return list(self.sequences_to_texts_generator(sequences))

    def sequences_to_texts_generator(self, sequences: Iterable[Sequence[int]]) -> Iterable[str]:
        """Yield texts of the words with these numbers."""
        for sequence in sequences:
            words = []
            for index in sequence:
                word = self.index_word.get(index)
                if word is None or (self.num_words and index >= self.num_words):
                    word = self.oov_token
                if word is not None:
                    words.append(word)
            yield " ".join(words)

    def texts_to_matrix(self, texts: Iterable[Any], mode: str = "binary") -> np.ndarray:
        """Return a row for each text and a column for each word number; see `sequences_to_matrix`."""
        return self.sequences_to_matrix(self.texts_to_sequences(texts), mode)

    def sequences_to_matrix(self, sequences: Sequence[Sequence[int]], mode: str = "binary") -> np.ndarray:
        """Return a row for each sequence and a column for each number; column 0 is empty.

        Args:
            sequences: lists of word numbers.
            mode: "binary" for whether a word occurs, "count" for how often, "freq" for its share of the sequence,
                "tfidf" for its count on a logarithmic scale, weighted by how rare it is among the texts.

        Raises:
            ValueError: for another mode, or before anything was fitted where that is needed.
        """
        if mode not in _MODES:
            raise ValueError(f"mode must be one of {', '.join(map(repr, _MODES))}; got {mode!r}.")
        if not self.num_words and not self.word_index:
            raise ValueError("How many words are there? Pass num_words to the Tokenizer, or fit it on texts first.")
        if mode == "tfidf" and not self.document_count:
            raise ValueError("Fit the Tokenizer on texts before using the mode 'tfidf'.")
        matrix = np.zeros((len(sequences), self.num_words or len(self.word_index) + 1))
        for row, sequence in zip(matrix, sequences):
            for index, count in Counter(sequence).items():
                if index < len(row):
                    row[index] = self._weight(mode, index, count, len(sequence))
        return matrix

    def _weight(self, mode: str, index: int, count: int, length: int) -> float:
        if mode == "binary":
            return 1
        if mode == "count":
            return count
        if mode == "freq":
            return count / length
        rarity = np.log(1 + self.document_count / (1 + self.index_docs.get(index, 0)))
        return (1 + np.log(count)) * rarity

    def get_config(self) -> dict[str, Any]:
        """Return everything that `tokenizer_from_json` needs; counts and indices as JSON text, as Keras writes them."""
        tables = ("word_counts", "word_docs", "index_docs", "index_word", "word_index")
        settings = ("num_words", "filters", "lower", "split", "char_level", "oov_token", "document_count")
        return {
            **{name: getattr(self, name) for name in settings},
            **{name: json.dumps(getattr(self, name)) for name in tables},
        }

    def to_json(self, **kwargs: Any) -> str:
        """Return the tokenizer as JSON text.

        Args:
            kwargs: passed to `json.dumps`.
        """
        return json.dumps({"class_name": "Tokenizer", "config": self.get_config()}, **kwargs)

    def _words(self, text: Any) -> list[str]:
        if self.char_level or not isinstance(text, str):
            return [part.lower() for part in text] if self.lower else list(text)
        if self.analyzer is not None:
            return self.analyzer(text)
        return text_to_word_sequence(text, self.filters, self.lower, self.split)


def tokenizer_from_json(json_string: str) -> Tokenizer:
    """Return the `Tokenizer` that `to_json` wrote."""
    config = json.loads(json_string)["config"]
    tables = ("word_counts", "word_docs", "index_docs", "index_word", "word_index")
    read = {name: json.loads(config.pop(name)) for name in tables}
    tokenizer = Tokenizer(**config)
    for name, table in read.items():
        by_number = name.startswith("index_")
        setattr(tokenizer, name, {int(key) if by_number else key: value for key, value in table.items()})
    return tokenizer


def _md5(word: str) -> int:
    return int(hashlib.md5(word.encode(), usedforsecurity=False).hexdigest(), 16)
