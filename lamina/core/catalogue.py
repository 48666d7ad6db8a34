"""The names of one kind of object (`"relu"`, `"adam"`) and what they stand for."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from lamina.core import serialization
from lamina.core.naming import snake_case
from lamina.errors import brief, nearest


class Catalogue:
    """What `get`, `serialize` and `deserialize` of one package share.

    Args:
        kind: what the objects are called in messages, "initializer".
        module: the module that Keras writes for them, "keras.initializers".
        objects: public name to class or function. Where an object has several names, its canonical one comes first.
            A class is also found under its name in snake case.
        aliases: further names that strings may use.
    """

    def __init__(
        self, kind: str, module: str, objects: Mapping[str, Any], aliases: Mapping[str, Any] | None = None
    ) -> None:
        self.kind = kind
        self.objects: dict[str, Any] = {}
        for name, value in {**objects, **(aliases or {})}.items():
            self.objects[name] = value
            if inspect.isclass(value):
                self.objects.setdefault(snake_case(name), value)
        serialization.register_builtin(module, objects)

    def get(self, identifier: Any) -> Any:
        """Return what a name, a configuration, a class or an object stands for; None stays None.

        Raises:
            ValueError: if the name is unknown; says the nearest one.
            TypeError: if `identifier` is of a kind that can't stand for one.
        """
        if identifier is None:
            return None
        if isinstance(identifier, str):
            found = serialization.get_registered_object(identifier, module_objects=self.objects)
            if found is None:
                raise ValueError(f"Unknown {self.kind} {identifier!r}. {nearest(identifier, self.objects)}")
            return found() if inspect.isclass(found) else found
        if isinstance(identifier, Mapping):
            return self.deserialize(identifier)
        if inspect.isclass(identifier):
            return identifier()
        if callable(identifier) or hasattr(identifier, "get_config"):
            return identifier
        advice = (
            f" For that strength write lamina.regularizers.L2({identifier!r})." if self._is_strength(identifier) else ""
        )
        raise TypeError(
            f"{brief(identifier)} is no {self.kind}: pass a name, an object, a function (or its configuration).{advice}"
        )

    def _is_strength(self, identifier: Any) -> bool:
        return self.kind == "regularizer" and isinstance(identifier, int | float) and not isinstance(identifier, bool)

    def serialize(self, value: Any) -> Any:
        """Return the configuration of an object, or of a function."""
        return serialization.serialize(value)

    def deserialize(self, config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
        """Return the object of a configuration; a plain `{"class_name", "config"}` (Keras 2) is understood, too."""
        if custom_objects:
            with serialization.custom_object_scope(custom_objects):
                return self.deserialize(config)
        if not isinstance(config, Mapping):
            return self.get(config)
        name = config.get("class_name")
        if isinstance(name, str) and name != "function" and not config.get("module") and name in self.objects:
            return self.objects[name].from_config(dict(config.get("config") or {}))
        return serialization.deserialize(config)
