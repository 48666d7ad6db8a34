"""Objects to configurations and back, in the form that Keras writes.

A configuration is `{"module", "class_name", "config", "registered_name"}`. Classes and functions are found in a
registry by exact name, never imported by a name that a file holds: a model file is data, not a program.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

import jax
import numpy as np

from lamina import config as settings
from lamina.core.registry import (
    CustomObjectScope,
    builtin,
    builtin_name,
    custom_object_scope,
    find,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_builtin,
    register_keras_serializable,
    register_on_demand,
)
from lamina.core.symbolic import KerasTensor

__all__ = [
    "CustomObjectScope",
    "builtin",
    "builtin_name",
    "constructor_config",
    "custom_object_scope",
    "deserialize",
    "find",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "in_config",
    "register_builtin",
    "register_on_demand",
    "register_keras_serializable",
    "serialize",
]

T = TypeVar("T")
# Layers that stand at several places of one description are one layer, not several that look alike.
_described: ContextVar[dict[int, dict[str, Any]] | None] = ContextVar("lamina_described", default=None)
_made: ContextVar[dict[Any, Any] | None] = ContextVar("lamina_made", default=None)


def serialize(obj: Any) -> Any:
    """Return a structure of JSON types that describes an object.

    Args:
        obj: anything with a `get_config` method, a named function, an array, or a structure of those.

    Raises:
        TypeError: if `value` is of a kind that no file can describe.
    """
    value = obj
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, tuple):
        return {"class_name": "__tuple__", "items": [serialize(item) for item in value]}
    if isinstance(value, list):
        return [serialize(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): serialize(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | jax.Array):
        array = np.asarray(value)
        return {"class_name": "__numpy__", "config": {"value": array.tolist(), "dtype": array.dtype.name}}
    if isinstance(value, np.dtype) or (isinstance(value, type) and issubclass(value, np.generic)):
        return settings.standardize_dtype(value)
    if isinstance(value, KerasTensor):
        config = {"shape": list(value.shape), "dtype": value.dtype, "keras_history": None}
        return {"class_name": "__keras_tensor__", "config": config}
    if isinstance(value, slice):
        parts = {"start": value.start, "stop": value.stop, "step": value.step}
        return {"class_name": "__slice__", "config": {key: serialize(part) for key, part in parts.items()}}
    if value is Ellipsis:
        return {"class_name": "__ellipsis__", "config": {}}
    if inspect.isfunction(value) or inspect.isbuiltin(value):
        return _serialize_function(value)
    if inspect.isclass(value):
        return {**_identity(value), "config": None}
    if isinstance(value, bytes):
        return {"class_name": "__bytes__", "config": {"value": value.decode("utf-8")}}
    if hasattr(value, "get_config"):
        with _outermost(_described) as described:
            return _serialize_object(value, described)
    raise TypeError(
        f"An object of type {type(value).__name__} can't be written to a file: {value!r}. "
        "Give its class a get_config method that returns the arguments of its constructor."
    )


def deserialize(
    config: Any, custom_objects: Mapping[str, Any] | None = None, safe_mode: bool = True, **kwargs: Any
) -> Any:
    """Return the object that `serialize` described.

    Args:
        config: the description.
        custom_objects: your own classes and functions by name.
        safe_mode: accepted for Keras's signature; lamina never runs code from a file, whatever it says.

    Raises:
        ValueError: if the description is malformed or names something that lamina does not know.
    """
    if kwargs:
        raise TypeError(f"deserialize does not know the arguments {sorted(kwargs)}.")
    if custom_objects:
        with custom_object_scope(custom_objects):
            return deserialize(config)
    if config is None or isinstance(config, bool | int | float | str):
        return config
    if isinstance(config, list | tuple):
        return type(config)(deserialize(item) for item in config)
    if not isinstance(config, Mapping):
        raise ValueError(f"A configuration must be of JSON types, got {type(config).__name__}.")
    if "class_name" not in config:
        return {key: deserialize(item) for key, item in config.items()}
    if isinstance(config["class_name"], str) and config["class_name"] in PRIMITIVES:
        return PRIMITIVES[config["class_name"]](config)
    return _deserialize_object(config)


def constructor_config(value: Any, skip: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Return the constructor arguments of an object, each read from the attribute of the same name.

    That convention (as in scikit-learn) makes `get_config` something that is written once.

    Args:
        value: the object.
        skip: arguments to leave out.

    Raises:
        NotImplementedError: if an argument has no attribute of its name.
    """
    config = {}
    for name, parameter in inspect.signature(type(value).__init__).parameters.items():
        if name == "self" or name in skip or parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
            continue
        if not hasattr(value, name):
            raise NotImplementedError(
                f"{type(value).__name__} can't be described: its constructor's argument {name!r} is kept in no "
                f"attribute of that name. Write `self.{name} = {name}` in __init__, or override get_config."
            )
        config[name] = getattr(value, name)
    return config


