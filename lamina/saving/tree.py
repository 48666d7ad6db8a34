"""Where the variables of a model stand in a file: paths of attribute names, as Keras lays them out.

A layer, or an optimizer, stands under the name of the attribute that holds it. Objects in a list, tuple or dictionary
stand under the list's attribute by the name of their class, numbered within it: `layers/dense`, `layers/dense_1`. Each
is visited once, under the first of its names: public attributes come before those with an underscore, both by alphabet.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from lamina.core.naming import numbered_name, snake_case
from lamina.layers.layer import Layer
from lamina.optimizers import Optimizer
from lamina.random import SeedGenerator
from lamina.saving.hdf5 import Group
from lamina.saving.shards import MergedGroup

AnyGroup = Group | MergedGroup
VARIABLES = "vars"
_KINDS = (Layer, Optimizer, SeedGenerator)
_CONTAINERS = (list, tuple, dict, set, frozenset)
# What layers and models of lamina keep for themselves.
_INNER = frozenset(
    {"_layers", "_graph_layers", "_nodes", "_weights", "_tensors", "_own_losses", "_build_shapes"}
    | {"_trainer", "_compile_arguments", "_trainable_variables", "graph", "history", "built", "dtype_policy"}
)
_OF_MODELS = ("layers", "optimizer")  # found through properties that every model has


class Place(NamedTuple):
    """An object with variables, and where it stands.

    Attributes:
        path: names joined by "/"; empty for the root.
        value: a layer, model, optimizer or seed generator.
        group: the group of that path in the file that is read, if there is one.
    """

    path: str
    value: Any
    group: AnyGroup | None


def places(root: Any, file: AnyGroup | None = None, *, by_name: bool = False) -> Iterator[Place]:
    """Yield the objects at and below `root` that may own variables, each once.

    Args:
        root: a model or layer.
        file: the root of the file that is read.
        by_name: whether the file's names are those of the objects, so that objects in a list are found by name where
            their numbers differ: older Keras numbers the layers of some graphs in another order.
    """
    yield from _visit("", root, file, by_name, set())


def _visit(path: str, value: Any, group: AnyGroup | None, by_name: bool, seen: set[int]) -> Iterator[Place]:
    if id(value) in seen:
        return
    seen.add(id(value))
    yield Place(path, value, group)
    if isinstance(value, SeedGenerator):
        return
    for name, child in attributes(value):
        if isinstance(child, _KINDS):
            yield from _visit(_join(path, name), child, _below(group, name), by_name, seen)
        elif isinstance(child, _CONTAINERS) and child:
            yield from _visit_items(_join(path, name), child, _below(group, name), by_name, seen)


def _visit_items(path: str, items: Any, group: AnyGroup | None, by_name: bool, seen: set[int]) -> Iterator[Place]:
    named = _numbered(_in_order(items))
    found = _keys_by_name(named, group) if by_name and group is not None else {}
    for name, item in named:
        below = _below(group, found.get(name, name))
        if isinstance(item, _KINDS):
            yield from _visit(_join(path, name), item, below, by_name, seen)
        else:
            yield from _visit_items(_join(path, name), item, below, by_name, seen)


def attributes(value: Any) -> list[tuple[str, Any]]:
    """Return what an object holds by name, in the order in which it is visited."""
    found = {name: child for name, child in vars(value).items() if name not in _INNER}
    for cls in type(value).__mro__:
        if cls in (Layer, Optimizer) or cls.__module__.startswith("lamina.models"):
            break
        for name, member in vars(cls).items():
            if name not in found and isinstance(member, property):
                with contextlib.suppress(Exception):  # what it says may be known only later
                    found[name] = getattr(value, name)
    for name in _OF_MODELS:
        if isinstance(value, Layer) and isinstance(getattr(type(value), name, None), property):
            found[name] = getattr(value, name)
    names = [name for name in found if not name.startswith("__")]
    return [(name, found[name]) for name in sorted(names, key=lambda name: (name.startswith("_"), name))]


def _in_order(items: Any) -> Iterable[Any]:
    if isinstance(items, Mapping):
        return items.values()
    if isinstance(items, set | frozenset):  # whose own order differs from run to run
        return sorted(items, key=lambda item: str(getattr(item, "name", "")))
    return items


def _numbered(items: Iterable[Any]) -> list[tuple[str, Any]]:
    counts: dict[str, int] = {}
    named = []
    for item in items:
        if isinstance(item, _KINDS):
            name = numbered_name(snake_case(_class_name(item)), counts)
        elif isinstance(item, _CONTAINERS):
            name = numbered_name("container", counts)
        else:
            continue
        named.append((name, item))
    return named


def _class_name(item: Any) -> str:
    """Return what Keras calls an object's class: a graph is a Functional there."""
    identity = getattr(item, "serialized_identity", None) or {}
    return identity.get("registered_name") or type(item).__name__


def _keys_by_name(named: list[tuple[str, Any]], group: AnyGroup) -> dict[str, str]:
    """Return the keys under which a file has the objects of a list, where it tells the names of all of them."""
    by_name: dict[str, str] = {}
    for key in group.names():
        member = group.group(key)
        variables = member.group(VARIABLES) if member is not None else None
        name = variables.attributes.get("name") if variables is not None else None
        if isinstance(name, str):
            by_name[name] = key
    wanted = {key: getattr(item, "name", None) for key, item in named if isinstance(item, Layer)}
    if len(set(wanted.values())) != len(wanted) or not set(wanted.values()) <= set(by_name):
        return {}
    return {key: by_name[str(name)] for key, name in wanted.items()}


def _join(path: str, name: str) -> str:
    return f"{path}/{name}" if path else name


def _below(group: AnyGroup | None, name: str) -> AnyGroup | None:
    return None if group is None else group.group(name)
