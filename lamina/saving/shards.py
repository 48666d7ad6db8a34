"""Weights in several files and a list of them, as Keras writes `.weights.json`.

The list says which files hold the arrays of each object. Only the names of the files are taken from it: plain names of
files in its own folder. What they hold is what they hold.
"""

from __future__ import annotations

import contextlib
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from lamina.saving import strict_json
from lamina.saving.atomic import written_file
from lamina.saving.errors import LoadError
from lamina.saving.hdf5 import Dataset, Group
from lamina.saving.hdf5.writer import GroupToWrite, write_hdf5
from lamina.saving.opening import opened_hdf5, opened_source

INDEX_SUFFIX = ".weights.json"
_SHARD_SUFFIX = ".weights.h5"
_LARGEST_INDEX = 1 << 26
_MOST_SHARDS = 10_000
_GIGABYTE = 10**9


def shard_limit(max_shard_size: float | None) -> float:
    """Return the most bytes of a file.

    Raises:
        ValueError: if it is no positive number.
    """
    if max_shard_size is None:
        return float("inf")
    if isinstance(max_shard_size, bool) or not isinstance(max_shard_size, int | float) or not max_shard_size > 0:
        raise ValueError(f"max_shard_size must be a positive number of gigabytes, got {max_shard_size!r}.")
    return max_shard_size * _GIGABYTE


def write_shards(weights: GroupToWrite, path: Path, largest: float) -> None:
    """Write what `write_weights` returned to several files and a list of them.

    The list is written last and the files never replace those that an older list names, so that a crash leaves the
    old weights or the new ones. An array larger than the limit has a file of its own.

    Args:
        weights: the weights.
        path: of the list.
        largest: most bytes of the arrays in a file.
    """
    shards = [GroupToWrite()]
    sizes: list[float] = [0]
    homes: dict[str, list[int]] = {}
    for group_path, group in _groups(weights):
        shards[-1].group(group_path).attributes.update(group.attributes)
        for name, array in group.members.items():
            if isinstance(array, GroupToWrite):
                continue
            size = int(np.prod(array.shape, dtype=np.int64)) * np.dtype(array.dtype).itemsize
            if sizes[-1] and sizes[-1] + size > largest:
                shards.append(GroupToWrite())
                sizes.append(0)
            home = shards[-1].group(group_path)
            home.attributes.update(group.attributes)
            home.members[name] = array
            sizes[-1] += size
            places = homes.setdefault(f"/{group_path}", [])
            if not places or places[-1] != len(shards) - 1:
                places.append(len(shards) - 1)
    old = _named_shards(path)
    names = _shard_names(path, len(shards), old)
    index = {
        "metadata": {"total_size": float(sum(sizes))},
        "weight_map": {group_path: [names[number] for number in numbers] for group_path, numbers in homes.items()},
    }
    try:
        for name, shard in zip(names, shards, strict=True):
            with written_file(path.with_name(name)) as file:
                write_hdf5(shard, file.write)
        with written_file(path) as file:
            file.write(json.dumps(index, indent=4).encode())
    except BaseException:
        for name in set(names) - set(old):
            path.with_name(name).unlink(missing_ok=True)
        raise
    for name in set(old) - set(names):
        path.with_name(name).unlink(missing_ok=True)


def _groups(group: GroupToWrite, path: str = "") -> Iterator[tuple[str, GroupToWrite]]:
    yield path, group
    for name, member in group.members.items():
        if isinstance(member, GroupToWrite):
            yield from _groups(member, f"{path}/{name}" if path else name)


def _named_shards(path: Path) -> list[str]:
    """Return the files that an older list names; none where it can't be read."""
    with contextlib.suppress(LoadError):
        return [name for name in read_index(path) if name.startswith(_stem(path))]
    return []


def _shard_names(path: Path, count: int, old: list[str]) -> list[str]:
    stem = _stem(path)
    plain = [f"{stem}_{number:05d}{_SHARD_SUFFIX}" for number in range(count)]
    if not set(plain) & set(old):
        return plain
    token = secrets.token_hex(4)
    return [f"{stem}_{token}_{number:05d}{_SHARD_SUFFIX}" for number in range(count)]


