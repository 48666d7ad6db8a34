"""Masks of arrays, known for the length of one call.

`Sequential` and Functional models hand masks from layer to layer. In a `call` that its user wrote nobody does, so every
layer notes the mask of its outputs in the scope of the call in progress, and the layers that get those outputs find it
there. Nothing is attached to an array, and nothing outlives the outermost call.
"""

from __future__ import annotations

from typing import Any

import jax

from lamina.core import binding
from lamina.typing import PyTree


def note(outputs: PyTree, masks: PyTree) -> None:
    """Remember the masks of arrays that a layer returned; one mask serves several outputs."""
    table = binding.current().masks
    if table is None or masks is None:
        return
    arrays = jax.tree.leaves(outputs)
    leaves = jax.tree.leaves(masks, is_leaf=_is_none)
    if len(leaves) == 1:
        leaves = leaves * len(arrays)
    if len(leaves) == len(arrays):
        # The array is kept beside its mask, so that its identity belongs to no other one meanwhile.
        table.update({id(array): (array, mask) for array, mask in zip(arrays, leaves) if mask is not None})


def of(structure: PyTree) -> PyTree:
    """Return the masks of arrays in their structure, with None where one has none; None if no array has one."""
    table = binding.current().masks
    if not table:
        return None
    masks = jax.tree.map(lambda leaf: table.get(id(leaf), (None, None))[1], structure, is_leaf=_is_none)
    return masks if jax.tree.leaves(masks) else None


def of_all(structure: PyTree) -> PyTree:
    """As `of`, but None unless every array has a mask."""
    masks = of(structure)
    return masks if len(jax.tree.leaves(masks)) == len(jax.tree.leaves(structure)) else None


def _is_none(value: Any) -> bool:
    return value is None
