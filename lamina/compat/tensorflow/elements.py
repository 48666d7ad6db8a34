"""Elements of a `tf.data.Dataset`: structures of NumPy arrays."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from lamina.config import standardize_dtype
from lamina.typing import PyTree


class Sizes:
    """A shape, as one leaf of a structure."""

    def __init__(self, shape: Any) -> None:
        self.shape = None if shape is None else tuple(shape)


def is_spec(value: Any) -> bool:
    """Tell whether a value announces a part of an element, as `tf.TensorSpec` does."""
    return hasattr(value, "dtype") and hasattr(value, "shape")


def as_columns(tensors: PyTree) -> PyTree:
    """Return what a data set is made of as NumPy arrays, in tuples and dictionaries."""
    if isinstance(tensors, dict):
        return {key: as_columns(value) for key, value in tensors.items()}
    if isinstance(tensors, tuple):
        return tuple(as_columns(part) for part in tensors)
    column = np.asarray(tensors.to_numpy() if hasattr(tensors, "to_numpy") else tensors)
    if column.dtype == np.float64 and isinstance(tensors, list):
        column = column.astype("float32")  # what TensorFlow makes of Python's floats
    if column.dtype.kind == "O":
        raise ValueError("from_tensor_slices: the rows differ in length; see keras.utils.pad_sequences.")
    return column


def conforming(element: PyTree, types: PyTree, shapes: PyTree) -> PyTree:
    """Return an element of a generator as NumPy arrays of the announced dtypes, or raise if it is none."""

    def leaf(dtype: Any, part: Any, sizes: Sizes | None = None) -> np.ndarray:
        name = standardize_dtype(dtype)
        array = np.asarray(part) if name == "string" else np.asarray(part, name)
        wanted = None if sizes is None else sizes.shape
        if wanted is not None and (
            len(wanted) != array.ndim or any(size not in (None, got) for size, got in zip(wanted, array.shape))
        ):
            raise ValueError(f"from_generator: an element has shape {array.shape}, but {wanted} was announced.")
        return array

    def is_leaf(value: Any) -> bool:
        return not isinstance(value, tuple | dict)

    others = (element,) if shapes is None else (element, shapes)
    try:
        return jax.tree.map(leaf, types, *others, is_leaf=is_leaf)
    except (TypeError, ValueError) as error:
        if "announced" in str(error):
            raise
        raise TypeError(
            f"from_generator: an element is {type(element).__name__} {element!r:.80}, which does not go with "
            f"{types!r}: {error}"
        ) from None


def stacked(elements: list[PyTree]) -> PyTree:
    """Return elements as one, with an axis more in front."""
    try:
        return jax.tree.map(lambda *parts: np.stack([np.asarray(part) for part in parts]), *elements)
    except ValueError:
        shapes = [jax.tree.map(np.shape, element) for element in elements]
        other = next((shape for shape in shapes if shape != shapes[0]), shapes[0])
        raise ValueError(f"batch: the elements differ in shape, for example {shapes[0]} and {other}.") from None
