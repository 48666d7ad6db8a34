"""`VocabularyLayer`: tokens as numbers, by their place in a vocabulary."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np

from lamina.core import binding
from lamina.layers.arguments import choice, positive_int
from lamina.layers.layer import Layer
from lamina.layers.preprocessing.encoding import encode
from lamina.typing import Array

_MODES = ("int", "one_hot", "multi_hot", "count", "tf_idf")


class VocabularyLayer(Layer):
    """What `StringLookup` and `IntegerLookup` share: the vocabulary, how it is learned, and what comes out.

    A vocabulary begins with the mask token (if there is one, and the output is "int") and the places for unknown
    tokens; the tokens follow, the most frequent first.
    """

    arguments_not_in_config = frozenset({"sparse", "vocabulary", "idf_weights"})

    def __init__(
        self,
        max_tokens: int | None,
        num_oov_indices: int,
        mask_token: Any,
        oov_token: Any,
        vocabulary: Any,
        idf_weights: Any,
        invert: bool,
        output_mode: str,
        sparse: bool,
        pad_to_max_tokens: bool,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if sparse:
            raise ValueError(f"Layer {self.name!r}: sparse=True is not supported; outputs are dense arrays.")
        if isinstance(num_oov_indices, bool) or not isinstance(num_oov_indices, int) or num_oov_indices < 0:
            raise ValueError(f"Layer {self.name!r}: num_oov_indices must be 0 or more, got {num_oov_indices!r}.")
        self.num_oov_indices = num_oov_indices
        self.max_tokens = None if max_tokens is None else positive_int(max_tokens, "max_tokens", self.name)
        self.mask_token, self.oov_token = mask_token, oov_token
        self.invert = invert
        self.output_mode = choice(output_mode, _MODES, "output_mode", self.name)
        if invert and (self.output_mode != "int" or num_oov_indices > 1):
            raise ValueError(f"Layer {self.name!r}: invert=True needs output_mode='int' and num_oov_indices <= 1.")
        if pad_to_max_tokens and max_tokens is None:
            raise ValueError(f"Layer {self.name!r}: pad_to_max_tokens=True needs max_tokens.")
        if self.max_tokens is not None and self.max_tokens <= self.first_token:
            raise ValueError(
                f"Layer {self.name!r}: max_tokens ({max_tokens}) must leave room for tokens besides the "
                f"{self.first_token} special one(s)."
            )
        self.sparse = False
        self.pad_to_max_tokens = pad_to_max_tokens
        self.autocast = False
        self._tokens: list[Any] | None = None
        self._idf: np.ndarray | None = None
        self._given = vocabulary is not None
        self._told_size = 0  # by a file whose tokens come later
        if vocabulary is not None:
            self.set_vocabulary(vocabulary, idf_weights)
        elif idf_weights is not None:
            raise ValueError(f"Layer {self.name!r}: idf_weights need a vocabulary.")

    # The vocabulary

    @property
    def _masked(self) -> bool:
        return self.mask_token is not None and self.output_mode == "int"

    @property
    def first_token(self) -> int:
        """How many special tokens stand before the others."""
        return self.num_oov_indices + self._masked

    def clean(self, token: Any) -> Any:
        """Return a token in the type of the vocabulary."""
        raise NotImplementedError

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[Any]:
        """Return the tokens in the order of their numbers.

        Args:
            include_special_tokens: whether to begin with those for masked and unknown tokens.
        """
        if self._tokens is None:
            tokens = []
        else:
            tokens = list(self._tokens)
        if not include_special_tokens:
            return tokens
        return [*([self.mask_token] if self._masked else []), *[self.oov_token] * self.num_oov_indices, *tokens]

    def vocabulary_size(self) -> int:
        """Return how many numbers there are, those for masked and unknown tokens included."""
        return (
            self._told_size if self._tokens is None and self._told_size else len(self._tokens or ()) + self.first_token
        )

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Set the tokens, and for "tf_idf" their weights.

        Args:
            vocabulary: tokens, with or without the special ones in front, or the path of a text file with one a line.
            idf_weights: a weight for each token.

        Raises:
            ValueError: if a token is there twice, there are too many, or weights are missing.
        """
        if isinstance(vocabulary, str | Path):
            vocabulary = Path(vocabulary).read_text(encoding="utf-8").splitlines()
        tokens, has_special = self._checked(vocabulary)
        if (self.output_mode == "tf_idf") != (idf_weights is not None):
            raise ValueError(f"Layer {self.name!r}: idf_weights go together with output_mode='tf_idf'.")
        self._use(tokens, None if idf_weights is None else np.asarray(idf_weights, "float32").ravel(), has_special)

    def _checked(self, vocabulary: Any) -> tuple[list[Any], bool]:
        """Return the tokens without the special ones, and whether these stood in front."""
        given = [self.clean(token) for token in np.asarray(vocabulary).ravel().tolist()]
        special = [*([self.mask_token] if self._masked else []), *[self.oov_token] * self.num_oov_indices]
        has_special = bool(special) and given[: len(special)] == special
        tokens = given[len(special) :] if has_special else given
        twice = [token for token, count in Counter(tokens).items() if count > 1]
        if twice:
            raise ValueError(f"Layer {self.name!r}: the vocabulary holds {twice[0]!r} twice.")
        clash = [token for token in (self.mask_token, self.oov_token) if token is not None and token in set(tokens)]
        if clash and not self.invert:
            raise ValueError(
                f"Layer {self.name!r}: the special token {clash[0]!r} must not be a word of the vocabulary."
            )
        if self.max_tokens is not None and len(tokens) + self.first_token > self.max_tokens:
            raise ValueError(
                f"Layer {self.name!r}: the vocabulary has {len(tokens) + self.first_token} tokens with the special "
                f"ones, more than max_tokens ({self.max_tokens})."
            )
        return tokens, has_special

    def _use(self, tokens: list[Any], weights: np.ndarray | None, special_weights: bool = False) -> None:
        if weights is not None:
            expected = len(tokens) + (self.first_token if special_weights else 0)
            if len(weights) != expected:
                raise ValueError(f"Layer {self.name!r}: {expected} idf_weights are needed, got {len(weights)}.")
            if not special_weights:  # what is unknown weighs as much as a word does on average
                mean = weights.mean() if len(weights) else 1.0
                weights = np.concatenate([np.full(self.first_token, mean, "float32"), weights])
        self._tokens, self._idf = tokens, weights
        self._places = {token: place for place, token in enumerate(tokens, self.first_token)}
        if self._masked:
            self._places[self.mask_token] = 0

    # Learning it

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Learn the vocabulary from data: the most frequent tokens; what was learned before is forgotten.

        Args:
            data: an array or list of tokens, or an iterable of batches of them.
            steps: how many batches to use; default all.
        """
        self.reset_state()
        for number, batch in enumerate(self.batches_of(data)):
            if steps is not None and number >= steps:
                break
            self.update_state(batch)
        self.finalize_state()

    def reset_state(self) -> None:
        """Forget what `update_state` counted."""
        self._given = False
        self._counts: Counter[Any] = Counter()
        self._documents: Counter[Any] = Counter()
        self._document_count = 0

    def update_state(self, data: Any) -> None:
        """Count the tokens of a batch; each row is a document."""
        rows = np.asarray(data, object if isinstance(data, list) else None)
        rows = rows.reshape(rows.shape[0], -1) if rows.ndim > 1 else rows.reshape(-1, 1)
        for row in rows:
            tokens = [self.clean(token) for token in row.tolist()]
            self._counts.update(tokens)
            self._documents.update(set(tokens))
        self._document_count += len(rows)

    def finalize_state(self) -> None:
        """Make the vocabulary of what was counted."""
        for special in (self.mask_token, self.oov_token):
            self._counts.pop(special, None)
        room = None if self.max_tokens is None else self.max_tokens - self.first_token
        # The most frequent first; of those that are as frequent, the last in order, as Keras has it.
        ordered = sorted(self._counts.items(), key=lambda item: (item[1], item[0]), reverse=True)
        tokens = [token for token, _ in ordered][:room]
        weights = None
        if self.output_mode == "tf_idf":
            found = np.array([self._documents[token] for token in tokens], "float32")
            weights = np.log(1 + self._document_count / (1 + found)).astype("float32")
        self._use(tokens, weights)

    def batches_of(self, data: Any) -> Iterator[Any]:
        """Yield the batches of a data set, or the data as one."""
        if hasattr(data, "__array__") or isinstance(data, list | tuple):
            yield data
        elif isinstance(data, str):
            yield [data]
        elif isinstance(data, Iterable):
            for batch in data:
                yield batch[0] if isinstance(batch, tuple) else batch
        else:
            raise TypeError(f"Layer {self.name!r}: adapt takes an array or an iterable of batches, got {data!r}.")

    # What comes out

    def require_vocabulary(self) -> None:
        """Raise unless the vocabulary is known, or only shapes are asked for and its size is."""
        if self._tokens is None and not (self._told_size and binding.current().abstract):
            raise ValueError(f"Layer {self.name!r} has no vocabulary yet: call adapt(data), or pass vocabulary=[...].")

    def encoded(self, places: Array) -> Array:
        """Return numbers of tokens in the layer's output mode; -1 marks those that count for nothing."""
        if self.output_mode == "int":
            return places
        size = self.max_tokens if self.pad_to_max_tokens and self.max_tokens else self.vocabulary_size()
        mode = "count" if self.output_mode == "tf_idf" else self.output_mode
        vectors = encode(jnp.asarray(places), size, mode, self.compute_dtype)
        if self.output_mode != "tf_idf" or self._tokens is None:
            return vectors
        assert self._idf is not None
        weights = np.zeros(size, "float32")
        weights[: len(self._idf)] = self._idf
        return vectors * weights

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments, with the vocabulary as it is now."""
        weights = None if self._idf is None else self._idf[self.first_token :].tolist()
        vocabulary = None if self._tokens is None else self.get_vocabulary(include_special_tokens=False)
        return {**super().get_config(), "vocabulary": vocabulary, "idf_weights": weights}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Return a layer made from `get_config`.

        Raises:
            ValueError: if the vocabulary is the path of a file: a model from elsewhere must not read files of this
                computer.
        """
        size = config.get("vocabulary_size") or 0
        if type(size) is not int or not 0 <= size < 2**31:
            raise ValueError(f"{cls.__name__}: vocabulary_size must be a whole number, got {size!r}.")
        config = without_path(cls, config)
        if "oov_method" in config and "oov_method" not in inspect.signature(cls.__init__).parameters:
            config.pop("oov_method")  # chooses among several places for unknown tokens; there is one
        layer = super().from_config(config)
        layer._told_size = size
        return layer

    def save_own_variables(self, store: Any) -> None:
        """Write the weights of "tf_idf", as Keras does; the tokens are no numbers."""
        if self._idf is not None:
            store["idf_weights"] = self._idf

    def load_own_variables(self, store: Mapping[str, Any]) -> None:
        """Read what `save_own_variables` wrote."""
        if "idf_weights" not in store or self.output_mode != "tf_idf":
            return
        weights = np.asarray(store["idf_weights"], "float32").ravel()
        if self._tokens is None:
            self._idf = weights  # the tokens are among the assets
        else:
            self._use(self._tokens, weights, special_weights=True)

    def save_assets(self, dir_path: str) -> None:
        """Write the tokens to `vocabulary.txt` in a folder, one a line, the special ones first."""
        Path(dir_path, "vocabulary.txt").write_text("\n".join(map(str, self.get_vocabulary())), encoding="utf-8")

    def load_assets(self, dir_path: str) -> None:
        """Read the tokens from `vocabulary.txt` in a folder; a vocabulary that the constructor was given stays.

        Raises:
            ValueError: if the tokens are no vocabulary for this layer; see `set_vocabulary`.
        """
        if self._given:
            return
        tokens, _ = self._checked(Path(dir_path, "vocabulary.txt").read_text(encoding="utf-8").splitlines())
        if not tokens:
            return  # it was not adapted
        if (self.output_mode == "tf_idf") != (self._idf is not None):
            raise ValueError(f"Layer {self.name!r}: there are tokens, but no weights for output_mode='tf_idf'.")
        self._use(tokens, self._idf, special_weights=True)

    def build(self, input_shape: Any = None) -> None:
        """Nothing is to be built: a vocabulary is no weight."""


def without_path(cls: type, config: dict[str, Any]) -> dict[str, Any]:
    """Return the configuration of a layer with a vocabulary as its constructor takes it.

    Raises:
        ValueError: if the vocabulary is the path of a file.
    """
    if isinstance(config.get("vocabulary"), str):
        raise ValueError(
            f"{cls.__name__}: the configuration names the file {config['vocabulary']!r} as its vocabulary, which "
            "is not read. Load it yourself and call set_vocabulary with the tokens."
        )
    return {key: value for key, value in config.items() if key != "vocabulary_size"}  # which the vocabulary tells
