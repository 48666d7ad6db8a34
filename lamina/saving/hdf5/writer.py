"""Writing HDF5 files in one pass, in the oldest form, which every HDF5 library reads.

All sizes are known beforehand, so the places of everything are laid out first: records, then the values. The values
then stream from the arrays to the file without being gathered anywhere.
"""

from __future__ import annotations

import dataclasses
import struct
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from lamina.saving.hdf5 import encoding
from lamina.saving.hdf5.file import SIGNATURE
from lamina.saving.hdf5.source import UNDEFINED

_LEAF, _INTERNAL = 4, 16  # half the members of a list of symbols, half the children of a node: HDF5's defaults
_SUPERBLOCK_SIZE = 96
_COLLECTION_SIZE = 4096
_ALIGNMENT = 64
_CHUNK = 1 << 24


class ArrayLike(Protocol):
    """Anything with a shape and a dtype that NumPy can turn into an array when its turn comes."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def dtype(self) -> Any: ...


@dataclasses.dataclass
class GroupToWrite:
    """A group, its attributes (texts, numbers or lists of texts) and its members."""

    members: dict[str, GroupToWrite | ArrayLike] = dataclasses.field(default_factory=dict)
    attributes: dict[str, Any] = dataclasses.field(default_factory=dict)

    def group(self, path: str) -> GroupToWrite:
        """Return the group at a path below, made if need be."""
        found = self
        for name in path.split("/") if path else ():
            member = found.members.setdefault(name, GroupToWrite())
            assert isinstance(member, GroupToWrite)
            found = member
        return found


class HDF5Writer:
    """Lays out a file and writes it.

    Args:
        root: what the file holds.
    """

    def __init__(self, root: GroupToWrite) -> None:
        self.pieces: list[tuple[int, bytes | ArrayLike]] = []
        self.end = _SUPERBLOCK_SIZE
        self.texts = _Texts(self)
        self.arrays: list[tuple[Callable[[int], None], ArrayLike]] = []
        address = self._place_group(root)
        self.texts.close()
        self._place_arrays()
        self.pieces.insert(0, (0, self._superblock(address)))

    def write(self, write: Callable[[Any], Any]) -> None:
        """Pass all bytes of the file to `write`, in order."""
        position = 0
        for address, piece in self.pieces:
            write(b"\0" * (address - position))
            if isinstance(piece, bytes):
                write(piece)
                position = address + len(piece)
            else:
                position = address + write_array(write, piece)
        write(b"\0" * (self.end - position))

    def place(self, data: bytes) -> int:
        """Give bytes a place after all others and return it."""
        address = self.allocate(len(data))
        self.pieces.append((address, data))
        return address

    def allocate(self, size: int, alignment: int = 8) -> int:
        """Return a free place of `size` bytes."""
        address = self.end + -self.end % alignment
        self.end = address + size
        return address

    def _superblock(self, root: int) -> bytes:
        head = SIGNATURE + struct.pack("<8B2HI", 0, 0, 0, 0, 0, 8, 8, 0, _LEAF, _INTERNAL, 0)
        addresses = struct.pack("<4Q", 0, UNDEFINED, self.end, UNDEFINED)
        return head + addresses + struct.pack("<QQII16x", 0, root, 0, 0)

    # Objects

    def _place_group(self, group: GroupToWrite) -> int:
        places = {}
        for name, member in group.members.items():
            placed = self._place_group(member) if isinstance(member, GroupToWrite) else self._place_dataset(member)
            places[name.encode()] = placed
        names = sorted(places)
        heap = bytearray(8)  # the empty name comes first
        offsets = {}
        for name in names:
            offsets[name] = len(heap)
            heap += name + b"\0" * (8 - len(name) % 8)
        heap_address = self.place(b"HEAP" + struct.pack("<4xQQQ", len(heap), 1, self.place(bytes(heap))))
        tree = self._place_index(names, offsets, places)
        messages = [encoding.message(encoding.SYMBOL_TABLE, struct.pack("<QQ", tree, heap_address))]
        return self.place(encoding.header(messages + self._attributes(group.attributes)))

    def _place_index(self, names: list[bytes], offsets: dict[bytes, int], places: dict[bytes, int]) -> int:
        leaves = []
        for start in range(0, len(names), 2 * _LEAF):
            some = names[start : start + 2 * _LEAF]
            symbols = b"".join(struct.pack("<QQ24x", offsets[name], places[name]) for name in some)
            data = b"SNOD" + struct.pack("<BxH", 1, len(some)) + symbols.ljust(40 * 2 * _LEAF, b"\0")
            leaves.append((self.place(data), offsets[some[-1]]))
        level = 0
        nodes = self._place_nodes(leaves, level)
        while len(nodes) > 1:
            level += 1
            nodes = self._place_nodes(nodes, level)
        return nodes[0][0]

    def _place_nodes(self, children: list[tuple[int, int]], level: int) -> list[tuple[int, int]]:
        """Place one level of a group's tree; a child is its address and its greatest name."""
        most = 2 * _INTERNAL
        parts = [children[start : start + most] for start in range(0, len(children), most)] or [[]]
        size = 24 + 8 + 16 * most
        addresses = [self.allocate(size) for _ in parts]
        nodes, before = [], 0
        for index, part in enumerate(parts):
            left = addresses[index - 1] if index else UNDEFINED
            right = addresses[index + 1] if index + 1 < len(parts) else UNDEFINED
            data = b"TREE" + struct.pack("<BBHQQQ", 0, level, len(part), left, right, before)
            for address, greatest in part:
                data += struct.pack("<QQ", address, greatest)
                before = greatest
            self.pieces.append((addresses[index], data.ljust(size, b"\0")))
            nodes.append((addresses[index], before))
        return nodes

    def _place_dataset(self, array: ArrayLike) -> int:
        dtype = np.dtype(array.dtype)
        name = encoding.unnamed(dtype)
        attributes = self._attributes({"dtype": name} if name else {})
        messages = encoding.dataset_messages(tuple(array.shape), dtype)
        before = sum(map(len, messages))  # the layout comes next
        data = encoding.header([*messages, encoding.layout(UNDEFINED, 0), *attributes])
        address = self.place(data)
        index = len(self.pieces) - 1

        def fill_in(values: int) -> None:
            at = encoding.HEADER_SIZE + before
            known = encoding.layout(values, _nbytes(array))
            self.pieces[index] = (address, data[:at] + known + data[at + len(known) :])

        self.arrays.append((fill_in, array))
        return address

    def _place_arrays(self) -> None:
        for fill_in, array in self.arrays:
            size = _nbytes(array)
            if size:
                address = self.allocate(size, _ALIGNMENT)
                self.pieces.append((address, array))
                fill_in(address)

    def _attributes(self, attributes: dict[str, Any]) -> list[bytes]:
        return [encoding.attribute(name, value, self.texts.place) for name, value in attributes.items()]


