"""`tf.data.Dataset` over NumPy arrays and Python generators."""

from __future__ import annotations

import builtins
import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lamina.compat.tensorflow import elements, padding, passes
from lamina.compat.tensorflow.mapping import as_tensor, mapped
from lamina.data import arrays
from lamina.random.global_seed import fresh_seed
from lamina.typing import PyTree

AUTOTUNE = -1
INFINITE_CARDINALITY = -1
UNKNOWN_CARDINALITY = -2


class Dataset:
    """Elements, each a tensor or a tuple or dictionary of tensors, that can be passed over again and again.

    `fit`, `evaluate` and `predict` take one whose elements are batches.

    Args:
        passes: called for each pass; returns an iterator of elements, with NumPy arrays as leaves.
        count: number of elements, `INFINITE_CARDINALITY` or `UNKNOWN_CARDINALITY`.
    """

    def __init__(self, passes: Callable[[], Iterator[PyTree]], count: int) -> None:
        self._passes = passes
        self._count = count

    # Sources

    @staticmethod
    def from_tensor_slices(tensors: PyTree, name: str | None = None) -> Dataset:
        """Return the rows of arrays, one an element.

        Raises:
            ValueError: if the arrays differ in length.
        """
        columns = elements.as_columns(tensors)
        rows = arrays.rows(columns, "from_tensor_slices: the data")

        def one_pass() -> Iterator[PyTree]:
            leaves, structure = jax.tree.flatten(columns)
            for index in builtins.range(rows):
                yield jax.tree.unflatten(structure, [leaf[index] for leaf in leaves])

        return Dataset(one_pass, rows)

    @staticmethod
    def from_tensors(tensors: PyTree, name: str | None = None) -> Dataset:
        """Return a data set of a single element."""
        columns = elements.as_columns(tensors)
        return Dataset(lambda: iter([columns]), 1)

    @staticmethod
    def from_generator(
        generator: Callable[..., Iterable[PyTree]],
        output_types: PyTree = None,
        output_shapes: PyTree = None,
        args: Any = None,
        output_signature: PyTree = None,
        name: str | None = None,
    ) -> Dataset:
        """Return what a generator function gives, called anew for each pass.

        Args:
            generator: a function that returns an iterator.
            output_types: dtypes of the elements' parts.
            output_shapes: their shapes, with None for any size.
            args: arguments for the function.
            output_signature: `tf.TensorSpec`s, in the place of types and shapes.
            name: means nothing.

        Raises:
            TypeError: if `generator` is no function, or neither types nor a signature are given.
        """
        if not callable(generator):
            raise TypeError("from_generator takes the function itself, not what it returns: from_generator(make, ...).")
        if (output_types is None) == (output_signature is None):
            raise TypeError("from_generator needs either output_signature or output_types.")
        if output_signature is not None:
            output_types = jax.tree.map(lambda spec: spec.dtype, output_signature, is_leaf=elements.is_spec)
            output_shapes = jax.tree.map(
                lambda spec: elements.Sizes(spec.shape), output_signature, is_leaf=elements.is_spec
            )
        elif output_shapes is not None:
            output_shapes = jax.tree.map(lambda _, shape: elements.Sizes(shape), output_types, output_shapes)

        def one_pass() -> Iterator[PyTree]:
            for element in generator(*(args or ())):
                yield elements.conforming(element, output_types, output_shapes)

        return Dataset(one_pass, UNKNOWN_CARDINALITY)

    @staticmethod
    def range(*args: int, output_type: Any = "int64", name: str | None = None) -> Dataset:
        """Return the numbers of Python's `range`."""
        return Dataset.from_tensor_slices(np.arange(*args, dtype=output_type))

    @staticmethod
    def zip(*args: Any, datasets: Any = None, name: str | None = None) -> Dataset:
        """Return tuples of the elements of several data sets, as many as the shortest has."""
        parts = datasets if datasets is not None else args[0] if len(args) == 1 else args
        sets = jax.tree.leaves(parts, is_leaf=lambda part: isinstance(part, Dataset))
        if not sets or not all(isinstance(part, Dataset) for part in sets):
            raise TypeError("Dataset.zip takes data sets.")
        structure = jax.tree.structure(parts, is_leaf=lambda part: isinstance(part, Dataset))

        def one_pass() -> Iterator[PyTree]:
            for parts in builtins.zip(*(part._passes() for part in sets)):
                yield jax.tree.unflatten(structure, parts)

        counts = [part._count for part in sets]
        finite = [count for count in counts if count >= 0]
        if UNKNOWN_CARDINALITY in counts:
            return Dataset(one_pass, UNKNOWN_CARDINALITY)
        return Dataset(one_pass, min(finite) if finite else INFINITE_CARDINALITY)

    # Steps

    def map(
        self,
        map_func: Callable[..., PyTree],
        num_parallel_calls: int | None = None,
        deterministic: bool | None = None,
        name: str | None = None,
    ) -> Dataset:
        """Return the results of a function of each element.

        The function is compiled and run on many elements at a time where it can be; one that draws random numbers, or
        does what JAX can't trace, runs element by element.

        Args:
            map_func: takes the parts of a tuple as arguments, anything else as one.
            num_parallel_calls, deterministic: change no result here.
            name: means nothing.
        """
        return Dataset(lambda: mapped(map_func, self._passes()), self._count)

    def filter(self, predicate: Callable[..., Any], name: str | None = None) -> Dataset:
        """Return the elements for which a function is true."""

        def one_pass() -> Iterator[PyTree]:
            for element in self._passes():
                if _called(predicate, element):
                    yield element

        return Dataset(one_pass, UNKNOWN_CARDINALITY)

    def shuffle(
        self,
        buffer_size: int,
        seed: int | None = None,
        reshuffle_each_iteration: bool | None = True,
        name: str | None = None,
    ) -> Dataset:
        """Return the elements in random order.

        Args:
            buffer_size: from how many elements the next one is drawn; the number of elements or more for an even
                shuffle.
            seed: makes the order reproducible; default from `tf.random.set_seed`.
            reshuffle_each_iteration: whether each pass has an order of its own.
            name: means nothing.
        """
        size = len(self) if buffer_size is None else int(buffer_size)
        if size < 1:
            raise ValueError(f"shuffle: buffer_size must be positive, got {buffer_size!r}.")
        base = fresh_seed() if seed is None else int(seed)
        passes_so_far = itertools.count()

        def one_pass() -> Iterator[PyTree]:
            number = 0 if reshuffle_each_iteration is False else next(passes_so_far)
            return passes.shuffled(self._passes(), size, [base % 2**32, number])

        return Dataset(one_pass, self._count)

    def batch(
        self,
        batch_size: int,
        drop_remainder: bool = False,
        num_parallel_calls: int | None = None,
        deterministic: bool | None = None,
        name: str | None = None,
    ) -> Dataset:
        """Return so many elements at a time, stacked.

        Args:
            batch_size: how many.
            drop_remainder: whether to leave out a last batch that is smaller.
            num_parallel_calls, deterministic: change no result here.
            name: means nothing.

        Raises:
            ValueError: if the elements of a batch differ in shape.
        """
        size = int(batch_size)
        if size < 1:
            raise ValueError(f"batch: batch_size must be positive, got {batch_size!r}.")

        def one_pass() -> Iterator[PyTree]:
            return map(elements.stacked, passes.groups(self._passes(), size, drop_remainder))

        count = self._count if self._count < 0 else self._count // size if drop_remainder else -(-self._count // size)
        return Dataset(one_pass, count)

    def unbatch(self, name: str | None = None) -> Dataset:
        """Return the rows of batches, one an element."""

        def one_pass() -> Iterator[PyTree]:
            for batch in self._passes():
                yield from Dataset.from_tensor_slices(batch)._passes()

        return Dataset(one_pass, self._count if self._count == INFINITE_CARDINALITY else UNKNOWN_CARDINALITY)

    def padded_batch(
        self,
        batch_size: int,
        padded_shapes: PyTree = None,
        padding_values: PyTree = None,
        drop_remainder: bool = False,
        name: str | None = None,
    ) -> Dataset:
        """Return so many elements at a time, stacked, the shorter ones filled up at the end of each axis.

        Args:
            batch_size: how many.
            padded_shapes: sizes to fill up to, None (or -1) for that of the longest; default None for all.
            padding_values: what to fill with, for each part; default 0, "" for text.
            drop_remainder: whether to leave out a last batch that is smaller.
            name: means nothing.
        """

        def one_pass() -> Iterator[PyTree]:
            for chosen in passes.groups(self._passes(), int(batch_size), drop_remainder):
                yield padding.stacked(chosen, padded_shapes, padding_values)

        return Dataset(one_pass, self.batch(batch_size, drop_remainder)._count)

    def window(
        self,
        size: int,
        shift: int | None = None,
        stride: int = 1,
        drop_remainder: bool = False,
        name: str | None = None,
    ) -> Dataset:
        """Return windows that slide over the elements; each is a data set (or a tuple of them), see `flat_map`.

        Args:
            size: elements of a window.
            shift: elements from the start of one window to that of the next; default `size`.
            stride: elements from one of a window to the next.
            drop_remainder: whether to leave out last windows that are shorter.
            name: means nothing.
        """
        sizes = int(size), int(size if shift is None else shift), int(stride)
        if min(sizes) < 1:
            raise ValueError(f"window: size, shift and stride must be positive, got {size}, {shift} and {stride}.")

        def one_pass() -> Iterator[PyTree]:
            for chosen in passes.windows(self._passes(), *sizes, drop_remainder):
                yield jax.tree.map(lambda *parts: _of_list(list(parts)), *chosen)

        return Dataset(one_pass, UNKNOWN_CARDINALITY)

    def flat_map(self, map_func: Callable[..., Dataset], name: str | None = None) -> Dataset:
        """Return the elements of the data sets that a function makes of the elements, one data set after another."""

        def one_pass() -> Iterator[PyTree]:
            for element in self._passes():
                yield from _made_by(map_func, element)._passes()

        return Dataset(one_pass, UNKNOWN_CARDINALITY)

    def interleave(
        self,
        map_func: Callable[..., Dataset],
        cycle_length: int | None = None,
        block_length: int | None = None,
        num_parallel_calls: int | None = None,
        deterministic: bool | None = None,
        name: str | None = None,
    ) -> Dataset:
        """Return the elements of the data sets that a function makes of the elements, from several in turn.

        Args:
            map_func: gives a data set.
            cycle_length: from how many at a time; default 16.
            block_length: how many elements from each; default 1.
            num_parallel_calls, deterministic: change no result here.
            name: means nothing.
        """

        def one_pass() -> Iterator[PyTree]:
            sources = (_made_by(map_func, element)._passes() for element in self._passes())
            return passes.in_turn(sources, cycle_length or 16, block_length or 1)

        return Dataset(one_pass, UNKNOWN_CARDINALITY)

    @staticmethod
    def sample_from_datasets(
        datasets: Any,
        weights: Any = None,
        seed: int | None = None,
        stop_on_empty_dataset: bool = False,
        rerandomize_each_iteration: bool | None = None,
        name: str | None = None,
    ) -> Dataset:
        """Return elements of several data sets, drawn at random.

        Args:
            datasets: the data sets.
            weights: how often to draw from each; default equally often.
            seed: makes the draws reproducible; default from `tf.random.set_seed`.
            stop_on_empty_dataset: whether to end with the first that ends; else the others go on.
            rerandomize_each_iteration: whether each pass draws anew; default only without a seed.
            name: means nothing.
        """
        sets = list(datasets)
        shares = np.full(len(sets), 1.0) if weights is None else np.asarray(weights, float)
        if not sets or shares.shape != (len(sets),):
            raise ValueError(f"sample_from_datasets: {len(sets)} data sets need as many weights, got {weights!r}.")
        base = fresh_seed() if seed is None else int(seed)
        anew = seed is None if rerandomize_each_iteration is None else rerandomize_each_iteration
        passes_so_far = itertools.count()

        def one_pass() -> Iterator[PyTree]:
            seed_of_pass = [base % 2**32, next(passes_so_far) if anew else 0]
            return passes.drawn((one._passes() for one in sets), shares, seed_of_pass, stop_on_empty_dataset)

        infinite = all(one._count == INFINITE_CARDINALITY for one in sets)
        return Dataset(one_pass, INFINITE_CARDINALITY if infinite else UNKNOWN_CARDINALITY)

    def prefetch(self, buffer_size: int | None = None, name: str | None = None) -> Dataset:
        """Return the same elements; `fit` prepares batches ahead in any case."""
        return Dataset(self._passes, self._count)

    def cache(self, filename: str = "", name: str | None = None) -> Dataset:
        """Return the same elements, remembered in memory after the first whole pass.

        Raises:
            ValueError: for a file to keep them in, which lamina does not have.
        """
        if filename:
            raise ValueError("cache: a file is not supported by lamina; leave the name out to keep elements in memory.")
        kept: list[PyTree] | None = None

        def one_pass() -> Iterator[PyTree]:
            nonlocal kept
            if kept is not None:
                yield from kept
                return
            seen = []
            for element in self._passes():
                seen.append(element)
                yield element
            kept = seen

        return Dataset(one_pass, self._count)

    def take(self, count: int, name: str | None = None) -> Dataset:
        """Return the first `count` elements, all of them for -1."""
        count = int(count)
        if count < 0:
            return self.prefetch()
        known = (
            self._count if self._count == UNKNOWN_CARDINALITY else count if self._count < 0 else min(self._count, count)
        )
        return Dataset(lambda: itertools.islice(self._passes(), count), known)

    def skip(self, count: int, name: str | None = None) -> Dataset:
        """Return the elements behind the first `count`; none for -1."""
        count = int(count)
        if count < 0:
            return Dataset(lambda: iter(()), 0)
        known = self._count if self._count < 0 else max(0, self._count - count)
        return Dataset(lambda: itertools.islice(self._passes(), count, None), known)

    def shard(self, num_shards: int, index: int, name: str | None = None) -> Dataset:
        """Return every `num_shards`-th element, from element `index` on."""
        known = self._count if self._count < 0 else len(builtins.range(index, self._count, num_shards))
        return Dataset(lambda: itertools.islice(self._passes(), index, None, num_shards), known)

    def repeat(self, count: int | None = None, name: str | None = None) -> Dataset:
        """Return the elements `count` times; without end for None and -1."""
        times = None if count is None or count < 0 else int(count)

        def one_pass() -> Iterator[PyTree]:
            for _ in itertools.count() if times is None else builtins.range(times):
                empty = True
                for element in self._passes():
                    empty = False
                    yield element
                if empty:
                    return

        if times == 0 or self._count == 0:
            known = 0
        elif times is None or self._count == INFINITE_CARDINALITY:
            known = INFINITE_CARDINALITY
        else:
            known = self._count if self._count < 0 else self._count * times
        return Dataset(one_pass, known)

    def concatenate(self, dataset: Dataset, name: str | None = None) -> Dataset:
        """Return the elements of this data set and then those of another."""
        counts = (self._count, dataset._count)
        known = min(counts) if INFINITE_CARDINALITY not in counts else INFINITE_CARDINALITY
        known = sum(counts) if min(counts) >= 0 else known
        return Dataset(lambda: itertools.chain(self._passes(), dataset._passes()), known)

    def enumerate(self, start: int = 0, name: str | None = None) -> Dataset:
        """Return pairs of a number and an element."""
        return Dataset(
            lambda: ((np.int64(index), element) for index, element in builtins.enumerate(self._passes(), start)),
            self._count,
        )

    def apply(self, transformation_func: Callable[[Dataset], Dataset], name: str | None = None) -> Dataset:
        """Return what a function makes of the data set."""
        return transformation_func(self)

    def reduce(self, initial_state: PyTree, reduce_func: Callable[..., PyTree], name: str | None = None) -> PyTree:
        """Return the state after `state = reduce_func(state, element)` for each element."""
        state = jax.tree.map(jnp.asarray, initial_state)
        for element in self:
            state = reduce_func(state, element)
        return state

    # Passing over it

    def cardinality(self, name: str | None = None) -> Any:
        """Return the number of elements; -1 for infinitely many, -2 where it is not known."""
        return jnp.asarray(self._count)

    @property
    def element_spec(self) -> PyTree:
        """What the elements look like, by the first of them."""
        from lamina.compat.tensorflow.functions import TensorSpec

        first = next(self._passes())
        return jax.tree.map(lambda part: TensorSpec(np.shape(part), np.asarray(part).dtype), first)

    def as_numpy_iterator(self) -> Iterator[PyTree]:
        """Return an iterator of elements with NumPy arrays as leaves."""
        return iter(self._passes())

    def get_single_element(self, name: str | None = None) -> PyTree:
        """Return the only element.

        Raises:
            ValueError: if there is none or more than one.
        """
        found = list(itertools.islice(self, 2))
        if len(found) != 1:
            raise ValueError(f"get_single_element: the data set has {'no' if not found else 'more than one'} element.")
        return found[0]

    def __iter__(self) -> Iterator[PyTree]:
        for element in self._passes():
            yield jax.tree.map(as_tensor, element)

    def __len__(self) -> int:
        if self._count < 0:
            kind = "infinite" if self._count == INFINITE_CARDINALITY else "unknown"
            raise TypeError(f"The number of elements of this data set is {kind}.")
        return self._count

    def __bool__(self) -> bool:
        return True

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        known = [own for own in dir(type(self)) if not own.startswith("_")]
        raise AttributeError(f"tf.data.Dataset of lamina has no {name}. It has: {', '.join(known)}.")

    def __repr__(self) -> str:
        counts = {INFINITE_CARDINALITY: "infinitely many", UNKNOWN_CARDINALITY: "an unknown number of"}
        return f"<tf.data.Dataset of lamina with {counts.get(self._count, self._count)} elements>"


def _of_list(elements: list[Any]) -> Dataset:
    return Dataset(lambda: iter(elements), len(elements))


def _made_by(function: Callable[..., Any], element: PyTree) -> Dataset:
    made = _called(function, element)
    if not isinstance(made, Dataset):
        raise TypeError(f"flat_map and interleave need a function that returns a data set, got {type(made).__name__}.")
    return made


def _called(function: Callable[..., Any], element: PyTree) -> Any:
    element = jax.tree.map(as_tensor, element)
    return function(*element) if isinstance(element, tuple) else function(element)
