"""Elements chosen by index, condition, order or value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from lamina.core.recording import OPERATIONS, Operation, as_array, get_item, operation, recording
from lamina.typing import Array, ArrayLike

__all__ = [
    "argpartition", "argsort", "bincount", "digitize", "get_item", "histogram", "isin", "nonzero",
    "searchsorted", "select", "sort", "take", "take_along_axis", "unique", "unravel_index", "where",
]  # fmt: skip


@operation
def argpartition(x: ArrayLike, kth: int, axis: int = -1) -> Array:
    """Return indices that put the `kth` element in its sorted place, lesser ones before, greater ones after."""
    return jnp.argpartition(x, kth, axis)


@operation
def argsort(x: ArrayLike, axis: int | None = -1) -> Array:
    """Return the indices that sort `x`; equal elements keep their order."""
    return jnp.argsort(x, axis)


@operation
def bincount(x: ArrayLike, weights: Any = None, minlength: int = 0, sparse: bool = False) -> Array:
    """Return how often each whole number occurs, by row; or the sums of `weights` of each number."""
    return _bincount(x, weights, minlength, sparse)


@operation
def digitize(x: ArrayLike, bins: ArrayLike) -> Array:
    """Return the index of the bin that each element falls into; `bins` are increasing bounds."""
    return jnp.digitize(x, bins)


@operation
def histogram(x: ArrayLike, bins: int = 10, range: Sequence[float] | None = None) -> tuple[Array, Array]:
    """Return the numbers of elements in bins of equal width, and the bounds of the bins."""
    return _histogram(x, bins, range)


@operation(class_name="IsIn")
def isin(x1: ArrayLike, x2: ArrayLike, assume_unique: bool = False, invert: bool = False) -> Array:
    """Tell which elements of `x1` occur in `x2`; with `invert`, which do not."""
    return jnp.isin(x1, x2, assume_unique, invert)


@operation
def nonzero(x: ArrayLike) -> tuple[Array, ...]:
    """Return the indices of the elements that are not zero, an array an axis; not in compiled functions."""
    return jnp.nonzero(x)


@operation(class_name="SearchSorted")
def searchsorted(sorted_sequence: ArrayLike, values: ArrayLike, side: str = "left") -> Array:
    """Return where values belong in a sorted sequence, before equal ones or after (side "right")."""
    return jnp.searchsorted(sorted_sequence, values, side)


@operation
def select(condlist: Sequence[ArrayLike], choicelist: Sequence[ArrayLike], default: ArrayLike = 0) -> Array:
    """Return elements of the first choice whose condition holds, or `default`."""
    return jnp.select(list(condlist), list(choicelist), default)


@operation
def sort(x: ArrayLike, axis: int | None = -1) -> Array:
    """Return `x` with its elements in increasing order."""
    return jnp.sort(x, axis)


@operation
def take(x: ArrayLike, indices: ArrayLike, axis: int | None = None) -> Array:
    """Return the elements at indices along an axis; negative ones count from the end, missing ones give NaN."""
    return jnp.take(x, indices, axis)


@operation
def take_along_axis(x: ArrayLike, indices: ArrayLike, axis: int | None = None) -> Array:
    """Return the elements at the indices of each row along an axis."""
    return jnp.take_along_axis(x, indices, axis)


@operation
def unique(
    x: ArrayLike,
    sorted: bool = True,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    size: int | None = None,
    fill_value: Any = None,
) -> Any:
    """Return the elements without repetitions; pass `size` inside compiled functions."""
    return jnp.unique(
        x, return_index, return_inverse, return_counts, axis, size=size, fill_value=fill_value, sorted=sorted
    )


@operation
def unravel_index(indices: ArrayLike, shape: Any) -> tuple[Array, ...]:
    """Return flat indices as indices of each axis of a shape."""
    return jnp.unravel_index(indices, shape)


@operation
def where(condition: ArrayLike, x1: ArrayLike | None = None, x2: ArrayLike | None = None) -> Any:
    """Return `x1` where a condition holds, else `x2`; without them the indices at which it holds.

    Raises:
        ValueError: if one of `x1` and `x2` is given without the other.
    """
    if (x1 is None) != (x2 is None):
        raise ValueError("where: give both x1 and x2, or neither.")
    condition = jnp.asarray(condition)
    return jnp.nonzero(condition) if x1 is None else jnp.where(condition.astype(bool), x1, x2)


get_item = recording(get_item, class_name="GetItem")
OPERATIONS["GetItem"] = Operation(get_item, __name__)


def _bincount(x: Array, weights: Array | None, minlength: int, sparse: bool) -> Array:
    if sparse:
        raise ValueError("bincount: sparse=True is not supported: JAX's arrays are dense. Leave it out.")
    if isinstance(x, jax.core.Tracer) and not minlength:
        raise ValueError("Inside a compiled function, bincount needs minlength=...: it can't depend on the data.")
    weights = None if weights is None else as_array(weights)
    length = minlength if isinstance(x, jax.core.Tracer) else max(minlength, int(x.max()) + 1)
    if x.ndim <= 1:
        return jnp.bincount(x, weights, length=length)
    rows = jnp.ones_like(x) if weights is None else weights
    hits = x[..., None] == jnp.arange(length)
    return jnp.sum(hits * rows[..., None], axis=-2).astype(rows.dtype)


def _histogram(x: Array, bins: int, limits: Sequence[float] | None) -> tuple[Array, Array]:
    if not isinstance(bins, int) or bins <= 0:
        raise ValueError(f"histogram: bins must be a positive whole number, got {bins!r}.")
    if limits is not None and not limits[0] < limits[1]:
        raise ValueError(f"histogram: range must be (least, greatest), got {limits!r}.")
    return jnp.histogram(x, bins, limits)
