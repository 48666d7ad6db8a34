"""Finding what an object holds: layers and variables are discovered in its attributes, not intercepted."""

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

T = TypeVar("T")


def flat(value: Any) -> Iterator[Any]:
    """Yield what stands in nested lists, tuples, sets and dictionaries, in order."""
    if isinstance(value, Mapping):
        for item in value.values():
            yield from flat(item)
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from flat(item)
    else:
        yield value


def held(holder: Any, kind: type[T], skip: frozenset[str] = frozenset()) -> list[T]:
    """Return the objects of a kind that `holder` keeps in its attributes, each once, in order of assignment."""
    found: dict[int, T] = {}
    for name, value in vars(holder).items():
        if name not in skip:
            for item in flat(value):
                if isinstance(item, kind):
                    found.setdefault(id(item), item)
    return list(found.values())
