"""Streams of batches: what counts as one, and its batches as `(x, y, sample_weight)`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count, islice
from typing import Any

import numpy as np

from lamina.data.arrays import as_arrays, check_rows
from lamina.data.py_dataset import PyDataset, batches_in_order
from lamina.typing import PyTree

_ARRAY_LIKE = ("shape", "__array__", "toarray", "to_numpy", "detach", "collect_schema", "columns")


def is_stream(value: Any) -> bool:
    """Tell a source of batches from arrays, tables, numbers and nested lists of those."""
    if value is None or isinstance(value, list | tuple | dict | set | frozenset | str | bytes | int | float | type):
        return False
    if any(hasattr(value, name) for name in _ARRAY_LIKE):
        return False
    return hasattr(value, "__next__") or hasattr(value, "__iter__") or hasattr(value, "__getitem__")


class Stream:
    """Passes over a source of batches.

    Args:
        source: a generator or iterator (which can be passed over only once), something that can be iterated again and
            again, or something whose batches have numbers, such as a `PyDataset`.
        what: the argument's name, for messages.
    """

    def __init__(self, source: Any, what: str = "x") -> None:
        self.source = source
        self.what = what
        self.is_indexed = hasattr(source, "__getitem__") and hasattr(source, "__len__") and not _is_loader(source)
        self.runs_once = hasattr(source, "__next__") and not isinstance(source, PyDataset)
        self._drawn = 0  # batches taken from a source that can't start again

    def __len__(self) -> int:
        """Return the number of batches of a pass.

        Raises:
            TypeError: if the source does not know it.
        """
        return len(self.source)

    @property
    def batches(self) -> int | None:
        """The number of batches of a pass, or None."""
        if self.runs_once:
            return None
        known = getattr(self.source, "num_batches", None)
        if isinstance(known, int):
            return known
        try:
            return len(self.source)
        except (TypeError, NotImplementedError):
            return None

    def require_end(self, steps: int | None) -> None:
        """Raise unless a pass ends by itself or after so many steps.

        Raises:
            ValueError: for a data set that repeats for ever.
        """
        cardinality = getattr(self.source, "cardinality", None)
        if steps is None and callable(cardinality) and np.asarray(cardinality()) == -1:
            raise ValueError(
                f"{self.what} repeats without end. Say how many batches to use: steps_per_epoch=... or "
                "validation_steps=... in fit, steps=... in evaluate and predict; or leave out .repeat()."
            )

    def one_pass(self, order: np.ndarray | None, skip: int, limit: int | None) -> Iterator[tuple[PyTree, ...]]:
        """Yield batches `(x, y, sample_weight)`.

        Args:
            order: numbers of the batches in the order of this pass, for sources whose batches have numbers.
            skip: batches of the pass that were used already.
            limit: how many batches will be used at most; no more are drawn from the source.
        """
        for item in islice(self._items(order, skip), limit):
            self._drawn += 1
            yield as_batch(item, self.what, lenient=_is_loader(self.source) or self.is_indexed)

    def _items(self, order: np.ndarray | None, skip: int) -> Iterable[Any]:
        if self.is_indexed:
            if self.batches is None:
                return batches_in_order(self.source, count(skip))
            numbers = range(len(self)) if order is None else order.tolist()
            return batches_in_order(self.source, numbers[skip:])
        if self.runs_once:
            missing = max(0, skip - self._drawn)
            self._drawn += missing
            return islice(self.source, missing, None)
        iterator = iter(self.source.as_numpy_iterator() if hasattr(self.source, "as_numpy_iterator") else self.source)
        return islice(iterator, skip, None)

    def begin_pass(self) -> None:
        """Tell the source that a pass begins."""
        if hasattr(self.source, "on_epoch_begin"):
            self.source.on_epoch_begin()

    def end_pass(self) -> None:
        """Tell the source that a pass is over."""
        if hasattr(self.source, "on_epoch_end"):
            self.source.on_epoch_end()


def as_batch(item: Any, what: str, lenient: bool = False) -> tuple[PyTree, PyTree, PyTree]:
    """Return `(x, y, sample_weight)` from what a stream gave, as arrays of equal length.

    Args:
        item: `(x,)`, `(x, y)` or `(x, y, sample_weight)`.
        what: the stream's name, for messages.
        lenient: whether a list is as good as a tuple, as loaders collate them, and a single array stands for `(x,)`.

    Raises:
        ValueError: for anything else.
    """
    if lenient and isinstance(item, list):
        item = tuple(item)
    elif lenient and not isinstance(item, tuple):
        item = (item,)
    if not isinstance(item, tuple) or not 1 <= len(item) <= 3:
        size = f" of length {len(item)}" if isinstance(item, list | tuple | dict) else ""
        raise ValueError(
            f"{what} must give batches as tuples (inputs,), (inputs, targets) or (inputs, targets, sample_weights); "
            f"it gave a {type(item).__name__}{size}."
        )
    names = ("inputs", "targets", "sample_weights")
    parts = [as_arrays(part, f"{name} of a batch of {what}") for name, part in zip(names, item)]
    if not check_is_empty(parts):
        check_rows(**{f"{name} of a batch of {what}": part for name, part in zip(names, parts)})
    x, y, sample_weight = (*parts, None, None)[:3]
    return x, y, sample_weight


def check_is_empty(parts: list[PyTree]) -> bool:
    """Tell whether a batch holds nothing at all, as batches of models without inputs do."""
    return all(part is None for part in parts)


def _is_loader(source: Any) -> bool:
    if hasattr(source, "as_numpy_iterator"):
        return True
    module = type(source).__module__
    return any(module.startswith(name) for name in ("torch.utils.data", "grain", "tensorflow")) or any(
        base.__module__.startswith("torch.utils.data") and base.__name__ == "DataLoader" for base in type(source).mro()
    )
