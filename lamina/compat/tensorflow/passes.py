"""What a pass over a `tf.data.Dataset` does to the elements: in groups, in windows, from several sources in turn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import numpy as np


def groups(elements: Iterator[Any], size: int, drop_remainder: bool) -> Iterator[list[Any]]:
    """Give so many elements at a time, and in the end those that are left, unless they are to be dropped."""
    while chosen := list(islice(elements, size)):
        if len(chosen) == size or not drop_remainder:
            yield chosen


def windows(elements: Iterator[Any], size: int, shift: int, stride: int, drop_remainder: bool) -> Iterator[list[Any]]:
    """Give lists of `size` elements, `stride` apart; each list starts `shift` behind the one before."""
    reach = (size - 1) * stride + 1
    held = list(islice(elements, reach))
    while held and (len(held) == reach or not drop_remainder):
        yield held[::stride]
        passed_over = max(0, shift - reach)
        next(islice(elements, passed_over, passed_over), None)
        held = held[shift:]
        held += islice(elements, reach - len(held))


def in_turn(sources: Iterator[Iterator[Any]], at_once: int, block: int) -> Iterator[Any]:
    """Give `block` elements of each of `at_once` sources, over and over; the next source follows one that has ended."""
    cycle: list[Iterator[Any] | None] = list(islice(sources, at_once))
    while cycle:
        for place, source in enumerate(cycle):
            chosen = list(islice(source or (), block))
            yield from chosen
            if len(chosen) < block:
                cycle[place] = next(sources, None)
        cycle = [source for source in cycle if source is not None]


def drawn(sources: Iterable[Iterator[Any]], shares: np.ndarray, seed: list[int], until_one_ends: bool) -> Iterator[Any]:
    """Give elements of sources drawn at random, as often as `shares` says, until all of them (or one) have ended."""
    generator, sources, left = np.random.default_rng(seed), list(sources), shares.copy()
    while left.sum() > 0:
        place = int(generator.choice(len(sources), p=left / left.sum()))
        try:
            yield next(sources[place])
        except StopIteration:
            if until_one_ends:
                return
            left[place] = 0


def shuffled(elements: Iterator[Any], size: int, seed: list[int]) -> Iterator[Any]:
    """Give elements in random order, each drawn from the next `size` that were not given yet."""
    generator = np.random.default_rng(seed)
    buffer = list(islice(elements, size))
    for element in elements:
        place = int(generator.integers(len(buffer)))
        yield buffer[place]
        buffer[place] = element
    for place in generator.permutation(len(buffer)):
        yield buffer[place]
