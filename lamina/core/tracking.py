"""Finding what an object holds: layers and variables are discovered in its attributes, not intercepted."""

from types import FunctionType
from typing import Any, TypeVar

T = TypeVar("T")


class MetricBase:
    """What layers know of metrics, whose package stands above theirs: that there are some to be found in attributes."""


_PLAIN = frozenset({int, float, bool, str, bytes, type(None), FunctionType})
_CONTAINERS = (list, tuple, dict, set, frozenset)


def held(holder: Any, kind: type[T] | tuple[type[T], ...], skip: frozenset[str] = frozenset()) -> list[T]:
    """Return the objects of a kind that `holder` keeps in its attributes, each once, in order of assignment.

    Args:
        holder: whose attributes are searched, also inside lists, tuples, sets and dictionaries.
        kind: class or classes.
        skip: names of attributes that only refer to things kept elsewhere.
    """
    # No generators, few calls: every call of `fit` and `predict` looks through a whole model.
    found: dict[int, T] = {}
    for name, value in vars(holder).items():
        if type(value) in _PLAIN or name in skip:
            continue
        if isinstance(value, _CONTAINERS):
            if value:
                _collect(value, kind, found)
        elif isinstance(value, kind):
            found.setdefault(id(value), value)
    return list(found.values())


def _collect(values: Any, kind: type[T] | tuple[type[T], ...], found: dict[int, T]) -> None:
    for value in values.values() if isinstance(values, dict) else values:
        if type(value) in _PLAIN:
            continue
        if isinstance(value, _CONTAINERS):
            _collect(value, kind, found)
        elif isinstance(value, kind):
            found.setdefault(id(value), value)
