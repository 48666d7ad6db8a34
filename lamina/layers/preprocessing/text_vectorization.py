"""`TextVectorization`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np

from lamina.core.symbolic import symbolic_leaves
from lamina.layers.arguments import choice, positive_int
from lamina.layers.layer import Layer
from lamina.layers.preprocessing.string_lookup import StringLookup
from lamina.layers.preprocessing.vocabulary import without_path
from lamina.typing import PyTree

_PUNCTUATION = re.compile(r"""[!"#$%&()*+,\-./:;<=>?@\[\\\]^_`{|}~']""")
_STANDARDS = ("lower_and_strip_punctuation", "lower", "strip_punctuation")
_SPLITS = ("whitespace", "character")


class TextVectorization(Layer):
    """Turns texts into rows of numbers: cleaned, cut into words, and looked up in a vocabulary.

    Texts are read on the host, outside of the compiled program: call the layer on the data before `fit`.

    Args:
        max_tokens: greatest size of the vocabulary, special tokens included; None for no limit.
        standardize: "lower_and_strip_punctuation", "lower", "strip_punctuation", None, or a function of a text.
        split: "whitespace", "character", None (a text is one token), or a function of a text that gives its tokens.
        ngrams: a number n, to count runs of up to n tokens as tokens too, or a tuple of lengths.
        output_mode: "int" (the number of each token, rows filled up with 0), "multi_hot", "count" or "tf_idf".
        output_sequence_length: length of the rows for "int"; default that of the longest text of the call.
        pad_to_max_tokens: whether vectors have the length `max_tokens` from the start.
        vocabulary: tokens, or the path of a text file with a token a line; default learned by `adapt`.
        idf_weights: a weight for each token, for "tf_idf".
        sparse, ragged: not supported; must be False.
        encoding: of texts that are bytes.

    Input shape: `(batch,)` or `(batch, 1)`. Output shape: `(batch, tokens)`.

    Raises:
        ValueError: if an argument is out of range.

    Example:
        >>> layer = lamina.layers.TextVectorization(output_sequence_length=4)
        >>> layer.adapt(["a cat", "a dog"])
        >>> layer(["A dog, a bird!"]).tolist()
        [[2, 3, 2, 1]]
    """

    arguments_not_in_config = frozenset({"sparse", "vocabulary", "idf_weights"})

    def __init__(
        self,
        max_tokens: int | None = None,
        standardize: Any = "lower_and_strip_punctuation",
        split: Any = "whitespace",
        ngrams: Any = None,
        output_mode: str = "int",
        output_sequence_length: int | None = None,
        pad_to_max_tokens: bool = False,
        vocabulary: Any = None,
        idf_weights: Any = None,
        sparse: bool = False,
        ragged: bool = False,
        encoding: str = "utf-8",
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        if sparse or ragged:
            raise ValueError(f"Layer {self.name!r}: sparse=True and ragged=True are not supported.")
        self.standardize = self._option(standardize, _STANDARDS, "standardize")
        self.split = self._option(split, _SPLITS, "split")
        if isinstance(ngrams, int):
            ngrams = tuple(range(1, positive_int(ngrams, "ngrams", self.name) + 1))
        self.ngrams = None if ngrams is None else tuple(ngrams)
        self.output_mode = choice(output_mode, ("int", "multi_hot", "count", "tf_idf"), "output_mode", self.name)
        if output_sequence_length is not None:
            if self.output_mode != "int":
                raise ValueError(f"Layer {self.name!r}: output_sequence_length goes together with output_mode='int'.")
            output_sequence_length = positive_int(output_sequence_length, "output_sequence_length", self.name)
        self.output_sequence_length = output_sequence_length
        self.max_tokens, self.pad_to_max_tokens, self.encoding = max_tokens, pad_to_max_tokens, encoding
        self.sparse = self.ragged = False
        self.autocast = False
        self._lookup_layer = StringLookup(
            max_tokens,
            mask_token="" if self.output_mode == "int" else None,
            vocabulary=vocabulary,
            idf_weights=idf_weights,
            output_mode=self.output_mode,
            pad_to_max_tokens=pad_to_max_tokens,
            encoding=encoding,
            name=f"{self.name}_lookup",
        )

    def _option(self, value: Any, known: tuple[str, ...], argument: str) -> str | Callable[[str], Any] | None:
        return value if value is None or callable(value) else choice(value, known, argument, self.name)

    def adapt(self, data: Any, batch_size: int | None = None, steps: int | None = None) -> None:
        """Learn the vocabulary from texts: the most frequent tokens; what was learned before is forgotten.

        Args:
            data: an array or list of texts, or an iterable of batches of them.
            batch_size: no more than a hint; whole batches are read in any case.
            steps: how many batches to use; default all.
        """
        self.reset_state()
        for number, batch in enumerate(self._lookup_layer.batches_of(data)):
            if steps is not None and number >= steps:
                break
            self.update_state(batch)
        self.finalize_state()

    def reset_state(self) -> None:
        """Forget what `update_state` counted."""
        self._lookup_layer.reset_state()

    def update_state(self, data: Any) -> None:
        """Count the tokens of a batch of texts."""
        for tokens in self._tokens_of(data):
            row = np.empty((1, len(tokens)), object)
            row[0, :] = tokens
            self._lookup_layer.update_state(row)

    def finalize_state(self) -> None:
        """Make the vocabulary of what was counted."""
        self._lookup_layer.finalize_state()

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[str]:
        """Return the tokens in the order of their numbers."""
        return self._lookup_layer.get_vocabulary(include_special_tokens)

    def vocabulary_size(self) -> int:
        """Return how many numbers there are, those for filling up and for unknown tokens included."""
        return self._lookup_layer.vocabulary_size()

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Set the tokens, and for "tf_idf" their weights."""
        self._lookup_layer.set_vocabulary(vocabulary, idf_weights)

    def __call__(self, inputs: PyTree, **kwargs: Any) -> Any:
        """Return the numbers of texts."""
        if symbolic_leaves(inputs):
            raise ValueError(
                f"Layer {self.name!r}: texts can't be part of a compiled model. Call the layer on the data first, and "
                "give the model its numbers."
            )
        self._lookup_layer.require_vocabulary()
        self.built = True
        single = isinstance(inputs, str | bytes)
        rows = self._tokens_of([inputs] if single else inputs)
        longest = self.output_sequence_length or max(map(len, rows), default=0)
        table = np.full((len(rows), longest), "", object)
        for row, tokens in zip(table, rows):
            row[: min(len(tokens), longest)] = tokens[:longest]
        if self.output_mode == "int":
            outputs = self._lookup_layer(table)
            if self.split is None and self.ngrams is None and self.output_sequence_length is None:
                outputs = outputs[:, 0]  # a text is one token
        else:  # what fills up a row is no word of it
            numbers = self._lookup_layer._numbers(table)
            filled = np.arange(longest) >= np.array([len(tokens) for tokens in rows], int)[:, None]
            outputs = self._lookup_layer.encoded(jnp.asarray(np.where(filled, -1, numbers)))
        return outputs[0] if single else outputs

    def call(self, inputs: PyTree) -> Any:
        return self(inputs)

    def _tokens_of(self, data: Any) -> list[list[str]]:
        texts = np.asarray(data, object)
        if texts.ndim == 2 and texts.shape[1] == 1:
            texts = texts[:, 0]
        if texts.ndim != 1:
            raise ValueError(f"Layer {self.name!r} takes texts of shape (batch,) or (batch, 1), got {texts.shape}.")
        return [self._tokenized(self._lookup_layer.clean(text)) for text in texts.tolist()]

    def _tokenized(self, text: str) -> list[str]:
        if callable(self.standardize):
            text = self.standardize(text)
        elif self.standardize is not None:
            text = text.lower() if "lower" in self.standardize else text
            text = _PUNCTUATION.sub("", text) if "strip" in self.standardize else text
        if callable(self.split):
            tokens = list(self.split(text))
        else:
            tokens = text.split() if self.split == "whitespace" else list(text) if self.split == "character" else [text]
        if self.ngrams is None:
            return tokens
        return [" ".join(tokens[at : at + length]) for length in self.ngrams for at in range(len(tokens) - length + 1)]

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments, with the vocabulary as it is now."""
        lookup = self._lookup_layer.get_config()
        return {**super().get_config(), "vocabulary": lookup["vocabulary"], "idf_weights": lookup["idf_weights"]}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Return a layer made from `get_config`; a vocabulary that is the path of a file is refused."""
        return super().from_config(without_path(cls, config))

    def save_own_variables(self, store: Any) -> None:
        """Write the weights of "tf_idf", as Keras does."""
        self._lookup_layer.save_own_variables(store)

    def load_own_variables(self, store: Any) -> None:
        """Read what `save_own_variables` wrote."""
        self._lookup_layer.load_own_variables(store)

    def save_assets(self, dir_path: str) -> None:
        """Write the tokens to `vocabulary.txt` in a folder, one a line, the special ones first."""
        self._lookup_layer.save_assets(dir_path)

    def load_assets(self, dir_path: str) -> None:
        """Read the tokens from `vocabulary.txt` in a folder."""
        self._lookup_layer.load_assets(dir_path)

    def build(self, input_shape: Any = None) -> None:
        """Nothing is to be built: a vocabulary is no weight."""
