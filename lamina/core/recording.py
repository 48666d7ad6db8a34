"""Functions called on symbolic tensors: what `x + y`, `x[:, 0]` and `lamina.ops` functions leave in a graph."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from lamina import config
from lamina.core import shapes
from lamina.core.arrays import to_jax
from lamina.core.naming import snake_case
from lamina.core.symbolic import KerasTensor, Node, described, symbolic_leaves
from lamina.core.variable import Variable
from lamina.typing import ArrayLike, PyTree


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
        args = tuple(arg.value if isinstance(arg, Variable) else arg for arg in args)
        return self.function(*args, **kwargs, **self.settings)

    def __repr__(self) -> str:
        return f"<{self.class_name} name={self.name}, a function in a graph>"

    def call_recorded(self, *args: Any, **kwargs: Any) -> PyTree:
        """Return the symbolic outputs for symbolic tensors, with the call recorded as one of this operation."""
        try:
            outputs = shapes.infer(self, *args, **kwargs)
        except Exception as error:
            tensors = described(symbolic_leaves((args, kwargs)))
            error.add_note(f"in the function {self.name!r}, called on the outputs {tensors}")
            raise
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


def operation(function: Callable[..., PyTree] | None = None, *, class_name: str | None = None) -> Callable[..., Any]:
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
    arrays = {name: _kind(parameter) for name, parameter in signature.parameters.items() if _is_array_like(parameter)}

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> PyTree:
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError:
            return function(*args, **kwargs)  # says which argument of which function
        if symbolic_leaves((args, kwargs)):
            bound.apply_defaults()
            positional, keywords, settings = _sorted_arguments(bound.arguments, arrays)
            if "data_format" in settings:  # what holds now; a recorded graph must not change with the default
                settings["data_format"] = config.standardize_data_format(settings["data_format"])
            return RecordedFunction(call, known_as, settings).call_recorded(*positional, **keywords)
        given = bound.arguments
        for name, value in given.items():
            kind = arrays.get(name)
            if kind is None:
                given[name] = _as_setting(value)
            else:
                given[name] = as_array(value) if kind == "one" else _as_arrays(value)
        return function(*bound.args, **bound.kwargs)

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


def as_array(value: Any) -> Any:
    """Return an argument as an array (numbers keep their weak type); None and dictionaries of arrays pass, too."""
    if isinstance(value, jax.Array) or value is None:
        return value
    if isinstance(value, Variable):
        return value.value
    if isinstance(value, dict):
        return {key: as_array(item) for key, item in value.items()}
    if isinstance(value, list | tuple) and any(_is_array(leaf) for leaf in jax.tree.leaves(value, is_leaf=_is_array)):
        return jnp.stack([as_array(item) for item in value])
    if isinstance(value, bool | int | float | complex | list | tuple | np.ndarray | np.generic):
        return to_jax(value)
    return to_jax(np.asarray(value))  # tables, tensors of other libraries


def _as_arrays(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return type(value)([as_array(item) for item in value])
    return as_array(value)


def _is_array(value: Any) -> bool:
    return isinstance(value, jax.Array | np.ndarray | Variable)


def _as_setting(value: Any) -> Any:
    """Return a setting with tuples for lists, since files know only lists."""
    if isinstance(value, list):
        return tuple(_as_setting(item) for item in value)
    return value.value if isinstance(value, Variable) else value


def _is_array_like(parameter: inspect.Parameter) -> bool:
    return "ArrayLike" in str(parameter.annotation) or parameter.annotation is ArrayLike


def _kind(parameter: inspect.Parameter) -> str:
    if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
        return "variadic"
    return "sequence" if isinstance(parameter.annotation, str) and "Sequence" in parameter.annotation else "one"


def _sorted_arguments(
    given: Mapping[str, Any], arrays: Mapping[str, Any]
) -> tuple[list[Any], dict[str, Any], dict[str, Any]]:
    """Split arguments into arrays before any setting, arrays after one, and settings."""
    positional: list[Any] = []
    keywords: dict[str, Any] = {}
    settings: dict[str, Any] = {}
    for name, value in given.items():
        if isinstance(value, dict) and name == "kwargs":
            settings.update(value)
        elif name not in arrays and not symbolic_leaves(value):
            settings[name] = _as_setting(value)
        elif settings:
            keywords[name] = value
        elif arrays.get(name) == "variadic":
            positional.extend(value)
        else:
            positional.append(value)
    return positional, keywords, settings


def get_item(x: jax.Array, key: Any) -> jax.Array:
    """Return `x[key]`, where `key` may be a list that stands for a tuple, as files hold it."""
    return x[tuple(key) if isinstance(key, list) else key]


def reshape(x: jax.Array, newshape: Any) -> jax.Array:
    """Return `x` in another shape."""
    return jnp.reshape(x, newshape)


def _recorded(function: Callable[..., Any], class_name: str, x: KerasTensor, **settings: Any) -> Any:
    return RecordedFunction(function, class_name, settings).call_recorded(x)


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
KerasTensor.__round__ = lambda self, ndigits=None: _recorded(jnp.round, "Round", self, decimals=ndigits or 0)  # type: ignore[attr-defined]
KerasTensor.reshape = lambda self, newshape: _recorded(reshape, "Reshape", self, newshape=newshape)  # type: ignore[attr-defined]
KerasTensor.squeeze = lambda self, axis=None: _recorded(jnp.squeeze, "Squeeze", self, axis=axis)  # type: ignore[attr-defined]
KerasTensor.__getitem__ = lambda self, key: record(get_item, self, key)  # type: ignore[attr-defined]
