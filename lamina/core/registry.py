"""Which classes and functions files may name: lamina's own, and what users registered. Nothing else can be reached."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from typing import Any

from lamina.errors import nearest

_by_name: dict[tuple[str, str], Any] = {}
_on_demand: dict[tuple[str, str], str] = {}  # the same keys, for what is not loaded yet: the package that has it
_by_object: dict[Any, tuple[str, str]] = {}
_modules_of: dict[str, list[str]] = {}
_custom: dict[str, Any] = {}
_custom_names: dict[Any, str] = {}
_scoped: ContextVar[Mapping[str, Any]] = ContextVar("lamina_custom_objects", default={})  # noqa: B039
# What different releases of Keras call their own modules.
_KERAS_MODULES = re.compile(r"(tf_|tensorflow\.|tensorflow\.python\.|tensorflow_core\.)?keras(\.|$)")


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
            _modules_of.setdefault(name, []).append(module)


def register_on_demand(module: str, package: str, names: Iterable[str]) -> None:
    """Make public classes of a package loadable that are imported when a file names them.

    Args:
        module: the module that Keras writes for them, such as "keras.layers".
        package: the package of lamina that has them as attributes.
        names: the names, aliases too: a class is written under its own.
    """
    for name in names:
        _on_demand[module, name] = package
        _modules_of.setdefault(name, []).append(module)


def builtin(module: str, name: str) -> Any:
    """Return lamina's own class or function of that module and name, or None."""
    if (module, name) not in _by_name and (module, name) in _on_demand:
        value = getattr(importlib.import_module(_on_demand[module, name]), name)
        _by_name[module, name] = value
        _by_object.setdefault(value, (module, value.__name__))
    return _by_name.get((module, name))


def builtin_name(value: Any) -> tuple[str, str] | None:
    """Return `(module, name)` of a class or function of lamina's own, or None."""
    try:
        known = _by_object.get(value)
    except TypeError:  # unhashable
        return None
    if known is None and inspect.isclass(value) and value.__module__.startswith("lamina."):
        for module in _modules_of.get(value.__name__, ()):
            if builtin(module, value.__name__) is value:
                return module, value.__name__
    return known


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


def get_registered_name(obj: Any) -> str:
    """Return the name under which a class or function was registered, or its own name.

    Args:
        obj: a class or function.
    """
    return _custom_names.get(obj, getattr(obj, "__name__", str(obj)))


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


class custom_object_scope:
    """Lets names stand for your own classes and functions while a block runs.

    Args:
        custom_objects: a dictionary of name to class or function.
        more: further dictionaries.

    Example:
        >>> def double(x):
        ...     return 2 * x
        >>> with lamina.saving.custom_object_scope({"double": double}):
        ...     layer = lamina.layers.Activation("double")
    """

    def __init__(self, custom_objects: Mapping[str, Any], *more: Mapping[str, Any]) -> None:
        self._objects = (custom_objects, *more)
        self._tokens: list[Any] = []

    def __enter__(self) -> custom_object_scope:
        merged = dict(_scoped.get())
        for objects in self._objects:
            merged.update(objects or {})
        self._tokens.append(_scoped.set(merged))
        return self

    def __exit__(self, *_: Any) -> None:
        _scoped.reset(self._tokens.pop())


CustomObjectScope = custom_object_scope


def find(config: Mapping[str, Any]) -> Any:
    """Return the class or function that a description names.

    Raises:
        ValueError: if it is neither lamina's own nor registered nor in scope, or the description contradicts itself.
    """
    name, registered, module = config.get("class_name"), config.get("registered_name"), config.get("module")
    if name == "function":
        name = config.get("config")
    if not isinstance(name, str):
        raise ValueError(f"A configuration names its class by a string, got {_short(name)}.")
    if not isinstance(registered, str | None) or not isinstance(module, str | None):
        raise ValueError(f"The configuration of {name!r} holds a module or registered name that is no text.")
    found = _find_custom(registered, name)
    if found is None:
        found = _find_builtin(module, name)
    if found is None:
        raise ValueError(_unknown(name, module))
    return found


def _find_custom(registered: str | None, name: str) -> Any:
    for key in (registered, name):
        found = get_registered_object(key) if key is not None else None
        if found is None:
            continue
        answers_to = {getattr(found, "__name__", name), (registered or name).rpartition(">")[2], registered}
        if key == registered and name not in answers_to and key not in _scoped.get():
            raise ValueError(
                f"A configuration contradicts itself: its class is called {name!r}, but it was registered as {key!r}."
            )
        return found
    return None


def _find_builtin(module: str | None, name: str) -> Any:
    """Return lamina's own object; where Keras moved it between releases, the one of the same package."""
    if module is not None and (found := builtin(module, name)) is not None:
        return found
    homes = _modules_of.get(name, [])
    if module is None or module == "builtins":  # functions, and classes as Keras 2 wrote them
        return builtin(homes[0], name) if homes else None
    if not _KERAS_MODULES.match(module):
        return None
    parts = module.split(".")
    matching = [home for home in homes if home.rpartition(".")[2] in parts]
    return builtin(matching[0], name) if matching else None


def _unknown(name: str, module: str | None) -> str:
    known = {known for where, known in [*_by_name, *_on_demand] if where == module} or set(_modules_of)
    return (
        f"{_short(name)} (module {_short(module)}) is neither part of lamina nor registered. {nearest(name, known)} "
        "If it is your own, decorate it with @lamina.saving.register_keras_serializable() or pass custom_objects={...}."
    )


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
