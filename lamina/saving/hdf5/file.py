"""Files, groups and datasets."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any

import jax.numpy as jnp
import numpy as np

from lamina.core.arrays import empty_array
from lamina.saving.hdf5.attributes import read_attributes
from lamina.saving.hdf5.chunks import Chunks
from lamina.saving.hdf5.groups import read_members
from lamina.saving.hdf5.messages import (
    ATTRIBUTE_INFO,
    DATASPACE,
    DATATYPE,
    EXTERNAL_FILES,
    FILTERS,
    LAYOUT,
    LINK_INFO,
    SYMBOL_TABLE,
    Layout,
    Message,
    read_dataspace,
    read_datatype,
    read_filters,
    read_header,
    read_layout,
)
from lamina.saving.hdf5.source import UNDEFINED, Source

SIGNATURE = b"\x89HDF\r\n\x1a\n"
_DEEPEST = 64
_LONGEST_PATH = 4_000
# Types that HDF5 has no name for; Keras stores their bytes and names them in an attribute.
_NAMED_TYPES = {"bfloat16": 2, "float8_e4m3fn": 1, "float8_e5m2": 1}


def open_hdf5(source: Source) -> Group:
    """Return the root group of an HDF5 file.

    Raises:
        LoadError: if it is none, or one that refers to other files.
    """
    if source.size < 48 or source.read(0, 8) != SIGNATURE:
        source.fail("this is no HDF5 file.")
    cursor = source.cursor(8, min(source.size - 8, 96))
    version = cursor.integer(1)
    if version in (0, 1):
        cursor.skip(4)
        widths = cursor.fields("BB")
        cursor.skip(9 if version == 0 else 13)
        base, _, end, driver, _, root = cursor.fields("QQQQQQ")
    elif version in (2, 3):
        widths = cursor.fields("BB")
        cursor.skip(1)
        base, _, end, root = cursor.fields("QQQQ")
        driver = UNDEFINED
    else:
        source.damaged(f"its version of HDF5 is {version}")
    if widths != (8, 8) or base != 0 or driver != UNDEFINED:
        source.fail("it is an HDF5 file of an unusual kind, which weight files are not.")
    if end > source.size:
        source.damaged(f"it should have {end:,} bytes but has {source.size:,}: was it cut off?")
    visited: set[int] = set()
    found = _open_object(source, root, "", visited)
    if not isinstance(found, Group):
        source.damaged("its root is no group")
    return found


class Group:
    """A folder of groups and datasets.

    Attributes:
        path: names from the root, joined by "/".
    """

    def __init__(self, source: Source, path: str, messages: list[Message], visited: set[int]) -> None:
        self.source = source
        self.path = path
        self._messages = messages
        self._visited = visited
        self._opened: dict[str, Group | Dataset] = {}

    @cached_property
    def attributes(self) -> dict[str, Any]:
        """Numbers and texts attached to the group."""
        return _attributes(self.source, self._messages)

    @cached_property
    def _members(self) -> dict[str, int]:
        if self.path.count("/") > _DEEPEST:
            self.source.damaged("groups are nested too deeply")
        return read_members(self.source, self._messages)

    def names(self) -> list[str]:
        """Return the names of the members."""
        return list(self._members)

    def get(self, name: str) -> Group | Dataset | None:
        """Return a member, or None."""
        if name not in self._opened:
            if name not in self._members:
                return None
            path = f"{self.path}/{name}" if self.path else name
            if len(path) > _LONGEST_PATH:
                self.source.damaged("its names are too long")
            self._opened[name] = _open_object(self.source, self._members[name], path, self._visited)
        return self._opened[name]

    def group(self, name: str) -> Group | None:
        """Return a member that is a group, or None."""
        member = self.get(name)
        return member if isinstance(member, Group) else None

    def datasets(self) -> dict[str, Dataset]:
        """Return the members that are datasets, by name."""
        members = {name: self.get(name) for name in self.names()}
        return {name: member for name, member in members.items() if isinstance(member, Dataset)}

    def all_datasets(self) -> dict[str, Dataset]:
        """Return all datasets below, by path."""
        found = {}
        for name in self.names():
            member = self.get(name)
            if isinstance(member, Group):
                found.update(member.all_datasets())
            elif member is not None:
                found[member.path] = member
        return found


class Dataset:
    """An array in a file.

    Attributes:
        path: names from the root, joined by "/".
        shape: sizes by axis.
        dtype: name of the values' type; None where they are no numbers.
    """

    def __init__(self, source: Source, path: str, messages: list[Message]) -> None:
        self.source = source
        self.path = path
        self._messages = messages
        self._find = {message.kind: message for message in messages}
        if EXTERNAL_FILES in self._find:
            source.fail(f"{path!r} keeps its values in another file; such files are not opened.")
        shape = read_dataspace(self._cursor(DATASPACE, "shape"))
        if shape is None:
            source.fail(f"{path!r} has no values.")
        self.shape: tuple[int, ...] = shape
        self._datatype = read_datatype(self._cursor(DATATYPE, "type"))
        self.dtype = self._dtype_name()

    def _cursor(self, kind: int, what: str) -> Any:
        if kind not in self._find:
            self.source.damaged(f"{self.path!r} has no {what}")
        return self._find[kind].cursor(self.source)

    def _dtype_name(self) -> str | None:
        if self._datatype.kind == "number":
            assert self._datatype.dtype is not None
            return self._datatype.dtype.name
        if self._datatype.kind == "opaque":
            name = self.attributes.get("dtype", self._datatype.description)
            if isinstance(name, str) and _NAMED_TYPES.get(name) == self._datatype.size:
                return name
        return None

    @cached_property
    def attributes(self) -> dict[str, Any]:
        """Numbers and texts attached to the dataset."""
        return _attributes(self.source, self._messages)

    @property
    def size(self) -> int:
        """Number of values."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes that the values take in memory."""
        return self.size * self._datatype.size

    def check(self) -> None:
        """Raise unless the file holds all values, without reading them.

        Raises:
            LoadError: if it does not, or they are no numbers.
        """
        _ = self._located

    def verify(self) -> None:
        """Raise unless the values can be read: see `check`, and what is packed is unpacked chunk by chunk.

        Raises:
            LoadError: if they can't.
        """
        _, _, chunks = self._located
        if chunks is not None:
            chunks.verify()

    @cached_property
    def _located(self) -> tuple[np.dtype, Layout, Chunks | None]:
        """Return how and where the values are stored, which the file was found to hold."""
        if self.dtype is None:
            self.source.fail(f"{self.path!r} holds {self._datatype.description}, not numbers.")
        stored = self._datatype.dtype or np.dtype(jnp.dtype(self.dtype))
        layout = read_layout(self._cursor(LAYOUT, "layout"), stored.itemsize)
        if layout.kind == "chunked":
            filters = read_filters(self._cursor(FILTERS, "filters")) if FILTERS in self._find else []
            chunks = Chunks(self.source, layout, filters, self.shape, stored)
            self.source.claim("values", chunks.stored_bytes)
            self.source.unpack(max(self.nbytes, chunks.whole_bytes), chunks.stored_bytes)
            return stored, layout, chunks
        if layout.kind == "contiguous":
            if self.size and (layout.address == UNDEFINED or layout.size != self.nbytes):
                self.source.damaged(
                    f"{self.path!r} of shape {self.shape} needs {self.nbytes:,} bytes, but {layout.size:,} are stored"
                )
            self.source.check(layout.address if self.size else 0, self.nbytes)
            self.source.claim("values", self.nbytes)
        elif len(layout.data) != self.nbytes:
            self.source.damaged(f"{self.path!r} is not stored completely")
        return stored, layout, None

    def read(self) -> np.ndarray:
        """Return the values, in memory that nobody else uses.

        Raises:
            LoadError: if the values are no numbers, or the file does not hold all of them.
        """
        stored, layout, chunks = self._located
        if layout.kind == "compact":
            array = np.frombuffer(layout.data, stored).reshape(self.shape).copy()
        else:
            array = empty_array(self.shape, stored)
            if chunks is not None:
                chunks.read_into(array)
            elif self.size:
                self.source.read_into(layout.address, array.reshape(-1).view(np.uint8).data)
        return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def _open_object(source: Source, address: int, path: str, visited: set[int]) -> Group | Dataset:
    if address in visited:
        source.fail(f"{path!r} stands for an object that has another name, too; weight files don't do that.")
    visited.add(address)
    messages = read_header(source, address)
    kinds = {message.kind for message in messages}
    if LAYOUT in kinds:
        return Dataset(source, path, messages)
    if kinds & {SYMBOL_TABLE, LINK_INFO}:
        return Group(source, path, messages, visited)
    source.damaged(f"{path!r} is neither a group nor a dataset")


def _attributes(source: Source, messages: list[Message]) -> dict[str, Any]:
    for message in messages:
        if message.kind == ATTRIBUTE_INFO:
            cursor = message.cursor(source)
            _, flags = cursor.fields("BB")
            cursor.skip(2 if flags & 1 else 0)
            if cursor.integer(8) != UNDEFINED:
                source.fail(
                    "it stores many attributes in the form of HDF5 1.8 and later, which lamina does not read. "
                    "Rewrite it with `h5repack --low=0 --high=0`, or open and save it with Keras."
                )
    return read_attributes(source, messages)
