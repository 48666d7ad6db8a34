"""Imports of Keras and TensorFlow that give lamina."""

from __future__ import annotations

import importlib
import importlib.machinery
import sys
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import Any

import lamina
from lamina.compat import tensors
from lamina.compat.addresses import MOVED, OVERLAYS, hint
from lamina.errors import nearest, warn

ROOTS = ("keras", "tensorflow", "tf_keras")
"""The packages whose names lead to lamina."""

KERAS_VERSION = f"3.15.1+lamina.{lamina.__version__}"
"""What `keras.__version__` says: the release imitated, and by whom."""

_replaced: dict[str, ModuleType] = {}


def install() -> None:
    """Let `import keras`, `from tensorflow import keras`, `import tensorflow as tf` … give lamina in this process.

    Neither needs to be installed; where they are, lamina goes before them. Arrays get what scripts expect of tensors:
    `.numpy()`, `.get_shape()` and TensorFlow's way of printing. Calling it again changes nothing.

    Warns:
        UserWarning: if Keras or TensorFlow was imported before. Names that were bound then stay theirs.

    Example:
        >>> lamina.compat.install()
        >>> from tensorflow.keras.layers import Dense
        >>> Dense is lamina.layers.Dense
        True
        >>> lamina.compat.uninstall()
    """
    if installed():
        return
    loaded = sorted(name for name in ROOTS if name in sys.modules)
    _replaced.update({name: sys.modules.pop(name) for name in list(sys.modules) if _is_ours(name)})
    sys.meta_path.insert(0, _finder)
    tensors.dress()
    if loaded:
        warn(
            f"{' and '.join(loaded)} had been imported before lamina.compat.install(): names bound by then stay what "
            "they were. Import again what should be lamina's, or restart and call install() first.",
        )


def uninstall() -> None:
    """Undo `install`: imports find the real packages again, or none. Names bound in between stay lamina's."""
    if not installed():
        return
    sys.meta_path.remove(_finder)
    for name in [name for name in sys.modules if _is_ours(name)]:
        del sys.modules[name]
    sys.modules.update(_replaced)
    _replaced.clear()
    tensors.undress()


def installed() -> bool:
    """Return whether `import keras` gives lamina."""
    return _finder in sys.meta_path


class Mirror(ModuleType):
    """A module under Keras's or TensorFlow's address that hands out the public names of lamina's.

    Args:
        address: the name it is imported by, such as "tensorflow.keras.layers".
        sources: the modules that hold the names; the first that has one decides.
    """

    def __init__(self, address: str, sources: Sequence[ModuleType]) -> None:
        super().__init__(address, sources[-1].__doc__)
        self.__path__ = []  # a package: its submodules are asked of the finder
        self._sources = tuple(sources)
        self.__all__ = list(self)
        if _keras_path(address) == "":
            self.__version__ = KERAS_VERSION

    def __iter__(self) -> Iterator[str]:
        """Iterate over the public names."""
        return iter(dict.fromkeys(name for source in self._sources for name in _public(source)))

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self.__all__})

    def __getattr__(self, name: str) -> Any:
        address = f"{self.__name__}.{name}"
        for source in self._sources:
            if name in _public(source):
                value = getattr(source, name)
                return importlib.import_module(address) if isinstance(value, ModuleType) else value
        if name.startswith("__"):  # what Python itself asks for
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        if _sources(address):
            return importlib.import_module(address)
        raise AttributeError(missing(address, self))

    def __repr__(self) -> str:
        return f"<module {self.__name__!r}, which is {self._sources[-1].__name__} (lamina.compat)>"


def missing(address: str, parent: Mirror) -> str:
    """Return the message for a name that is not there: what is nearest, or what to write."""
    told = hint(_keras_path(address), address)
    name = address.rpartition(".")[2]
    return f"lamina has no {address}. {told or nearest(name, parent)}"


class _Finder:
    """Finds modules under the addresses of Keras and TensorFlow, and makes them."""

    def find_spec(self, address: str, path: Any = None, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        if not _is_ours(address):
            return None
        if not _sources(address):
            parent = sys.modules[address.rpartition(".")[0]]
            assert isinstance(parent, Mirror)
            # Without a name, or `from keras.layers import Nonesuch` would drop this message for Python's own.
            raise ModuleNotFoundError(missing(address, parent))
        return importlib.machinery.ModuleSpec(address, self, is_package=True)  # type: ignore[arg-type]

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        return Mirror(spec.name, _sources(spec.name))

    def exec_module(self, module: ModuleType) -> None:
        """Nothing is left to run."""


_finder = _Finder()


def _is_ours(address: str) -> bool:
    return address.partition(".")[0] in ROOTS


def _keras_path(address: str) -> str | None:
    """Return what comes after `keras.` in an address, "" for Keras itself, None for parts of TensorFlow."""
    for root in ("keras", "tf_keras", "tensorflow.keras"):
        if address == root or address.startswith(f"{root}."):
            return address[len(root) + 1 :]
    return None


def _sources(address: str) -> list[ModuleType]:
    """Return the modules that hold the names of an address; none where there is no such module."""
    path = _keras_path(address)
    if path is None:
        found = _below(importlib.import_module("lamina.compat.tensorflow"), address.partition(".")[2])
        return [found] if found else []
    path = MOVED.get(path, path)
    overlay = [importlib.import_module(OVERLAYS[path])] if path in OVERLAYS else []
    found = _below(lamina, path)
    return [*overlay, found] if found else overlay


def _below(module: ModuleType, path: str) -> ModuleType | None:
    """Return the public submodule at a path, or None."""
    for name in path.split(".") if path else ():
        found = getattr(module, name) if name in _public(module) else None
        if not isinstance(found, ModuleType):
            return None
        module = found
    return module


def _public(module: ModuleType) -> Sequence[str]:
    """Return the public names of a module: those it lists, else what it defines without an underscore."""
    listed = getattr(module, "__all__", None)
    if listed is not None:
        return listed
    own = vars(module).items()
    return [name for name, value in own if name[0] != "_" and getattr(value, "__module__", "") == module.__name__]
