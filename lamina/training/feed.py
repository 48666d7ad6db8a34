"""How data reach the steps: whole on the device, block by block from the host, or batch by batch from a stream.

Whatever the data are, an epoch is a sequence of blocks, each of which lies on the device and holds some steps. Arrays
that fit are one block; what does not fit, or comes as a stream, is made ready in the background.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any, NamedTuple

import jax
import numpy as np

from lamina.core.arrays import to_jax
from lamina.data.class_weight import as_sample_weight
from lamina.data.host_rows import HostRows, gather
from lamina.data.prefetch import Prefetched
from lamina.data.streams import Stream
from lamina.errors import warn
from lamina.training.joining import joined
from lamina.training.step import Batch

_BLOCK_BYTES = 32 * 1024**2
_AHEAD = 2


class Block(NamedTuple):
    """Some steps on rows that lie on the device.

    Attributes:
        data: the rows.
        order: numbers of rows in `data` in the order of their use; step i uses `batch_size` of them from
            `i * batch_size` on, the last one perhaps fewer.
        first, last: the first step and the one after the last.
        batch_size: rows of each step.
        numbers: numbers of the rows of `order` in the user's arrays; None where they have none.
    """

    data: Batch
    order: np.ndarray
    first: int
    last: int
    batch_size: int
    numbers: np.ndarray | None

    def rows(self, step: int) -> np.ndarray:
        """Return the rows of a step, as numbers in `data`."""
        return self.order[step * self.batch_size : (step + 1) * self.batch_size]


class Feed:
    """Passes over data, cut into epochs.

    Without `steps_per_epoch` an epoch is a pass. With it an epoch goes on where the last one stopped, and a pass that
    ends early ends the epoch with a warning, as in Keras.

    Args:
        what: what the data are called in messages.
        steps_per_epoch: steps of an epoch, or None.
        shuffle, seed: how passes are shuffled; the order of a pass is a function of the seed and the pass alone.

    Attributes:
        pass_number, pass_done: the pass in progress and how many of its steps were made.
    """

    def __init__(self, what: str, steps_per_epoch: int | None, shuffle: bool | str, seed: int) -> None:
        self.what = what
        self.steps_per_epoch = steps_per_epoch
        self.shuffle = shuffle
        self.seed = seed
        self.pass_number = 0
        self.pass_done = 0
        self.total_steps: int | None = None  # that will ever be asked for, where that is known

    @property
    def pass_steps(self) -> int | None:
        """Steps of a pass; None while that is unknown."""
        raise NotImplementedError

    @property
    def steps(self) -> int | None:
        """Steps of an epoch; None while that is unknown."""
        return self.steps_per_epoch or self.pass_steps

    def example(self) -> Batch:
        """Return arrays with the shapes and dtypes of the data."""
        raise NotImplementedError

    def rest_of_pass(self) -> Iterator[Block]:
        """Yield the blocks of this pass behind the steps that are done."""
        raise NotImplementedError

    def blocks(self, epoch: int, done: int = 0) -> Iterator[Block]:
        """Yield the blocks of an epoch; whoever runs them tells by `advance` how far they have come.

        Args:
            epoch: number of the epoch.
            done: steps of it that were made before.
        """
        if self.steps_per_epoch is None and done == 0:
            self.rewind(epoch)
        left = None if self.steps_per_epoch is None else self.steps_per_epoch - done
        given = 0
        for block in self.rest_of_pass() if left != 0 else ():
            if left is not None:
                block = block._replace(last=min(block.last, block.first + left - given))
            given += block.last - block.first
            yield block
            if given == left:
                break
        steps = self.pass_steps
        if left is None or given < left or self.pass_done == steps:
            self.end_pass()
        if left is not None and given < left and done + given:  # no batch at all is told by whoever waits for one
            self._warn_that_data_ran_out(done + given)

    def advance(self, steps: int) -> None:
        """Take note of steps that were made."""
        self.pass_done += steps

    def rewind(self, pass_number: int = 0) -> None:
        """Go to the start of a pass."""
        self.pass_number, self.pass_done = pass_number, 0

    def end_pass(self) -> None:
        """Go on to the next pass."""
        self.pass_number, self.pass_done = self.pass_number + 1, 0

    def close(self) -> None:
        """Let go of threads."""

    def look_ahead(self) -> None:
        """Prepare the next pass, while the device is busy with the end of this one."""

    def generator(self, pass_number: int | None = None) -> np.random.Generator:
        """Return the source of the order of a pass; default this one."""
        number = self.pass_number if pass_number is None else pass_number
        return np.random.Generator(np.random.Philox(key=np.array((self.seed, number), "uint64")))

    def _warn_that_data_ran_out(self, given: int) -> None:
        warn(
            f"{self.what} ran out of data after {given:,} of the {self.steps_per_epoch:,} batches asked for: the epoch "
            "ends here. Ask for fewer steps, or let the source repeat its data.",
        )


class ArrayFeed(Feed):
    """Arrays that lie on the device as a whole.

    Args:
        data: arrays of equal length.
        batch_size: rows of a step; the last step of a pass may have fewer.
        what, steps_per_epoch, shuffle, seed: see `Feed`.
    """

    def __init__(
        self,
        data: Batch,
        batch_size: int,
        what: str = "The input",
        steps_per_epoch: int | None = None,
        shuffle: bool | str = False,
        seed: int = 0,
    ) -> None:
        super().__init__(what, steps_per_epoch, shuffle, seed)
        self.data = jax.tree.map(self.placed, data)
        self.count = jax.tree.leaves(data)[0].shape[0]
        self.batch_size = batch_size
        self._drawn: tuple[int, int, np.ndarray] | None = None  # an order, and the seed and the pass that it is for

    placed: Callable[[Any], Any] = staticmethod(to_jax)

    @property
    def pass_steps(self) -> int:
        return -(-self.count // self.batch_size)

    def example(self) -> Batch:
        return self.data

    def look_ahead(self) -> None:
        if self.shuffle:
            self._drawn = (self.seed, self.pass_number + 1, self._order(self.pass_number + 1))

    def _order(self, pass_number: int) -> np.ndarray:
        if self._drawn is not None and self._drawn[:2] == (self.seed, pass_number):
            return self._drawn[2]
        generator = self.generator(pass_number) if self.shuffle else None
        return row_order(self.count, self.batch_size, self.shuffle, generator)

    def rest_of_pass(self) -> Iterator[Block]:
        order = self._order(self.pass_number)
        self._drawn = None
        yield Block(self.data, order, self.pass_done, self.pass_steps, min(self.batch_size, self.count), order)


class HostFeed(ArrayFeed):
    """Arrays that stay on the host, in memory or in a file, and are sent to the device block by block."""

    placed = staticmethod(lambda leaf: leaf)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        bytes_of_step = max(1, total_bytes(self.data) // max(1, self.count) * self.batch_size)
        self._steps_of_block = int(max(1, min(_BLOCK_BYTES // bytes_of_step, self.count // self.batch_size)))
        self._prefetched: Prefetched[Block] | None = None

    def rest_of_pass(self) -> Iterator[Block]:
        self.close()
        self._prefetched = Prefetched(self._gathered(self.pass_done, self.pass_number), _AHEAD)
        try:
            yield from self._prefetched
        finally:
            self.close()

    def close(self) -> None:
        if self._prefetched is not None:
            self._prefetched.close()
            self._prefetched = None

    def look_ahead(self) -> None:
        """Leave the next pass to the thread."""

    def _gathered(self, done: int, pass_number: int) -> Iterator[Block]:
        order = self._order(pass_number)
        whole, rest = divmod(self.count, self.batch_size)
        size = self._steps_of_block * self.batch_size
        places = np.arange(size, dtype="int32")
        for start in range(done, whole, self._steps_of_block):
            stop = min(start + self._steps_of_block, whole)
            rows = order[start * self.batch_size : stop * self.batch_size]
            yield Block(self._on_device(rows, size), places, 0, stop - start, self.batch_size, rows)
        if rest:
            rows = order[whole * self.batch_size :]
            yield Block(self._on_device(rows, rest), places[:rest], 0, 1, rest, rows)

    def _on_device(self, rows: np.ndarray, size: int) -> Batch:
        """Return rows on the device, filled up to `size` so that every block runs the same program."""
        filled = np.concatenate([rows, np.repeat(rows[-1:], size - len(rows))]) if len(rows) < size else rows
        return jax.tree.map(lambda leaf: to_jax(gather(leaf, filled)), self.data)


class StreamFeed(Feed):
    """Batches of a stream, made ready in the background.

    A call of a program for every batch would cost more than a step of a small model. So where batches come faster than
    they are used, some of the same shape are joined to a block; a batch that is waited for is not held back for it.

    Args:
        stream: the stream.
        class_weight: see `Model.fit`.
        what, steps_per_epoch, shuffle, seed: see `Feed`; only batches that have numbers are shuffled.
    """

    def __init__(
        self,
        stream: Stream,
        what: str,
        steps_per_epoch: int | None = None,
        shuffle: bool | str = False,
        seed: int = 0,
        class_weight: Any = None,
    ) -> None:
        super().__init__(what, steps_per_epoch, shuffle, seed)
        stream.require_end(steps_per_epoch)
        self.stream = stream
        self.class_weight = class_weight
        self._known_steps = stream.batches
        self._prefetched: Iterator[Block] | None = None
        self._thread: Prefetched[Block] | None = None
        self._example: Batch | None = None
        self._drawn_from = (0, 0)  # the position behind which the prefetched blocks begin
        self._block: Block | None = None  # the one in front of it

    @property
    def pass_steps(self) -> int | None:
        return self._known_steps

    def example(self) -> Batch:
        """Return the first batch, which is drawn for it and used later.

        Raises:
            ValueError: if there is none.
        """
        if self._example is None:
            self._begin()
            assert self._prefetched is not None
            first = next(self._prefetched, None)
            if first is None:
                raise ValueError(f"{self.what} is empty: it gave no batch.")
            example: Batch = jax.tree.map(lambda leaf: np.asarray(leaf)[: first.batch_size], first.data)
            self._example, self._prefetched = example, chain([first], self._prefetched)
        return self._example

    def rest_of_pass(self) -> Iterator[Block]:
        block = self._rest_of_block()
        if block is None:
            if self._prefetched is None or self._drawn_from != (self.pass_number, self.pass_done):
                self._begin()
            assert self._prefetched is not None
            block = next(self._prefetched, None)
        assert self._prefetched is not None
        if block is None and self.pass_done and self.steps_per_epoch and not self.stream.runs_once:
            self.end_pass()  # the last epoch ended where the pass did
            self._begin()
            block = next(self._prefetched, None)
        while block is not None:
            self._block = block
            self._drawn_from = (self.pass_number, self.pass_done + block.last - block.first)
            yield block
            block = next(self._prefetched, None)
        if not self.stream.runs_once:
            self._known_steps = self.pass_done

    def _rest_of_block(self) -> Block | None:
        """Return what the end of an epoch, as `steps_per_epoch` has it, left of a block."""
        pass_number, end = self._drawn_from
        left = end - self.pass_done
        if self._block is None or pass_number != self.pass_number:
            return None
        whole = self._block
        return whole._replace(first=whole.last - left) if 0 < left <= whole.last - whole.first else None

    def end_pass(self) -> None:
        self.close()
        self.stream.end_pass()
        if not self.stream.runs_once:
            super().end_pass()

    def rewind(self, pass_number: int = 0) -> None:
        if not self.stream.runs_once:
            super().rewind(pass_number)

    def close(self) -> None:
        if self._thread is not None:
            self._thread.close()
        self._prefetched = self._thread = self._block = None

    def _begin(self) -> None:
        self.close()
        self.stream.begin_pass()
        steps, order = self.stream.batches, None
        if self.stream.is_indexed and self.shuffle and steps is not None:
            order = self.generator().permutation(steps)
        limit = None if self.total_steps is None or not self.stream.runs_once else self.total_steps - self.pass_done
        source = self.stream.one_pass(order, self.pass_done, limit)
        self._thread = Prefetched(lambda none_ready: self._blocks(map(self._batch, source), none_ready), _AHEAD)
        self._prefetched = self._thread
        self._drawn_from = (self.pass_number, self.pass_done)

    def _batch(self, parts: tuple[Any, Any, Any]) -> Batch:
        batch = Batch(*parts)
        if self.class_weight is not None:
            if batch.sample_weight is not None:
                raise ValueError(f"{self.what} gives sample weights; class_weight can't be used together with them.")
            batch = batch._replace(sample_weight=as_sample_weight(self.class_weight, batch.y))
        return jax.tree.map(lambda leaf: np.asarray(leaf) if isinstance(leaf, HostRows) else leaf, batch)

    def _blocks(self, batches: Iterable[Batch], none_ready: Callable[[], bool]) -> Iterator[Block]:
        for found in joined(batches, none_ready):
            order = np.arange(found.most * found.rows, dtype="int32")
            yield Block(found.data, order, 0, found.steps, found.rows, None)


def array_feed(data: Batch, batch_size: int, **kwargs: Any) -> ArrayFeed:
    """Return a feed of arrays: from the device where they fit there, else from the host."""
    leaves = jax.tree.leaves(data)
    on_host = any(isinstance(leaf, HostRows) for leaf in leaves) or total_bytes(data) > device_budget()
    return (HostFeed if on_host else ArrayFeed)(data, batch_size, **kwargs)


def total_bytes(data: Batch) -> int:
    """Return the bytes of all arrays."""
    return sum(leaf.nbytes for leaf in jax.tree.leaves(data))


def device_budget() -> float:
    """Return how many bytes of data the device may hold: half of the memory that is free."""
    device = jax.devices()[0]
    memory = device.memory_stats() if device.platform != "cpu" else None
    if memory and "bytes_limit" in memory:
        return 0.5 * (memory["bytes_limit"] - memory.get("bytes_in_use", 0))
    try:
        return 0.5 * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES")
    except (AttributeError, OSError, ValueError):  # not every system tells
        return float("inf")


def row_order(count: int, batch_size: int, shuffle: bool | str, generator: np.random.Generator | None) -> np.ndarray:
    """Return the row numbers of a pass in the order of their use.

    Drawn on the host, where a permutation costs a tenth of what compiling a sort would.
    """
    order = np.arange(count, dtype="int32")
    if not shuffle or generator is None:
        return order
    if shuffle == "batch":
        whole = count // batch_size * batch_size
        blocks = generator.permutation(order[:whole].reshape(-1, batch_size), axis=0).reshape(-1)
        return np.concatenate([blocks, order[whole:]])
    return generator.permutation(order)
