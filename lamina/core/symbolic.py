"""Symbolic tensors: what `Input()` gives, and what layers called on it record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from lamina import config
from lamina.typing import PyTree, Shape


class KerasTensor:
    """A stand-in for an array of known shape and dtype, from which a Functional model is recorded.

    Args:
        shape: sizes by axis, None where unknown; the first is the batch.
        dtype: None for `lamina.config.floatx()`.
        sparse, ragged: must be False; JAX has dense arrays.
        record_history: must be True; a graph is what a symbolic tensor is for.
        name: default the name of what made it.
        node: the call that made it; None for inputs.
        index: its place among the outputs of that call.

    Raises:
        ValueError: for a sparse or ragged tensor, or one that would not record.
    """

    sparse = ragged = False
    ragged_rank = row_splits_dtype = None

    def __init__(
        self,
        shape: Shape,
        dtype: object = "float32",
        sparse: bool = False,
        ragged: bool = False,
        record_history: bool = True,
        name: str | None = None,
        *,
        ragged_rank: int | None = None,
        row_splits_dtype: object = None,
        node: Node | None = None,
        index: int = 0,
    ) -> None:
        if sparse or ragged or ragged_rank is not None or row_splits_dtype is not None:
            raise ValueError("KerasTensor can't be sparse or ragged: JAX has dense arrays. Pad rows to one length.")
        if not record_history:
            raise ValueError("KerasTensor always records what is done with it; leave record_history at True.")
        self.shape = tuple(shape)
        self.dtype = config.standardize_dtype(dtype)
        self.name = name
        self.node = node
        self.index = index

    @property
    def ndim(self) -> int:
        return len(self.shape)

    def __repr__(self) -> str:
        name = f", name={self.name}" if self.name else ""
        return f"<KerasTensor shape={self.shape}, dtype={self.dtype}{name}>"

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise TypeError(
            f"{self!r} has no values yet: it describes data that the model will be given. Use lamina.ops functions "
            "or layers on it instead of NumPy."
        )

    def __float__(self) -> float:
        raise TypeError(f"{self!r} is no number: it has no values yet. Call the model on data and look at the result.")

    __int__ = __index__ = __float__

    def numpy(self) -> Any:
        """Raise TypeError: there are no values yet."""
        raise TypeError(
            f"{self!r} has no values yet, so there is nothing to look at. Call the model on data: model.predict(x)."
        )

    def __bool__(self) -> bool:
        raise TypeError(
            f"{self!r} has no truth value: it describes data that the model will be given. "
            "Use lamina.ops.where or lamina.ops.cond instead of a Python `if`."
        )

    def __iter__(self) -> Any:
        raise TypeError(f"{self!r} can't be iterated over; index it (x[:, 0]) or use lamina.ops.unstack.")

    def __len__(self) -> int:
        raise TypeError(f"{self!r} has no length that Python may ask for; use its .shape.")


class Node:
    """One call in a graph: which operation was called on which tensors and what came out.

    Attributes:
        operation: the callable; a layer, or a `lamina.ops` function.
        args, kwargs: its arguments, with a `KerasTensor` for each array.
        outputs: structure of `KerasTensor`.
    """

    def __init__(self, operation: Callable[..., Any], args: tuple, kwargs: dict[str, Any], outputs: PyTree) -> None:
        self.operation: Any = operation
        self.args = args
        self.kwargs = kwargs
        self.outputs = outputs
        name = getattr(operation, "name", None) or getattr(operation, "__name__", None)
        for index, tensor in enumerate(jax.tree.leaves(outputs, is_leaf=is_symbolic)):
            tensor.node, tensor.index = self, index
            tensor.name = tensor.name or name

    @property
    def inputs(self) -> list[KerasTensor]:
        """The symbolic tensors among the arguments, in order."""
        return symbolic_leaves((self.args, self.kwargs))


def is_symbolic(value: Any) -> bool:
    """Return whether `value` is a symbolic tensor."""
    return isinstance(value, KerasTensor)


def is_keras_tensor(x: Any) -> bool:
    """Return whether `x` is a symbolic tensor, made by `Input` or by a layer called on one."""
    return is_symbolic(x)


def get_source_inputs(tensor: KerasTensor) -> list[KerasTensor]:
    """Return the symbolic inputs that a symbolic tensor is computed from, each once.

    Args:
        tensor: what `Input` or a layer gave.

    Raises:
        TypeError: for something else.
    """
    if not is_symbolic(tensor):
        raise TypeError(f"get_source_inputs takes a symbolic tensor, got {type(tensor).__name__}.")
    found: dict[int, KerasTensor] = {}
    seen: set[int] = set()
    waiting = [tensor]
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        needed = one.node.inputs if one.node is not None else []
        if needed:
            waiting.extend(reversed(needed))
        else:
            found[id(one)] = one
    return list(found.values())


def symbolic_leaves(structure: PyTree) -> list[KerasTensor]:
    """Return the symbolic tensors of a structure, in order."""
    return [leaf for leaf in jax.tree.leaves(structure, is_leaf=is_symbolic) if is_symbolic(leaf)]


def described(tensors: list[KerasTensor]) -> str:
    """Return which layers or functions symbolic tensors come from, with their shapes, for messages."""
    return " and ".join(f"{tensor.name!r} of shape {tensor.shape}" for tensor in tensors)


def dtype_of(value: Any) -> str:
    """Return the dtype name of an array, a symbolic tensor or a Python number."""
    return config.standardize_dtype(getattr(value, "dtype", None) or jnp.result_type(value))
