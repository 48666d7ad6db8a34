"""`Dataset.map`: a function of one element, run on many at a time where it can be."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lamina.compat.tensorflow.text import as_text
from lamina.random.global_seed import position
from lamina.typing import PyTree

_CHUNK = 64  # elements at a time: calling costs little, and a first batch comes soon


def mapped(function: Callable[..., PyTree], elements: Iterator[PyTree]) -> Iterator[PyTree]:
    """Yield the results of a function of each element, with NumPy arrays as leaves."""

    def of_one(element: PyTree) -> PyTree:
        result = function(*element) if isinstance(element, tuple) else function(element)
        return tuple(result) if isinstance(result, list) else result

    of_many: Any = jax.jit(jax.vmap(of_one))
    while chunk := list(itertools.islice(elements, _CHUNK)):
        stacked = None if of_many is None else _stacked(chunk)
        before, results = position(), None
        if stacked is not None:
            try:
                results = of_many(stacked)
            except Exception:  # whatever can't be traced runs plainly, and an error of its own is raised there
                of_many = None
            if position() != before:  # it drew random numbers: one draw must not serve all elements
                of_many = results = None
        if results is None:
            for element in chunk:
                yield jax.tree.map(_host, of_one(jax.tree.map(as_tensor, element)))
        else:
            leaves, structure = jax.tree.flatten(jax.tree.map(np.asarray, results))
            for index in range(len(chunk)):
                yield jax.tree.unflatten(structure, [leaf[index] for leaf in leaves])


def _stacked(chunk: list[PyTree]) -> PyTree:
    """Return a chunk of elements as one of `_CHUNK` rows, or None where they differ in shape or hold no numbers."""
    rows = [*chunk, *[chunk[-1]] * (_CHUNK - len(chunk))]  # one size, or the last chunk would be compiled for itself
    try:
        stacked = jax.tree.map(lambda *parts: np.stack(parts), *rows)
    except ValueError:
        return None
    return stacked if all(leaf.dtype.kind in "biuf" for leaf in jax.tree.leaves(stacked)) else None


def as_tensor(part: Any) -> Any:
    """Return a part of an element as scripts see it: a tensor, text, or a data set (of a window) as it is."""
    if hasattr(part, "as_numpy_iterator"):
        return part
    return as_text(part) if np.asarray(part).dtype.kind in "USO" else jnp.asarray(part)


def _host(part: Any) -> Any:
    return part if hasattr(part, "as_numpy_iterator") else np.asarray(part)