def _stem(path: Path) -> str:
    return path.name.removesuffix(INDEX_SUFFIX)


def read_index(path: Path) -> list[str]:
    """Return the names of the files that a list names, each once.

    Raises:
        LoadError: if it is no such list, or names anything but files in its own folder.
    """
    with opened_source(path) as source:
        if source.size > _LARGEST_INDEX:
            source.fail(f"{source.size:,} bytes are too many for a list of files.")
        index = strict_json.parse(source.read(0, source.size) if source.size else b"", path.name)
    weight_map = index.get("weight_map") if isinstance(index, dict) else None
    if not isinstance(weight_map, dict):
        raise LoadError(f"{path.name}: this is no list of weight files: it has no 'weight_map'.")
    names: dict[str, None] = {}
    for files in weight_map.values():
        for name in files if isinstance(files, list) else [files]:
            names[_checked(name, path)] = None
    if len(names) > _MOST_SHARDS:
        raise LoadError(f"{path.name}: it names {len(names):,} files; weights have a handful.")
    return list(names)


def _checked(name: Any, path: Path) -> str:
    plain = isinstance(name, str) and name.isprintable() and not set(name) & set("/\\:") and not name.startswith(".")
    if not plain or not name.endswith(_SHARD_SUFFIX):
        raise LoadError(f"{path.name}: it names {name!r}, which is no plain name of a {_SHARD_SUFFIX} file beside it.")
    return name


@contextmanager
def opened_shards(path: Path) -> Iterator[MergedGroup]:
    """Open all files that a list names and yield what they hold together.

    Raises:
        LoadError: if one is missing or damaged.
    """
    with contextlib.ExitStack() as stack:
        roots = []
        for name in read_index(path):
            shard = path.with_name(name)
            if shard.is_symlink():
                raise LoadError(f"{shard}: this is a link to another place, which is not followed.")
            roots.append(stack.enter_context(opened_hdf5(shard)))
        if not roots:
            raise LoadError(f"{path.name}: it names no files.")
        yield MergedGroup(roots)


class MergedGroup:
    """The groups of one path in several files, as one group.

    Args:
        groups: at least one.
    """

    def __init__(self, groups: list[Group]) -> None:
        self.groups = groups
        self.path = groups[0].path
        self.source = groups[0].source

    @property
    def attributes(self) -> dict[str, Any]:
        """The attributes of all groups."""
        return {key: value for group in self.groups for key, value in group.attributes.items()}

    def names(self) -> list[str]:
        """Return the names of the members, each once."""
        return list(dict.fromkeys(name for group in self.groups for name in group.names()))

    def get(self, name: str) -> MergedGroup | Dataset | None:
        """Return a member, or None."""
        found = [member for group in self.groups if (member := group.get(name)) is not None]
        groups = [member for member in found if isinstance(member, Group)]
        if len(groups) == len(found):
            return MergedGroup(groups) if groups else None
        if len(found) > 1:
            found[1].source.fail(f"{found[1].path!r} stands in another of the files as well.")
        assert isinstance(found[0], Dataset)
        return found[0]

    def group(self, name: str) -> MergedGroup | None:
        """Return a member that is a group, or None."""
        member = self.get(name)
        return member if isinstance(member, MergedGroup) else None

    def datasets(self) -> dict[str, Dataset]:
        """Return the members that are datasets, by name."""
        members = {name: self.get(name) for name in self.names()}
        return {name: member for name, member in members.items() if isinstance(member, Dataset)}

    def all_datasets(self) -> dict[str, Dataset]:
        """Return all datasets below, by path."""
        found: dict[str, Dataset] = {}
        for name in self.names():
            member = self.get(name)
            if isinstance(member, MergedGroup):
                found.update(member.all_datasets())
            elif member is not None:
                found[member.path] = member
        return found