class _Texts:
    """Collections of texts of any length, which attributes refer to."""

    def __init__(self, writer: HDF5Writer) -> None:
        self.writer = writer
        self.address = 0
        self.size = 0
        self.objects: list[bytes] = []

    def place(self, text: bytes) -> tuple[int, int]:
        """Store a text and return the address of its collection and its number in it."""
        needed = 16 + len(text) + -len(text) % 8
        if not self.objects or sum(map(len, self.objects)) + needed + 32 > self.size:
            self.close()
            self.size = max(_COLLECTION_SIZE, needed + 32)
            self.address = self.writer.allocate(self.size)
        number = len(self.objects) + 1
        self.objects.append(struct.pack("<HH4xQ", number, 0, len(text)) + text + b"\0" * (-len(text) % 8))
        return self.address, number

    def close(self) -> None:
        """Finish the collection in progress."""
        if not self.objects:
            return
        data = b"GCOL" + struct.pack("<B3xQ", 1, self.size) + b"".join(self.objects)
        data += struct.pack("<HH4xQ", 0, 0, self.size - len(data))  # the free space
        self.writer.pieces.append((self.address, data.ljust(self.size, b"\0")))
        self.objects = []


def write_hdf5(root: GroupToWrite, write: Callable[[Any], Any]) -> None:
    """Pass the bytes of an HDF5 file that holds `root` to `write`, in order."""
    writer = HDF5Writer(root)
    writer.pieces.sort(key=lambda piece: piece[0])
    writer.write(write)


def _nbytes(array: ArrayLike) -> int:
    return int(np.prod(array.shape, dtype=np.int64)) * np.dtype(array.dtype).itemsize


def write_array(write: Callable[[Any], Any], array: ArrayLike) -> int:
    """Pass the bytes of an array to `write`, piece by piece; return how many they are."""
    values = np.ascontiguousarray(np.asarray(array))
    if not values.dtype.isnative or values.dtype.byteorder == ">":
        values = values.astype(values.dtype.newbyteorder("<"))
    data = values.reshape(-1).view(np.uint8).data
    for start in range(0, len(data), _CHUNK):
        write(data[start : start + _CHUNK])
    return len(data)
