"""Nested lists, tuples and dictionaries, as in `keras.tree`. Dictionaries are visited in order of keys."""

from __future__ import annotations

import collections
from collections.abc import Callable, Mapping, Sequence
from typing import Any

__all__ = [
    "MAP_TO_NONE",
    "assert_same_paths",
    "assert_same_structure",
    "flatten",
    "flatten_with_path",
    "is_nested",
    "lists_to_tuples",
    "map_shape_structure",
    "map_structure",
    "map_structure_up_to",
    "pack_sequence_as",
    "traverse",
]


class MAP_TO_NONE:
    """What a function given to `traverse` returns to put None in the place of a part."""


def is_nested(structure: Any) -> bool:
    """Tell whether `structure` is a list, a tuple, a deque or a dictionary.

    Example:
        >>> lamina.tree.is_nested([1]), lamina.tree.is_nested(1)
        (True, False)
    """
    return isinstance(structure, list | tuple | dict | collections.deque)


def flatten(structure: Any) -> list[Any]:
    """Return the leaves in order; None is one, too.

    Example:
        >>> lamina.tree.flatten({"b": [1, 2], "a": 3})
        [3, 1, 2]
    """
    return [leaf for _, leaf in flatten_with_path(structure)]


def flatten_with_path(structure: Any) -> list[tuple[tuple[Any, ...], Any]]:
    """Return the leaves in order, each with the keys and indices that lead to it.

    Example:
        >>> lamina.tree.flatten_with_path([{"foo": 42}])
        [((0, 'foo'), 42)]
    """
    if not is_nested(structure):
        return [((), structure)]
    return [((key, *path), leaf) for key, part in _items(structure) for path, leaf in flatten_with_path(part)]


def map_structure(func: Callable[..., Any], *structures: Any, none_is_leaf: bool = True) -> Any:
    """Return a structure of what a function makes of the leaves of structures that are nested in the same way.

    Args:
        func: takes as many arguments as there are structures.
        structures: the structures.
        none_is_leaf: whether `func` is called on None; otherwise None stays.

    Raises:
        TypeError: if there is no structure, or `func` can't be called.
        ValueError: if the structures differ.

    Example:
        >>> lamina.tree.map_structure(lambda a, b: a + b, {"x": [1, 2]}, {"x": [10, 20]})
        {'x': [11, 22]}
    """
    _check_arguments("map_structure", func, structures)
    for other in structures[1:]:
        assert_same_structure(structures[0], other)

    def apply(*leaves: Any) -> Any:
        return None if not none_is_leaf and all(leaf is None for leaf in leaves) else func(*leaves)

    return _map_up_to(structures[0], apply, structures)


def map_structure_up_to(shallow_structure: Any, func: Callable[..., Any], *structures: Any) -> Any:
    """Return a structure of what a function makes of the parts that lie where a shallower structure has its leaves.

    Args:
        shallow_structure: how deep to go.
        func: takes as many arguments as there are structures.
        structures: nested like `shallow_structure`, or deeper.

    Example:
        >>> lamina.tree.map_structure_up_to([None, None], len, [[1, 1], [2]])
        [2, 1]
    """
    _check_arguments("map_structure_up_to", func, structures)
    return _map_up_to(shallow_structure, func, structures)


def pack_sequence_as(structure: Any, flat_sequence: Sequence[Any]) -> Any:
    """Return a flat sequence nested like `structure`.

    Raises:
        TypeError: if `flat_sequence` is no list or tuple.
        ValueError: if it has another number of elements than `structure` has leaves.

    Example:
        >>> lamina.tree.pack_sequence_as([0, (0, 0)], [1, 2, 3])
        [1, (2, 3)]
    """
    if not isinstance(flat_sequence, list | tuple):
        raise TypeError(f"pack_sequence_as: flat_sequence must be a list or a tuple, got {flat_sequence!r}.")
    count = len(flatten(structure))
    if len(flat_sequence) != count:
        raise ValueError(f"pack_sequence_as: the structure has {count} leaves, but got {len(flat_sequence)} values.")
    values = iter(flat_sequence)
    return _map_up_to(structure, lambda _: next(values), (structure,))


def traverse(func: Callable[[Any], Any], structure: Any, top_down: bool = True) -> Any:
    """Return a structure in which each part, inner ones and leaves, is replaced by what a function makes of it.

    Args:
        func: gets a part; None leaves it as it is, `MAP_TO_NONE` puts None there. Top down, a part that was replaced is
            not looked into.
        structure: the structure.
        top_down: whether outer parts come before inner ones.
    """
    if not callable(func):
        raise TypeError(f"traverse: func must be callable, got {func!r}.")

    def replaced(part: Any, otherwise: Any) -> Any:
        result = func(part)
        if result is None:
            return otherwise() if callable(otherwise) else otherwise
        return None if result is MAP_TO_NONE or isinstance(result, MAP_TO_NONE) else result

    def inside() -> Any:
        if not is_nested(structure):
            return structure
        return _rebuild(structure, [traverse(func, part, top_down) for _, part in _items(structure)])

    if top_down:
        return replaced(structure, inside)
    whole = inside()
    return replaced(whole, lambda: whole)


