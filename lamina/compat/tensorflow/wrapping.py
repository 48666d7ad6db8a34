"""Functions in TensorFlow's signature, made of lamina's operations.

`name=` labels an operation in TensorFlow's graphs. There are none here, so it is taken everywhere and means nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lamina import ops
from lamina.core.symbolic import is_symbolic


def unary(operation: Callable[..., Any]) -> Callable[..., Any]:
    """Return `operation` as a function `(x, name=None)`."""

    def function(x: Any, name: str | None = None) -> Any:
        return operation(x)

    return _named(function, operation)


def binary(operation: Callable[..., Any]) -> Callable[..., Any]:
    """Return `operation` as a function `(x, y, name=None)`."""

    def function(x: Any, y: Any, name: str | None = None) -> Any:
        return operation(x, y)

    return _named(function, operation)


def reduction(operation: Callable[..., Any]) -> Callable[..., Any]:
    """Return `operation` as a function `(input_tensor, axis=None, keepdims=False, name=None)`."""

    def function(input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None) -> Any:
        if isinstance(axis, list):
            axis = tuple(axis)
        return operation(input_tensor, axis=axis, keepdims=keepdims)

    return _named(function, operation)


def tensor(value: Any, dtype: Any = None) -> Any:
    """Return `value` as an array; symbolic tensors stay what they are."""
    return value if is_symbolic(value) and dtype is None else ops.convert_to_tensor(value, dtype=dtype)


def _named(function: Callable[..., Any], operation: Callable[..., Any]) -> Callable[..., Any]:
    function.__name__ = function.__qualname__ = operation.__name__
    function.__doc__ = operation.__doc__
    return function
