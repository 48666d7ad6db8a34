"""Small values attached to groups and datasets."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lamina.saving.hdf5.messages import ATTRIBUTE, Datatype, Message, read_dataspace, read_datatype
from lamina.saving.hdf5.source import Cursor, Source


def read_attributes(source: Source, messages: list[Message]) -> dict[str, Any]:
    """Return the attributes of an object: numbers, text, and lists or arrays of them; others are left out."""
    attributes: dict[str, Any] = {}
    for message in messages:
        if message.kind == ATTRIBUTE:
            name, value = _read_attribute(message.cursor(source))
            if value is not None:
                attributes[name] = value
    return attributes


def _read_attribute(cursor: Cursor) -> tuple[str, Any]:
    source = cursor.source
    version, flags, name_size, type_size, shape_size = cursor.fields("BBHHH")
    if version not in (1, 2, 3):
        source.damaged(f"an attribute has version {version}")
    if version > 1 and flags & 0x03:
        source.fail("an attribute refers to a shared record elsewhere in the file, which weight files don't do.")
    if version == 3:
        cursor.skip(1)
    padding = 8 if version == 1 else 1
    name = cursor.take(name_size + -name_size % padding)[:name_size].rstrip(b"\0").decode("utf-8", "replace")
    datatype = read_datatype(Cursor(source, cursor.take(type_size + -type_size % padding)))
    shape = read_dataspace(Cursor(source, cursor.take(shape_size + -shape_size % padding)))
    return name, None if shape is None else _read_value(cursor, datatype, shape)


def _read_value(cursor: Cursor, datatype: Datatype, shape: tuple[int, ...]) -> Any:
    count = math.prod(shape)
    if count * max(1, datatype.size) > cursor.left:
        cursor.source.damaged("an attribute is larger than its record")
    if datatype.kind == "number":
        values = np.frombuffer(cursor.take(count * datatype.size), datatype.dtype).reshape(shape)
        return values[()].item() if shape == () else values
    if datatype.kind == "string":
        texts = [_text(cursor.take(datatype.size)) for _ in range(count)]
    elif datatype.kind == "variable string" and datatype.size == 16:
        heap = _GlobalHeap(cursor.source)
        texts = [_text(heap.read(*cursor.fields("IQI"))) for _ in range(count)]
    else:
        return None
    return texts[0] if shape == () else texts


def _text(data: bytes) -> str:
    return data.split(b"\0", 1)[0].decode("utf-8", "replace")


class _GlobalHeap:
    """Text of any length, kept in collections."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.collections = source.collections

    def read(self, size: int, address: int, index: int) -> bytes:
        if size == 0:
            return b""
        if address not in self.collections:
            self.collections[address] = self._read_collection(address)
        offset, stored = self.collections[address].get(index, (0, -1))
        if size > stored:
            self.source.damaged("a text is not where it should be")
        self.source.claim("texts", size)
        return self.source.read(offset, size)

    def _read_collection(self, address: int) -> dict[int, tuple[int, int]]:
        cursor = self.source.cursor(address, 16)
        cursor.expect(b"GCOL", "a collection of texts")
        cursor.skip(4)
        end = address + cursor.integer(8)
        self.source.check(address, end - address)
        self.source.claim("collections of texts", end - address)
        objects: dict[int, tuple[int, int]] = {}
        offset = address + 16
        while offset + 16 <= end:
            index, size = self.source.cursor(offset, 16).fields("H6xQ")
            if index == 0:  # the free space at the end
                break
            if offset + 16 + size > end:
                self.source.damaged("a text ends outside of its collection")
            objects[index] = (offset + 16, size)
            offset += 16 + size + -size % 8
        return objects
