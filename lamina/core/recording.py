"""Functions called on symbolic tensors: what `x + y`, `x[:, 0]` and `lamina.ops` functions leave in a graph."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from lamina.core import shapes
from lamina.core.symbolic import KerasTensor, Node, symbolic_leaves
from lamina.typing import PyTree


class RecordedFunction:
    """A function of arrays as an operation of a graph.

    Args:
        function: the function.
        name: default the function's; made unique inside a model.
    """

    def __init__(self, function: Callable[..., PyTree], name: str | None = None) -> None:
        self.function = function
        self.function_name = name or function.__name__
        self.name = self.function_name
        self.name_is_automatic = True

    def __call__(self, *args: Any, **kwargs: Any) -> PyTree:
        return self.function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<function {self.function_name} in a graph>"


def record(function: Callable[..., PyTree], *args: Any, name: str | None = None, **kwargs: Any) -> PyTree:
    """Return the symbolic outputs of a function of symbolic tensors, with the call recorded.

    Args:
        function: a pure function of arrays.
        args, kwargs: its arguments, with symbolic tensors for arrays.
        name: how the operation is called; default the function's name.
    """
    outputs = shapes.infer(function, *args, **kwargs)
    Node(RecordedFunction(function, name), args, kwargs, outputs)
    return outputs


def recording(function: Callable[..., PyTree]) -> Callable[..., PyTree]:
    """Return `function` so that it computes on arrays and is recorded on symbolic tensors."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> PyTree:
        if symbolic_leaves((args, kwargs)):
            return record(function, *args, **kwargs)
        return function(*args, **kwargs)

    return call


def get_item(x: jax.Array, key: Any) -> jax.Array:
    """Return `x[key]`, where `key` may be a list that stands for a tuple, as files hold it."""
    return x[tuple(key) if isinstance(key, list) else key]


_OPERATORS: dict[str, Callable[..., Any]] = {
    "add": jnp.add,
    "sub": jnp.subtract,
    "mul": jnp.multiply,
    "truediv": jnp.true_divide,
    "floordiv": jnp.floor_divide,
    "mod": jnp.mod,
    "pow": jnp.power,
    "matmul": jnp.matmul,
    "and": jnp.logical_and,
    "or": jnp.logical_or,
    "xor": jnp.logical_xor,
    "lt": jnp.less,
    "le": jnp.less_equal,
    "gt": jnp.greater,
    "ge": jnp.greater_equal,
    "ne": jnp.not_equal,
    "neg": jnp.negative,
    "abs": jnp.absolute,
    "invert": jnp.logical_not,
}
_REFLECTED = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor")


def _operator(function: Callable[..., Any], reflected: bool = False) -> Callable[..., Any]:
    name = function.__name__

    def apply(self: KerasTensor, *others: Any) -> Any:
        arguments = (*others, self) if reflected else (self, *others)
        return record(function, *arguments, name=name)

    return apply


for _name, _function in _OPERATORS.items():
    setattr(KerasTensor, f"__{_name}__", _operator(_function))
for _name in _REFLECTED:
    setattr(KerasTensor, f"__r{_name}__", _operator(_OPERATORS[_name], reflected=True))
KerasTensor.__getitem__ = lambda self, key: record(get_item, self, key)  # type: ignore[attr-defined]
