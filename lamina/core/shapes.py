"""Shape inference: run the layer's own code on abstract arrays."""

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import jax

from lamina.core import binding
from lamina.core.symbolic import KerasTensor, is_symbolic
from lamina.errors import plain_errors
from lamina.typing import PyTree, Shape

# Two sizes stand in for None, one after the other: an output axis that changes with them is unknown, too. Primes, so
# that divisibility can't be assumed, and of a kind that is hardly ever met, so that messages can be put right.
_STAND_INS = (997, 991)
_MOST_PARTS = 10_000


def infer(function: Callable[..., Any], *args: PyTree, **kwargs: PyTree) -> PyTree:
    """Return the outputs of `function` with a `KerasTensor` in the place of each array.

    Args:
        function: is traced, not run; what it assigns to variables is dropped.
        args, kwargs: arguments, with a `KerasTensor` for each array.
    """
    leaves, structure = jax.tree.flatten((args, kwargs), is_leaf=is_symbolic)
    try:
        return _infer(function, leaves, structure)
    except (TypeError, ValueError):
        # An input of any batch size may meet one of a size that is fixed, as stateful layers want it.
        batches = {leaf.shape[0] for leaf in leaves if is_symbolic(leaf) and leaf.shape} - {None}
        if len(batches) == 1:
            fixed = [_of_batch_size(leaf, *batches) if is_symbolic(leaf) else leaf for leaf in leaves]
            if fixed != leaves:
                with suppress(TypeError, ValueError):
                    return _infer(function, fixed, structure)
        raise


def _infer(function: Callable[..., Any], leaves: list[Any], structure: Any) -> PyTree:
    unknown = any(is_symbolic(leaf) and None in leaf.shape for leaf in leaves)
    results = [_trace(function, leaves, structure, size) for size in (_STAND_INS if unknown else _STAND_INS[:1])]
    return jax.tree.map(_merge, *results)


def _of_batch_size(tensor: KerasTensor, size: int) -> KerasTensor:
    """Return the tensor with `size` in the place of a batch size that is not known."""
    return KerasTensor((size, *tensor.shape[1:]), tensor.dtype) if tensor.shape[:1] == (None,) else tensor


def infer_shape(function: Callable[..., Any], input_shape: PyTree, dtype: object = None) -> PyTree:
    """Return the output shape of a function of arrays for a (structure of) input shapes."""
    inputs = map_shapes(lambda shape: KerasTensor(shape, dtype), input_shape)
    outputs = infer(function, inputs)
    return jax.tree.map(lambda tensor: tensor.shape, outputs, is_leaf=is_symbolic)


def declared_shape(leaf: Any) -> Shape:
    """Return the shape of an array or tensor, with None again where a stand-in is being traced.

    The last axis is left alone: it holds features, and their number is known.
    """
    stand_in = binding.current().abstract
    if not stand_in:
        return leaf.shape
    last = len(leaf.shape) - 1
    return tuple(
        None if size == stand_in and (axis < last or axis == 0) else size for axis, size in enumerate(leaf.shape)
    )


def check_parts(count: int, function: str) -> None:
    """Raise if a function in a graph would give more arrays than a graph can have: the number may come from a file."""
    if count > _MOST_PARTS and binding.current().abstract:
        raise ValueError(f"{function} would give {count:,} arrays; in a graph it gives at most {_MOST_PARTS:,}.")


def is_shape(value: Any) -> bool:
    """Tell a shape, such as `(None, 3)`, from a structure of shapes."""
    return isinstance(value, tuple | list) and all(size is None or isinstance(size, int) for size in value)


def map_shapes(function: Callable[[Shape], Any], shapes: PyTree) -> PyTree:
    """Apply `function` to each shape in a structure of shapes."""
    return jax.tree.map(lambda shape: function(tuple(shape)), shapes, is_leaf=is_shape)


def _trace(function: Callable[..., Any], leaves: list[Any], structure: Any, size: int) -> PyTree:
    symbolic = [index for index, leaf in enumerate(leaves) if is_symbolic(leaf)]
    abstract = [
        jax.ShapeDtypeStruct(tuple(size if axis is None else axis for axis in leaves[index].shape), leaves[index].dtype)
        for index in symbolic
    ]

    def run(arrays: list[Any]) -> PyTree:
        filled = list(leaves)
        for index, array in zip(symbolic, arrays, strict=True):
            filled[index] = array
        args, kwargs = jax.tree.unflatten(structure, filled)
        with binding.within(values={}, losses=[], draws={}, masks={}, abstract=size):
            return function(*args, **kwargs)

    def in_declared_sizes(text: str) -> str:
        text = re.sub(rf"\b{size}\b", "None", re.sub(r" \(size \d+\)", "", text))
        # Several axes that became one have a multiple of the size.
        return re.sub(r"(?<=[( ])\d{4,}(?=[,)])", lambda found: found[0] if int(found[0]) % size else "None", text)

    with plain_errors(in_declared_sizes):
        return jax.eval_shape(run, abstract)


def _merge(first: Any, second: Any = None) -> KerasTensor:
    second = first if second is None else second
    shape = tuple(a if a == b else None for a, b in zip(first.shape, second.shape, strict=True))
    return KerasTensor(shape, first.dtype)