def assert_same_structure(a: Any, b: Any, check_types: Any = None) -> None:
    """Raise ValueError unless two structures are nested in the same way, by containers of the same types.

    Args:
        a, b: the structures; their leaves may differ, and all kinds of dictionary count as one.
        check_types: an old argument without effect.
    """
    _compare(a, b, (), types=True)


def assert_same_paths(a: Any, b: Any) -> None:
    """Raise ValueError unless the same keys and indices lead to the leaves of two structures."""
    _compare(a, b, (), types=False)


def lists_to_tuples(structure: Any) -> Any:
    """Return the structure with a tuple for each list.

    Example:
        >>> lamina.tree.lists_to_tuples([1, {"a": [2]}])
        (1, {'a': (2,)})
    """
    if not is_nested(structure):
        return structure
    parts = [lists_to_tuples(part) for _, part in _items(structure)]
    return tuple(parts) if isinstance(structure, list) else _rebuild(structure, parts)


def map_shape_structure(func: Callable[[Any], Any], structure: Any) -> Any:
    """Return a structure of what a function makes of shapes: tuples and lists of numbers and None.

    Example:
        >>> lamina.tree.map_shape_structure(len, {"a": (None, 3)})
        {'a': 2}
    """
    if isinstance(structure, tuple | list) and all(size is None or isinstance(size, int) for size in structure):
        return func(tuple(structure))
    if not is_nested(structure):
        raise ValueError(f"map_shape_structure: {structure!r} is no shape and no structure of shapes.")
    return _rebuild(structure, [map_shape_structure(func, part) for _, part in _items(structure)])


def _items(structure: Any) -> list[tuple[Any, Any]]:
    if isinstance(structure, Mapping):
        keys = list(structure) if isinstance(structure, collections.OrderedDict) else sorted(structure)
        return [(key, structure[key]) for key in keys]
    return list(enumerate(structure))


def _rebuild(structure: Any, parts: list[Any]) -> Any:
    """Return parts in a container like `structure`, in the order of `_items`."""
    if isinstance(structure, Mapping):
        by_key = dict(zip([key for key, _ in _items(structure)], parts, strict=True))
        ordered = [(key, by_key[key]) for key in structure]
        if isinstance(structure, collections.defaultdict):
            return type(structure)(structure.default_factory, ordered)
        make: Any = type(structure)
        return make(ordered)
    return type(structure)(*parts) if hasattr(structure, "_fields") else type(structure)(parts)


def _map_up_to(shallow: Any, func: Callable[..., Any], structures: Sequence[Any], path: tuple[Any, ...] = ()) -> Any:
    if not is_nested(shallow):
        return func(*structures)
    for structure in structures:
        _compare_level(shallow, structure, path, types=True)
    items = [dict(_items(structure)) for structure in structures]
    parts = [_map_up_to(part, func, [inner[key] for inner in items], (*path, key)) for key, part in _items(shallow)]
    return _rebuild(structures[0], parts)


def _compare(a: Any, b: Any, path: tuple[Any, ...], types: bool) -> None:
    _compare_level(a, b, path, types)
    if is_nested(a):
        others = dict(_items(b))
        for key, part in _items(a):
            _compare(part, others[key], (*path, key), types)


def _compare_level(a: Any, b: Any, path: tuple[Any, ...], types: bool) -> None:
    where = f"at {'/'.join(map(str, path))}" if path else "at the top"
    if is_nested(a) != is_nested(b):
        raise ValueError(f"The structures differ {where}: {_shown(a)} and {_shown(b)}.")
    if not is_nested(a):
        return
    if types and _container(a) is not _container(b):
        raise ValueError(f"The structures differ {where}: a {type(a).__name__} and a {type(b).__name__}.")
    keys, other_keys = ({key for key, _ in _items(one)} for one in (a, b))
    if keys != other_keys:
        raise ValueError(f"The structures differ {where}: keys {_sorted(keys)} and {_sorted(other_keys)}.")


def _container(structure: Any) -> type:
    return dict if isinstance(structure, Mapping) else type(structure)


def _shown(value: Any) -> str:
    return f"a {type(value).__name__}" if is_nested(value) else f"the leaf {value!r}"


def _sorted(keys: set[Any]) -> list[Any]:
    return sorted(keys, key=str)


def _check_arguments(function: str, func: Any, structures: Sequence[Any]) -> None:
    if not callable(func):
        raise TypeError(f"{function}: func must be callable, got {func!r}.")
    if not structures:
        raise TypeError(f"{function} needs at least one structure.")
