"""Functions called on symbolic tensors: what `x + y`, `x[:, 0]` and `lamina.ops` functions leave in a graph."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from lamina.core import shapes
from lamina.core.naming import snake_case
from lamina.core.symbolic import KerasTensor, Node, is_symbolic, symbolic_leaves
from lamina.core.variable import Variable
from lamina.typing import PyTree


class RecordedFunction:
    """A function of arrays as an operation of a graph.

    Args:
        function: the function.
        class_name: what files call the operation, such as "ExpandDims".
        settings: arguments that are no arrays, such as an axis; they belong to the operation, not to its call.
    """

    def __init__(
        self, function: Callable[..., PyTree], class_name: str, settings: Mapping[str, Any] | None = None
    ) -> None:
        self.function = function
        self.class_name = class_name
        self.settings = dict(settings or {})
        self.name = snake_case(class_name)
        self.name_is_automatic = True

    def __call__(self, *args: Any, **kwargs: Any) -> PyTree:
        return self.function(*args, **kwargs, **self.settings)

    def __repr__(self) -> str:
        return f"<{self.class_name} name={self.name}, a function in a graph>"

    def call_recorded(self, *args: Any, **kwargs: Any) -> PyTree:
        """Return the symbolic outputs for symbolic tensors, with the call recorded as one of this operation."""
        outputs = shapes.infer(self, *args, **kwargs)
        Node(self, args, kwargs, outputs)
        return outputs


def record(function: Callable[..., PyTree], *args: Any, class_name: str | None = None, **kwargs: Any) -> PyTree:
    """Return the symbolic outputs of a function of symbolic tensors, with the call recorded.

    Args:
        function: a pure function of arrays.
        args, kwargs: its arguments, with symbolic tensors for arrays.
        class_name: what files call the operation; default the function's name in camel case.
    """
    return RecordedFunction(function, class_name or camel_case(_name_of(function))).call_recorded(*args, **kwargs)


class Operation(NamedTuple):
    """What is known of a function that graphs may hold.

    Attributes:
        function: the function.
        module: where it is defined, such as "lamina.ops.numpy.products".
    """

    function: Callable[..., PyTree]
    module: str


OPERATIONS: dict[str, Operation] = {}
"""The functions that `operation` made, by the name that files use."""


def operation(
    function: Callable[..., PyTree] | None = None, *, class_name: str | None = None
) -> Callable[..., Any]:
    """Decorate a function of arrays so that it takes anything array-like and is recorded on symbolic tensors.

    Its annotations say what its parameters are: those that mention `ArrayLike` (also in a sequence) are arrays, and
    lists, numbers and Variables are converted; all others are settings, which files keep with the operation.

    Args:
        function: the function.
        class_name: what files call the operation; default the function's name in camel case.

    Example:
        >>> from lamina.core.recording import operation
        >>> from lamina.typing import ArrayLike
        >>> @operation
        ... def scale(x: ArrayLike, factor: float = 2.0):
        ...     return x * factor
        >>> scale([1.0, 2.0]).tolist()
        [2.0, 4.0]
        >>> scale(lamina.Input((3,)), factor=5.0).shape
        (None, 3)
    """
    if function is None:
        return functools.partial(operation, class_name=class_name)
    known_as = class_name or camel_case(function.__name__)
    signature = inspect.signature(function)
    arrays = {name: p for name, p in signature.parameters.items() if "ArrayLike" in str(p.annotation)}

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> PyTree:
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError:
            return function(*args, **kwargs)  # says which argument of which function
        given = bound.arguments
        symbolic = False
        for name, value in given.items():
            given[name], found = _prepared(value) if name in arrays else _plain_setting(value)
            symbolic = symbolic or found
        if not symbolic:
            return function(*bound.args, **bound.kwargs)
        bound.apply_defaults()
        positional, keywords, settings = _sorted_arguments(given, arrays)
        return RecordedFunction(function, known_as, settings).call_recorded(*positional, **keywords)

    OPERATIONS[known_as] = Operation(call, function.__module__)
    return call


def recording(function: Callable[..., PyTree], class_name: str | None = None) -> Callable[..., PyTree]:
    """Return `function` so that it computes on arrays and is recorded, as a whole, on symbolic tensors."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> PyTree:
        if symbolic_leaves((args, kwargs)):
            return record(function, *args, class_name=class_name, **kwargs)
        return function(*args, **kwargs)

    return call


def camel_case(name: str) -> str:
    """Return `expand_dims` as `ExpandDims`."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def _name_of(function: Callable[..., Any]) -> str:
    name = getattr(function, "__name__", type(function).__name__)
    return name if name.isidentifier() else "function"


def _prepared(value: Any) -> tuple[Any, bool]:
    """Return an argument that stands for arrays in a form that `jax.numpy` takes, and whether any is symbolic."""
    if isinstance(value, jax.Array) or value is None:
        return value, False
    if isinstance(value, KerasTensor):
        return value, True
    if isinstance(value, Variable):
        return value.value, False
    if isinstance(value, bool | int | float | complex | np.ndarray | np.generic):
        return jnp.asarray(value), False
    if isinstance(value, list | tuple):
        if not value or not any(_is_array(leaf) for leaf in jax.tree.leaves(value, is_leaf=_is_array)):
            return jnp.asarray(value), False
        parts = [_prepared(item) for item in value]
        return type(value)([part for part, _ in parts]), any(found for _, found in parts)
    if isinstance(value, dict):
        parts = {key: _prepared(item) for key, item in value.items()}
        return {key: part for key, (part, _) in parts.items()}, any(found for _, found in parts.values())
    return jnp.asarray(np.asarray(value)), False


def _is_array(value: Any) -> bool:
    return isinstance(value, jax.Array | np.ndarray | KerasTensor | Variable)


def _plain_setting(value: Any) -> tuple[Any, bool]:
    """Return a setting with tuples for lists (files know only lists), and whether it is symbolic."""
    if isinstance(value, list):
        return tuple(_plain_setting(item)[0] for item in value), bool(symbolic_leaves(value))
    if isinstance(value, Variable):
        return value.value, False
    return value, isinstance(value, KerasTensor)


def _sorted_arguments(
    given: Mapping[str, Any], arrays: Mapping[str, inspect.Parameter]
) -> tuple[list[Any], dict[str, Any], dict[str, Any]]:
    """Split arguments into arrays before any setting, arrays after one, and settings."""
    positional: list[Any] = []
    keywords: dict[str, Any] = {}
    settings: dict[str, Any] = {}
    for name, value in given.items():
        if name in arrays and arrays[name].kind is inspect.Parameter.VAR_POSITIONAL:
            positional.extend(value)
        elif name in arrays or is_symbolic(value):
            if settings:
                keywords[name] = value
            else:
                positional.append(value)
        else:
            settings[name] = value
    return positional, keywords, settings


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
    def apply(self: KerasTensor, *others: Any) -> Any:
        arguments = (*others, self) if reflected else (self, *others)
        return record(function, *arguments)

    return apply


for _name, _function in _OPERATORS.items():
    setattr(KerasTensor, f"__{_name}__", _operator(_function))
for _name in _REFLECTED:
    setattr(KerasTensor, f"__r{_name}__", _operator(_OPERATORS[_name], reflected=True))
KerasTensor.__getitem__ = lambda self, key: record(get_item, self, key)  # type: ignore[attr-defined]