def in_config(value: Any) -> Any:
    """Return a value as it stands inside a configuration: tuples stay sequences, activations are named."""
    if isinstance(value, Mapping):
        return {str(key): in_config(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(in_config(item) for item in value) if type(value) in (list, tuple) else list(value)
    known = builtin_name(value) if inspect.isfunction(value) else None
    if known and known[0] == "keras.activations":
        return known[1]
    return serialize(value)


@contextmanager
def _outermost(variable: ContextVar[dict[Any, T] | None]) -> Iterator[dict[Any, T]]:
    """Yield the dictionary that holds for the outermost call in progress."""
    current = variable.get()
    if current is not None:
        yield current
        return
    token = variable.set(fresh := {})
    try:
        yield fresh
    finally:
        variable.reset(token)


def _serialize_object(value: Any, described: dict[int, dict[str, Any]]) -> dict[str, Any]:
    identity = getattr(value, "serialized_identity", None) or _identity(type(value))
    result = {**identity, "config": in_config(_plain(value.get_config()))}
    for part in ("build_config", "compile_config"):
        method = getattr(value, f"get_{part}", None)
        config = method() if method is not None else None
        if config:
            result[part] = config
    if hasattr(value, "get_build_config"):
        first = described.setdefault(id(value), result)
        if first is not result:
            first["shared_object_id"] = result["shared_object_id"] = id(value)
    return result


def _identity(cls: type) -> dict[str, Any]:
    known = builtin_name(cls)
    if known:
        return {"module": known[0], "class_name": known[1], "registered_name": None}
    return {"module": cls.__module__, "class_name": cls.__name__, "registered_name": get_registered_name(cls)}


def _serialize_function(function: Callable[..., Any]) -> Any:
    known = builtin_name(function)
    if function.__name__ == "<lambda>":
        raise TypeError(
            "A lambda can't be written to a file: its code would have to be run when the file is loaded. Define a "
            "named function and register it with @lamina.saving.register_keras_serializable()."
        )
    name = known[1] if known else get_registered_name(function)
    return {"module": "builtins", "class_name": "function", "config": name, "registered_name": "function"}


def _plain(config: Any) -> Mapping[str, Any]:
    if not isinstance(config, Mapping):
        raise TypeError(f"get_config must return a dictionary, got {type(config).__name__}.")
    return config


def _deserialize_object(config: Mapping[str, Any]) -> Any:
    found = find(config)
    if config["class_name"] == "function":
        if not callable(found):
            raise ValueError(f"{config['config']!r} is no function.")
        return found
    inner = config.get("config")
    if inner is None:
        return found
    if not isinstance(inner, Mapping):
        raise ValueError(f"The configuration of a {config['class_name']} must be a dictionary, got {_kind(inner)}.")
    if not hasattr(found, "from_config"):
        raise ValueError(f"{config['class_name']} can't be made from a configuration: it has no from_config.")
    with _outermost(_made) as made:
        key = (found, shared) if isinstance(shared := config.get("shared_object_id"), int) else None
        if key in made:
            return made[key]
        instance = found.from_config(dict(inner))
        if key is not None and hasattr(instance, "get_build_config"):
            made[key] = instance
    for part in ("build", "compile"):
        if config.get(f"{part}_config") and hasattr(instance, f"{part}_from_config"):
            getattr(instance, f"{part}_from_config")(config[f"{part}_config"])
    return instance


def _kind(value: Any) -> str:
    return f"a {type(value).__name__}"


def _part(config: Mapping[str, Any], name: str) -> Any:
    """Return a part of a description's inner configuration."""
    inner = config.get("config")
    if not isinstance(inner, Mapping) or name not in inner:
        raise ValueError(f"The configuration of a {config['class_name']} lacks {name!r}.")
    return inner[name]


def _items(config: Mapping[str, Any]) -> list[Any]:
    items = config.get("items", config.get("config"))
    if not isinstance(items, list):
        raise ValueError(f"The items of a tuple must be a list, got {_kind(items)}.")
    return items


def _numpy_array(config: Mapping[str, Any]) -> np.ndarray:
    dtype = settings.standardize_dtype(_part(config, "dtype"))
    return np.array(_part(config, "value"), dtype=jax.numpy.dtype(dtype))


def _slice(config: Mapping[str, Any]) -> slice:
    return slice(*(deserialize(_part(config, part)) for part in ("start", "stop", "step")))


def _keras_tensor(config: Mapping[str, Any]) -> KerasTensor:
    shape = _part(config, "shape")
    if not isinstance(shape, list):
        raise ValueError(f"The shape of a tensor must be a list, got {_kind(shape)}.")
    return KerasTensor(tuple(shape), _part(config, "dtype"))


def _refuse_code(config: Mapping[str, Any]) -> Any:
    raise ValueError(
        "The file holds the code of a Python lambda, which lamina never runs: a file could do anything with it. Make "
        "the model with a named function instead, decorated with @lamina.saving.register_keras_serializable()."
    )


PRIMITIVES: dict[Any, Callable[[Mapping[str, Any]], Any]] = {
    "__tuple__": lambda config: tuple(deserialize(item) for item in _items(config)),
    "__numpy__": _numpy_array,
    "__tensor__": _numpy_array,
    "__keras_tensor__": _keras_tensor,
    "__slice__": _slice,
    "__ellipsis__": lambda config: Ellipsis,
    "__bytes__": lambda config: str(_part(config, "value")).encode("utf-8"),
    "__lambda__": _refuse_code,
}


# As `keras.utils` and `keras.saving` call them.
serialize_keras_object = serialize
deserialize_keras_object = deserialize
