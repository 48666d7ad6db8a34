"""Finding what an object holds: layers and variables are discovered in its attributes, not intercepted."""

from collections.abc import Iterator
from typing import Any, TypeVar

T = TypeVar("T")

_PLAIN = frozenset({int, float, bool, str, bytes, type(None)})
_CONTAINERS = (list, tuple, dict, set, frozenset)


def flat(value: Any) -> Iterator[Any]:
    """Yield what stands in nested lists, tuples, sets and dictionaries, in order."""
    if isinstance(value, _CONTAINERS):
        for item in value.values() if isinstance(value, dict) else value:
            yield from flat(item)
    else:
        yield value


def held(holder: Any, kind: type[T] | tuple[type[T], ...], skip: frozenset[str] = frozenset()) -> list[T]:
    """Return the objects of a kind that `holder` keeps in its attributes, each once, in order of assignment.

    Args:
        holder: whose attributes are searched, also inside lists, tuples, sets and dictionaries.
        kind: class or classes.
        skip: names of attributes that only refer to things kept elsewhere.
    """
    found: dict[int, T] = {}
    for name, value in vars(holder).items():
        if type(value) in _PLAIN or name in skip:
            continue
        if isinstance(value, _CONTAINERS):
            for item in flat(value):
                if isinstance(item, kind):
                    found.setdefault(id(item), item)
        elif isinstance(value, kind):
            found.setdefault(id(value), value)
    return list(found.values())
