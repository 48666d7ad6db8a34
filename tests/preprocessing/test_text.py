"""Texts as numbers, against what Keras kept of Keras 2."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamina.preprocessing import text

legacy = pytest.importorskip("keras.src.legacy.preprocessing.text")

TEXTS = st.lists(st.text("ab, cB.dé\t\n'", max_size=30), min_size=1, max_size=5)


@given(st.text(max_size=40), st.booleans(), st.sampled_from([" ", "-"]))
def test_words(words, lower, split):
    options = {"lower": lower, "split": split}
    assert text.text_to_word_sequence(words, **options) == legacy.text_to_word_sequence(words, **options)


@given(st.text("ab cd", max_size=20), st.integers(2, 30), st.sampled_from(["md5", None, len]))
def test_hashes(words, n, function):
    assert text.hashing_trick(words, n, function) == legacy.hashing_trick(words, n, function)
    assert text.one_hot(words, n) == legacy.one_hot(words, n)


OPTIONS = [{}, {"num_words": 3}, {"oov_token": "?"}, {"num_words": 3, "oov_token": "?"}, {"char_level": True}]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@settings(max_examples=25, deadline=None)
@given(TEXTS, TEXTS)
def test_tokenizer(options, seen, new):
    ours, theirs = text.Tokenizer(**options), legacy.Tokenizer(**options)
    for tokenizer in (ours, theirs):
        tokenizer.fit_on_texts(seen)
    assert ours.word_index == theirs.word_index
    assert ours.word_counts == dict(theirs.word_counts)
    assert ours.word_docs == dict(theirs.word_docs)
    sequences = ours.texts_to_sequences(new)
    assert sequences == theirs.texts_to_sequences(new)
    assert ours.sequences_to_texts(sequences) == theirs.sequences_to_texts(sequences)
    if ours.word_index:
        for mode in ("binary", "count", "freq", "tfidf"):
            np.testing.assert_allclose(ours.texts_to_matrix(new, mode), theirs.texts_to_matrix(new, mode))
    again = text.tokenizer_from_json(ours.to_json())
    assert vars(again) == vars(ours)
    assert legacy.tokenizer_from_json(ours.to_json()).texts_to_sequences(new) == sequences
    assert text.tokenizer_from_json(theirs.to_json()).texts_to_sequences(new) == sequences


def test_tokenizer_of_lists_and_sequences():
    tokenizer = text.Tokenizer(num_words=5, analyzer=lambda words: words.split("|"))
    tokenizer.fit_on_texts(["a|b", ["A", "c"]])
    assert tokenizer.texts_to_sequences(["b|a"]) == [[2, 1]]
    other = text.Tokenizer(num_words=5)
    other.fit_on_sequences([[1, 2], [1]])
    assert other.sequences_to_matrix([[1, 1]], "count").tolist() == [[0, 2, 0, 0, 0]]


WRONG = [
    (lambda: text.Tokenizer(nb_words=10), TypeError, "Write num_words=10"),
    (lambda: text.Tokenizer(num_word=10), TypeError, "Did you mean 'num_words'"),
    (lambda: text.Tokenizer().texts_to_matrix(["a"]), ValueError, "fit it on texts first"),
    (lambda: text.Tokenizer(9).texts_to_matrix(["a"], "tfidf"), ValueError, "before using the mode 'tfidf'"),
    (lambda: text.Tokenizer(9).texts_to_matrix(["a"], "counts"), ValueError, "one of 'binary', 'count'"),
    (lambda: text.hashing_trick("a", 1), ValueError, "n must be at least 2"),
    (lambda: text.hashing_trick("a", 5, "sha"), ValueError, "'md5' or a function"),
]


@pytest.mark.parametrize(("call", "error", "message"), WRONG, ids=[message for _, _, message in WRONG])
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()
