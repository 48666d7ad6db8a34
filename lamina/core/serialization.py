"""Objects to configurations and back, in the form that Keras writes.

A configuration is `{"module", "class_name", "config", "registered_name"}`. Classes and functions are found in a
registry by exact name, never imported by a name that a file holds: a model file is data, not a program.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import jax
import numpy as np

from lamina import config as settings
from lamina.core.symbolic import KerasTensor
from lamina.errors import nearest

_by_name: dict[tuple[str, str], Any] = {}
_by_object: dict[Any, tuple[str, str]] = {}
_custom: dict[str, Any] = {}
_custom_names: dict[Any, str] = {}
_scoped: ContextVar[Mapping[str, Any]] = ContextVar("lamina_custom_objects", default={})  # noqa: B039


def register_builtin(module: str, objects: Mapping[str, Any]) -> None:
    """Make lamina's own public classes and functions loadable.

    Args:
        module: the module that Keras writes for them, such as "keras.layers".
        objects: name to class or function; an alias maps to the same object, the first name is the one written.
    """
    for name, value in objects.items():
        if inspect.isclass(value) or inspect.isfunction(value):
            _by_name[module, name] = value
            _by_object.setdefault(value, (module, name))


def builtin(module: str, name: str) -> Any:
    """Return lamina's own class or function of that module and name, or None."""
    return _by_name.get((module, name))


def builtin_name(value: Any) -> tuple[str, str] | None:
    """Return `(module, name)` of a class or function of lamina's own, or None."""
    try:
        return _by_object.get(value)
    except TypeError:  # unhashable
        return None


def register_keras_serializable(package: str = "Custom", name: str | None = None) -> Callable[[Any], Any]:
    """Return a decorator that lets files refer to a class or function of yours, as `"package>name"`.

    Args:
        package: a prefix that keeps names apart.
        name: default the name of the class or function.

    Example:
        >>> @lamina.saving.register_keras_serializable("shop")
        ... def double(x):
        ...     return 2 * x
        >>> lamina.saving.get_registered_name(double)
        'shop>double'
    """

    def register(value: Any) -> Any:
        if inspect.isclass(value) and not hasattr(value, "get_config"):
            raise ValueError(f"{value.__name__} can't be registered: it has no get_config method.")
        registered = f"{package}>{name or value.__name__}"
        _custom[registered] = value
        _custom_names[value] = registered
        return value

    return register


def get_registered_name(value: Any) -> str:
    """Return the name under which a class or function was registered, or its own name."""
    return _custom_names.get(value, getattr(value, "__name__", str(value)))


def get_registered_object(
    name: str, custom_objects: Mapping[str, Any] | None = None, module_objects: Mapping[str, Any] | None = None
) -> Any:
    """Return what is known under `name`: in scope, given, registered or in `module_objects`; else None."""
    for objects in (_scoped.get(), custom_objects, _custom, module_objects):
        if objects and name in objects:
            return objects[name]
    return None


def get_custom_objects() -> dict[str, Any]:
    """Return the dictionary of registered objects, which may be edited."""
    return _custom


@contextmanager
def custom_object_scope(*custom_objects: Mapping[str, Any]) -> Iterator[None]:
    """Let names stand for your own classes and functions while the block runs.

    Args:
        custom_objects: dictionaries of name to class or function.
    """
    merged = dict(_scoped.get())
    for objects in custom_objects:
        merged.update(objects)
    token = _scoped.set(merged)
    try:
        yield
    finally:
        _scoped.reset(token)


CustomObjectScope = custom_object_scope


def serialize(value: Any) -> Any:
    """Return a structure of JSON types that describes `value`.

    Raises:
        TypeError: if `value` is of a kind that no file can describe.
    """
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
    if hasattr(value, "get_config"):
        identity = getattr(value, "serialized_identity", None) or _identity(type(value))
        described = {**identity, "config": in_config(_plain(value.get_config()))}
        build_config = value.get_build_config() if hasattr(value, "get_build_config") else None
        if build_config:
            described["build_config"] = build_config
        compile_config = value.get_compile_config() if hasattr(value, "get_compile_config") else None
        if compile_config:
            described["compile_config"] = compile_config
        return described
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
    if config["class_name"] in _PRIMITIVES:
        return _PRIMITIVES[config["class_name"]](config)
    return _deserialize_object(config)


def find(config: Mapping[str, Any]) -> Any:
    """Return the class or function that a description names.

    Raises:
        ValueError: if it is neither lamina's own nor registered nor in scope.
    """
    name, registered = config.get("class_name"), config.get("registered_name")
    if name == "function":
        name = config.get("config")
    if not isinstance(name, str):
        raise ValueError(f"A configuration names its class by a string, got {name!r}.")
    for key in (registered, name):
        if isinstance(key, str):
            found = get_registered_object(key)
            if found is not None:
                return found
    module = config.get("module")
    found = _by_name.get((str(module), name)) if isinstance(module, str) else None
    if found is None and (module is None or module == "builtins"):
        found = next((value for (_, known), value in _by_name.items() if known == name), None)
    if found is None:
        hint = nearest(name, {known for where, known in _by_name if where == module} or {n for _, n in _by_name})
        raise ValueError(
            f"{name!r} (module {module!r}) is neither part of lamina nor registered. {hint} If it is your own, "
            "decorate it with @lamina.saving.register_keras_serializable() or pass custom_objects={...}."
        )
    return found


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
    if known:
        return {"module": known[0], "class_name": "function", "config": known[1], "registered_name": known[1]}
    registered = get_registered_name(function)
    return {
        "module": "builtins",
        "class_name": "function",
        "config": function.__name__,
        "registered_name": registered if registered != function.__name__ else "function",
    }


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
        raise ValueError(f"The configuration of a {config['class_name']} must be a dictionary, got {inner!r}.")
    if not hasattr(found, "from_config"):
        raise ValueError(f"{config['class_name']} can't be made from a configuration: it has no from_config.")
    instance = found.from_config(dict(inner))
    if config.get("build_config") and hasattr(instance, "build_from_config"):
        instance.build_from_config(config["build_config"])
    if config.get("compile_config") and hasattr(instance, "compile_from_config"):
        instance.compile_from_config(config["compile_config"])
    return instance


def _numpy_array(config: Mapping[str, Any]) -> np.ndarray:
    inner = config["config"]
    return np.array(inner["value"], dtype=settings.standardize_dtype(inner["dtype"]))


def _slice(config: Mapping[str, Any]) -> slice:
    inner = config["config"]
    return slice(*(deserialize(inner[part]) for part in ("start", "stop", "step")))


_PRIMITIVES: dict[Any, Callable[[Mapping[str, Any]], Any]] = {
    "__tuple__": lambda config: tuple(deserialize(item) for item in config["items"]),
    "__numpy__": _numpy_array,
    "__tensor__": _numpy_array,
    "__keras_tensor__": lambda config: KerasTensor(tuple(config["config"]["shape"]), config["config"]["dtype"]),
    "__slice__": _slice,
    "__ellipsis__": lambda config: Ellipsis,
}
