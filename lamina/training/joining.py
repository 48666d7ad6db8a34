"""Batches of a stream put side by side, so that one call of a program runs several of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import jax
import numpy as np

from lamina.core.arrays import empty_array, frozen, to_jax
from lamina.training.step import Batch

MOST_BATCHES = 64
MOST_BYTES = 4 * 1024**2


class Joined:
    """Batches of the same shape on the device, in arrays that have room for as many as are joined at most.

    So all that are joined of a shape run the same program.

    Args:
        first: the first batch. It is copied, since a source may write the next one into the same array.

    Attributes:
        rows: rows of a batch.
        steps: how many there are.
        most: how many there may be.
    """

    def __init__(self, first: Batch) -> None:
        self._kinds = _kinds(first)
        leaves = jax.tree.leaves(first)
        self.rows = leaves[0].shape[0]
        size = sum(leaf.nbytes for leaf in leaves)
        # What lies on an accelerator is where it is used.
        on_device = jax.default_backend() != "cpu" and any(isinstance(leaf, jax.Array) for leaf in leaves)
        self.most = 1 if on_device else max(1, min(MOST_BATCHES, MOST_BYTES // max(1, size)))
        self.steps = 1
        self._whole = jax.tree.map(to_jax if self.most == 1 else self._with_room, first)

    def _with_room(self, leaf: Any) -> np.ndarray:
        whole = empty_array((self.most * self.rows, *leaf.shape[1:]), np.dtype(leaf.dtype))
        whole[: self.rows] = leaf
        return whole

    def takes(self, batch: Batch) -> bool:
        """Tell whether a batch has the same shape, and there is room for it."""
        return self.steps < self.most and _kinds(batch) == self._kinds

    def add(self, batch: Batch) -> None:
        """Put another batch behind the others."""
        start = self.steps * self.rows
        for whole, leaf in zip(jax.tree.leaves(self._whole), jax.tree.leaves(batch), strict=True):
            whole[start : start + self.rows] = leaf
        self.steps += 1

    @property
    def data(self) -> Batch:
        """All of them; nothing can be added any more."""
        return jax.tree.map(lambda whole: to_jax(frozen(whole)) if self.most > 1 else whole, self._whole)


def joined(batches: Iterable[Batch], none_ready: Callable[[], bool]) -> Iterator[Joined]:
    """Join batches of the same shape; hand on those that there are where none is ready to be used.

    Args:
        batches: what a source gives. An exception in it comes behind the batches in front of it.
        none_ready: tells whether whoever uses them has none.
    """
    waiting: Joined | None = None
    try:
        for batch in batches:
            if waiting is not None and not waiting.takes(batch):
                yield waiting
                waiting = None
            if waiting is None:
                waiting = Joined(batch)
            else:
                waiting.add(batch)
            if none_ready() or waiting.steps == waiting.most:
                yield waiting
                waiting = None
    except Exception:
        if waiting is not None:
            yield waiting
        raise
    if waiting is not None:
        yield waiting


def _kinds(batch: Batch) -> Batch:
    """Return shapes and dtypes in the place of the arrays of a batch."""
    return jax.tree.map(lambda leaf: (leaf.shape, np.dtype(leaf.dtype)), batch)
