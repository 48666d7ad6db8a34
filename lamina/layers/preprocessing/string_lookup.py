"""`StringLookup`."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from lamina.core.symbolic import symbolic_leaves
from lamina.layers.preprocessing.vocabulary import VocabularyLayer
from lamina.typing import PyTree


class StringLookup(VocabularyLayer):
    """Turns strings into numbers by a vocabulary, or numbers into strings.

    Strings are looked up on the host, outside of the compiled program: call the layer on the data before `fit`.

    Args:
        max_tokens: greatest size of the vocabulary, special tokens included; None for no limit.
        num_oov_indices: places for unknown tokens: 1, or 0 to raise an error for them.
        mask_token: the token that stands for nothing; it gets the number 0.
        oov_token: what `invert` gives for unknown tokens.
        vocabulary: tokens, or the path of a text file with a token a line; default learned by `adapt`.
        idf_weights: a weight for each token, for "tf_idf".
        invert: whether to turn numbers into strings.
        output_mode: "int" (numbers), "one_hot" (a vector for each token), "multi_hot" (one vector for a row, with a one
            for each token in it), "count" (how often it occurs) or "tf_idf" (weighted counts).
        pad_to_max_tokens: whether vectors have the length `max_tokens` from the start.
        sparse: not supported; must be False.
        encoding: of tokens that are bytes.
        salt: not supported; must be None.

    Input shape: any. Output shape: that of the input for "int"; `(*input shape, tokens)` for "one_hot", without a last
    axis of size 1; `(batch, tokens)` for the others.

    Raises:
        ValueError: if an argument is out of range, or a token is unknown and `num_oov_indices` is 0.

    Example:
        >>> layer = lamina.layers.StringLookup(vocabulary=["cat", "dog"])
        >>> layer(["dog", "cat", "bird"]).tolist()
        [2, 1, 0]
    """

    def __init__(
        self,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: str | None = None,
        oov_token: str = "[UNK]",
        vocabulary: Any = None,
        idf_weights: Any = None,
        invert: bool = False,
        output_mode: str = "int",
        pad_to_max_tokens: bool = False,
        sparse: bool = False,
        encoding: str = "utf-8",
        name: str | None = None,
        salt: Any = None,
        **kwargs: Any,
    ) -> None:
        self.encoding = encoding
        super().__init__(
            max_tokens,
            num_oov_indices,
            mask_token,
            oov_token,
            vocabulary,
            idf_weights,
            invert,
            output_mode,
            sparse,
            pad_to_max_tokens,
            name=name,
            **kwargs,
        )
        if num_oov_indices > 1 or salt is not None:
            raise ValueError(
                f"Layer {self.name!r}: several places for unknown tokens (num_oov_indices={num_oov_indices}, "
                f"salt={salt!r}) are not supported; use num_oov_indices=1."
            )
        self.salt = salt

    def clean(self, token: Any) -> str:
        return token.decode(self.encoding) if isinstance(token, bytes) else str(token)

    def __call__(self, inputs: PyTree, **kwargs: Any) -> Any:
        """Return the numbers of strings, or the strings of numbers."""
        if symbolic_leaves(inputs) or isinstance(inputs, Tracer):
            raise ValueError(
                f"Layer {self.name!r}: strings can't be part of a compiled model. Call the layer on the data first, "
                "and give the model its numbers."
            )
        self.require_vocabulary()
        self.built = True
        if self.invert:
            words = np.array(self.get_vocabulary(), object)
            numbers = np.asarray(inputs)
            known = (numbers >= 0) & (numbers < len(words))
            return np.where(known, words[np.where(known, numbers, 0)], self.oov_token)
        tokens = np.asarray(inputs, object) if isinstance(inputs, list | tuple) else np.asarray(inputs)
        return self.encoded(jnp.asarray(self._numbers(tokens)))

    def call(self, inputs: PyTree) -> Any:
        return self(inputs)

    def _numbers(self, tokens: np.ndarray) -> np.ndarray:
        unknown = self.first_token - 1 if self.num_oov_indices else None
        masked = None if self._masked else self.mask_token
        numbers = np.empty(tokens.size, "int32")
        for at, token in enumerate(tokens.ravel().tolist()):
            word = self.clean(token)
            place = -1 if masked is not None and word == masked else self._places.get(word, unknown)
            if place is None:
                raise ValueError(
                    f"Layer {self.name!r}: {word!r} is not in the vocabulary, and num_oov_indices=0 leaves no place "
                    "for it."
                )
            numbers[at] = place
        return numbers.reshape(tokens.shape)
