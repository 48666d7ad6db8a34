"""Packages whose names are loaded when they are first used: `import lamina` pays for no layer that nobody asks for."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

_IMPORT = re.compile(r"^from ([\w.]+) import (\w+) as (\w+)$", re.MULTILINE)
_ALIAS = re.compile(r"^(\w+) = (\w+)$", re.MULTILINE)


def lazy_package(package: str, file: str) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Return `__getattr__`, `__dir__` and `__all__` of a package, as its stub says.

    The stub `__init__.pyi` beside the package's `__init__.py` is the one list of its names, which editors and type
    checkers read as well: a line `from .core.dense import Dense as Dense` for each (a facade has absolute imports,
    `from lamina.data.numeric import normalize as normalize`), and `MaxPool1D = MaxPooling1D` for an alias.

    Args:
        package: the `__name__` of the package.
        file: its `__file__`.
    """
    stub = Path(file).with_name("__init__.pyi").read_text(encoding="utf-8")
    homes = {
        name: (f"{package}{module}" if module.startswith(".") else module, original)
        for module, original, name in _IMPORT.findall(stub)
    }
    homes.update({alias: homes[name] for alias, name in _ALIAS.findall(stub)})

    def load(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module, original = homes[name]
        value = getattr(importlib.import_module(module), original)
        setattr(importlib.import_module(package), name, value)
        return value

    names = sorted(homes)
    return load, lambda: names, names
