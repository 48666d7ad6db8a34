"""`IntegerLookup`."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from lamina.layers.preprocessing.vocabulary import VocabularyLayer
from lamina.typing import Array


class IntegerLookup(VocabularyLayer):
    """Turns whole numbers, such as identifiers, into places in a vocabulary, inside the compiled step.

    Args:
        max_tokens: greatest size of the vocabulary, special tokens included; None for no limit.
        num_oov_indices: places for unknown numbers: with several, `number % num_oov_indices` chooses one; with 0 they
            become -1 (on the host an error).
        mask_token: the number that stands for nothing; it gets the place 0.
        oov_token: what `invert` gives for unknown places.
        vocabulary: numbers, or the path of a text file with one a line; default learned by `adapt`.
        vocabulary_dtype: "int64" or "int32"; computed is with "int32".
        idf_weights: a weight for each number, for "tf_idf".
        invert: whether to turn places into numbers.
        output_mode: "int", "one_hot", "multi_hot", "count" or "tf_idf", as for `StringLookup`.
        sparse: not supported; must be False.
        pad_to_max_tokens: whether vectors have the length `max_tokens` from the start.
        oov_method: "floormod", how a place for an unknown number is chosen.
        salt: not supported; must be None.

    Input shape: any. Output shape: that of the input for "int"; `(*input shape, tokens)` for "one_hot", without a last
    axis of size 1; `(batch, tokens)` for the others.

    Raises:
        ValueError: if an argument is out of range.

    Example:
        >>> layer = lamina.layers.IntegerLookup(vocabulary=[12, 36])
        >>> layer([36, 12, 7]).tolist()
        [2, 1, 0]
    """

    def __init__(
        self,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: int | None = None,
        oov_token: int = -1,
        vocabulary: Any = None,
        vocabulary_dtype: str = "int64",
        idf_weights: Any = None,
        invert: bool = False,
        output_mode: str = "int",
        sparse: bool = False,
        pad_to_max_tokens: bool = False,
        oov_method: str = "floormod",
        salt: Any = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
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
        if vocabulary_dtype not in ("int64", "int32"):
            raise ValueError(
                f"Layer {self.name!r}: vocabulary_dtype must be 'int64' or 'int32', got {vocabulary_dtype!r}."
            )
        if oov_method != "floormod" or salt is not None:
            raise ValueError(f"Layer {self.name!r}: only oov_method='floormod' without salt is supported.")
        self.vocabulary_dtype, self.oov_method, self.salt = vocabulary_dtype, oov_method, salt

    def clean(self, token: Any) -> int:
        number = int(token)
        if not -(2**31) <= number < 2**31:
            raise ValueError(
                f"Layer {self.name!r}: {number} does not fit into 32 bits, in which numbers are looked up."
            )
        return number

    def call(self, inputs: Array) -> Array:
        self.require_vocabulary()
        numbers = jnp.asarray(inputs).astype("int32")
        if self.invert:
            words = jnp.asarray(self.get_vocabulary(), "int32")
            known = (numbers >= 0) & (numbers < len(words))
            return jnp.where(known, words[jnp.where(known, numbers, 0)], self.oov_token)
        keys = np.array(self._tokens or [], "int32")
        order = np.argsort(keys)
        places = jnp.full(numbers.shape, -1)
        found = jnp.zeros(numbers.shape, bool)
        if len(keys):
            at = jnp.clip(jnp.searchsorted(jnp.asarray(keys[order]), numbers), 0, len(keys) - 1)
            found = jnp.asarray(keys[order])[at] == numbers
            places = jnp.where(found, jnp.asarray(order.astype("int32"))[at] + self.first_token, -1)
        if self.num_oov_indices:
            bins = jnp.mod(numbers, self.num_oov_indices) + self._masked
            places = jnp.where(found, places, bins)
        elif not isinstance(numbers, Tracer):
            unknown = numbers[~found if self.mask_token is None else ~found & (numbers != self.mask_token)]
            if unknown.size:
                raise ValueError(
                    f"Layer {self.name!r}: {int(unknown[0])} is not in the vocabulary, and num_oov_indices=0 leaves no "
                    "place for it."
                )
        if self.mask_token is not None:
            places = jnp.where(numbers == self.mask_token, 0 if self._masked else -1, places)
        return self.encoded(places)
