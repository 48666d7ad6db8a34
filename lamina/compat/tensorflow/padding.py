"""`Dataset.padded_batch`: elements of different shapes, filled up and stacked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from lamina.typing import PyTree


def stacked(elements: list[PyTree], padded_shapes: PyTree, padding_values: PyTree) -> PyTree:
    """Return elements stacked, the shorter ones filled up at the end of each axis.

    Args:
        elements: of one structure, with NumPy arrays as leaves.
        padded_shapes: sizes to fill up to, by part; None (or -1) for that of the longest.
        padding_values: what to fill with, by part; None for 0, or "" where there is text.

    Raises:
        ValueError: if an element is larger than it should become.
    """
    rows = [jax.tree.leaves(element) for element in elements]
    structure = jax.tree.structure(elements[0])
    sizes = _by_part(padded_shapes, structure, _is_sizes)
    values = _by_part(padding_values, structure, None)
    columns = [_padded(list(parts), *how) for parts, *how in zip(zip(*rows), sizes, values, strict=True)]
    return jax.tree.unflatten(structure, columns)


def _is_sizes(value: Any) -> bool:
    return (
        value is None or isinstance(value, list | tuple) and all(one is None or isinstance(one, int) for one in value)
    )


def _by_part(given: PyTree, structure: Any, is_leaf: Callable[[Any], bool] | None) -> list[Any]:
    if given is None:
        return [None] * structure.num_leaves
    leaves = jax.tree.leaves(given, is_leaf=is_leaf)
    return leaves * structure.num_leaves if len(leaves) == 1 else leaves


def _padded(parts: list[Any], sizes: Any, value: Any) -> np.ndarray:
    arrays = [np.asarray(part) for part in parts]
    if not arrays[0].ndim:
        return np.stack(arrays)
    longest = np.max([array.shape for array in arrays], axis=0)
    wanted = [own if size in (None, -1) else size for size, own in zip(sizes or [None] * len(longest), longest)]
    if any(own > size for size, own in zip(wanted, longest)):
        raise ValueError(f"padded_batch: an element of shape {tuple(longest)} does not fit into {tuple(wanted)}.")
    nothing = "" if arrays[0].dtype.kind in "USO" else 0
    filled = np.full((len(arrays), *wanted), nothing if value is None else value, arrays[0].dtype)
    for row, array in zip(filled, arrays):
        row[tuple(slice(size) for size in array.shape)] = array
    return filled
