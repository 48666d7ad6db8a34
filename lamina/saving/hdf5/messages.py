"""The records of an object header: what a dataset's values are and where they lie."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from lamina.saving.hdf5.source import UNDEFINED, Cursor, Source

DATASPACE, LINK_INFO, DATATYPE, LINK, EXTERNAL_FILES, LAYOUT = 0x01, 0x02, 0x03, 0x06, 0x07, 0x08
FILTERS, ATTRIBUTE, CONTINUATION, SYMBOL_TABLE, ATTRIBUTE_INFO = 0x0B, 0x0C, 0x10, 0x11, 0x15

_MOST_BLOCKS = 10_000
_MOST_MESSAGES = 65_535
_MOST_AXES = 32
_MOST_VALUES = 1 << 56
_SHARED = 0x02
# Size of the exponent and of the fraction of floats, and the exponent's bias.
_FLOATS = {
    (2, 5, 10, 15): "float16",
    (2, 8, 7, 127): "bfloat16",
    (4, 8, 23, 127): "float32",
    (8, 11, 52, 1023): "float64",
}


@dataclass(frozen=True, slots=True)
class Message:
    """One record of an object header."""

    kind: int
    flags: int
    data: bytes

    def cursor(self, source: Source) -> Cursor:
        """Return a cursor over the record's own bytes."""
        if self.flags & _SHARED:
            source.fail("a part of it refers to a shared record elsewhere in the file, which weight files don't do.")
        return Cursor(source, self.data)


def read_header(source: Source, address: int) -> list[Message]:
    """Return the records of the object whose header is at `address`."""
    if source.read(address, 4) == b"OHDR":
        return _read_header_2(source, address)
    return _read_header_1(source, address)


def _read_header_1(source: Source, address: int) -> list[Message]:
    version, _, count, _, size = source.cursor(address, 12).fields("BBHII")
    if version != 1:
        source.damaged(f"no object is at {address:,}")
    messages: list[Message] = []
    blocks = [(address + 16, size)]
    seen = 0
    while blocks and len(messages) < count:
        seen += 1
        if seen > _MOST_BLOCKS:
            source.damaged("an object is in too many pieces")
        cursor = _block(source, *blocks.pop(0))
        while cursor.left >= 8 and len(messages) < count:
            kind, length, flags = cursor.fields("HHB3x")
            message = Message(kind, flags, cursor.take(length))
            messages.append(message)
            if kind == CONTINUATION:
                blocks.append(message.cursor(source).fields("QQ"))
    return messages


def _read_header_2(source: Source, address: int) -> list[Message]:
    version, flags = source.cursor(address + 4, 2).fields("BB")
    if version != 2:
        source.damaged(f"the object at {address:,} has version {version}")
    start = address + 6 + (16 if flags & 0x20 else 0) + (4 if flags & 0x10 else 0)
    width = 1 << (flags & 3)
    size = int.from_bytes(source.read(start, width), "little")
    messages: list[Message] = []
    blocks = [(start + width, size)]
    seen = 0
    while blocks:
        seen += 1
        if seen > _MOST_BLOCKS:
            source.damaged("an object is in too many pieces")
        cursor = _block(source, *blocks.pop(0))
        while cursor.left >= 4:
            if len(messages) == _MOST_MESSAGES:
                source.damaged("an object has too many records")
            kind, length, message_flags = cursor.fields("BHB")
            if flags & 0x04:
                cursor.skip(2)
            message = Message(kind, message_flags, cursor.take(length))
            messages.append(message)
            if kind == CONTINUATION:
                offset, length = message.cursor(source).fields("QQ")
                if length < 8 or source.read(offset, 4) != b"OCHK":
                    source.damaged("a piece of an object is not where it should be")
                blocks.append((offset + 4, length - 8))
    return messages


def _block(source: Source, offset: int, size: int) -> Cursor:
    source.claim("records", size)
    return source.cursor(offset, size)


def read_dataspace(cursor: Cursor) -> tuple[int, ...] | None:
    """Return a shape; None for a dataset without values."""
    version, axes, _ = cursor.fields("BBB")
    if version == 1:
        cursor.skip(5)
    elif version == 2:
        if cursor.integer(1) == 2:
            return None
    else:
        cursor.source.damaged(f"a shape has version {version}")
    if axes > _MOST_AXES:
        cursor.source.damaged(f"a dataset has {axes} axes")
    shape = cursor.fields(f"{axes}Q")
    if math.prod(max(1, size) for size in shape) > _MOST_VALUES:
        cursor.source.damaged(f"nothing has the shape {shape}")
    return shape


@dataclass(frozen=True, slots=True)
class Datatype:
    """What one value is.

    Attributes:
        kind: "number", "opaque" (bytes whose meaning an attribute tells), "string", "variable string" or "other".
        size: bytes of one value.
        dtype: of numbers, with their byte order.
        description: for messages.
    """

    kind: str
    size: int
    dtype: np.dtype | None = None
    description: str = ""


def read_datatype(cursor: Cursor) -> Datatype:
    """Return the type of a dataset's or an attribute's values."""
    first = cursor.integer(1)
    kind, bits, size = first & 0x0F, cursor.integer(3), cursor.integer(4)
    order = ">" if bits & 1 else "<"
    if kind == 0:
        offset, precision = cursor.fields("HH")
        if size in (1, 2, 4, 8) and precision == 8 * size and offset == 0:
            dtype = np.dtype(f"{order}{'i' if bits & 8 else 'u'}{size}")
            return Datatype("number", size, dtype, dtype.name)
    elif kind == 1:
        offset, precision, _, exponent, _, fraction, bias = cursor.fields("HHBBBBI")
        name = _FLOATS.get((size, exponent, fraction, bias))
        if name == "bfloat16" and order == "<":
            return Datatype("opaque", 2, None, name)
        if name and name != "bfloat16" and precision == 8 * size and offset == 0:
            return Datatype("number", size, np.dtype(f"{order}f{size}"), name)
    elif kind == 3:
        return Datatype("string", size, None, "text")
    elif kind == 5:
        return Datatype("opaque", size, None, f"opaque bytes ({size})")
    elif kind == 8 and size == 1 and (bits & 0xFFFF) == 2:
        return _read_boolean(cursor, version=first >> 4)
    elif kind == 9 and bits & 0x0F == 1:
        return Datatype("variable string", size, None, "text")
    names = {2: "a time", 4: "a bit field", 6: "a compound", 7: "a reference", 8: "an enumeration", 9: "a sequence"}
    return Datatype("other", size, None, names.get(kind, f"a number of an unknown form (class {kind}, {size} bytes)"))


def _read_boolean(cursor: Cursor, version: int) -> Datatype:
    base = read_datatype(cursor)
    widths = (8, 8) if version < 3 else (6, 5)  # padded to eight bytes, later only ended by a zero
    names = [cursor.take(width).rstrip(b"\0") for width in widths]
    values = list(cursor.take(2)) if base.size == 1 else []
    if names == [b"FALSE", b"TRUE"] and values == [0, 1]:
        return Datatype("number", 1, np.dtype(bool), "bool")
    return Datatype("other", 1, None, "an enumeration")


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the values of a dataset lie.

    Attributes:
        kind: "compact" (in the header), "contiguous" or "chunked".
        address: of the values, or of the index of the chunks.
        size: of contiguous values, in bytes.
        chunk: shape of a chunk.
        data: compact values.
    """

    kind: str
    address: int = UNDEFINED
    size: int = 0
    chunk: tuple[int, ...] = ()
    data: bytes = b""


def read_layout(cursor: Cursor, item_size: int) -> Layout:
    """Return where the values of a dataset lie."""
    source = cursor.source
    version, kind = cursor.fields("BB")
    if version == 3 or (version == 4 and kind < 2):
        if kind == 0:
            return Layout("compact", data=cursor.take(cursor.integer(2)))
        if kind == 1:
            address, size = cursor.fields("QQ")
            return Layout("contiguous", address, size)
        if kind == 2:
            axes = cursor.integer(1)
            address, *chunk = cursor.fields(f"Q{axes}I")
            return _chunked(source, address, chunk, item_size)
    if version in (1, 2):
        return _read_old_layout(cursor, axes=kind, item_size=item_size)
    if kind == 3:
        source.fail("it holds a virtual dataset, made of pieces of other files; such files are not opened.")
    if version == 4 and kind == 2:
        source.fail(
            "it stores chunks in the form of HDF5 1.10 (libver='latest'), which lamina does not read. "
            "Rewrite it with `h5repack --low=0 --high=0`, or open and save it with Keras."
        )
    source.damaged(f"a layout has version {version} and class {kind}")


def _read_old_layout(cursor: Cursor, axes: int, item_size: int) -> Layout:
    kind = cursor.integer(1)
    cursor.skip(5)
    address = UNDEFINED if kind == 0 else cursor.integer(8)
    sizes = cursor.fields(f"{axes}I")
    if kind == 0:
        return Layout("compact", data=cursor.take(cursor.integer(4)))
    if kind == 1:
        return Layout("contiguous", address, math.prod(sizes) * item_size)
    if kind == 2:
        return _chunked(cursor.source, address, [*sizes, cursor.integer(4)], item_size)
    cursor.source.damaged(f"a layout has class {kind}")


def _chunked(source: Source, address: int, chunk: list[int], item_size: int) -> Layout:
    if len(chunk) < 2 or chunk[-1] != item_size or 0 in chunk:
        source.damaged("the shape of chunks does not fit their dataset")
    return Layout("chunked", address, chunk=tuple(chunk[:-1]))


@dataclass(frozen=True, slots=True)
class Filter:
    """One step that chunks went through before they were stored."""

    number: int
    name: str
    values: tuple[int, ...]


def read_filters(cursor: Cursor) -> list[Filter]:
    """Return the steps that chunks went through, in the order in which they were applied."""
    version, count = cursor.fields("BB")
    if version not in (1, 2):
        cursor.source.damaged(f"a list of filters has version {version}")
    if version == 1:
        cursor.skip(6)
    filters = []
    for _ in range(count):
        number = cursor.integer(2)
        name_size = cursor.integer(2) if version == 1 or number >= 256 else 0
        _, values = cursor.fields("HH")
        if version == 1:
            name_size += -name_size % 8
        name = cursor.take(name_size).rstrip(b"\0").decode("ascii", "replace")
        filters.append(Filter(number, name, cursor.fields(f"{values}I")))
        if version == 1 and values % 2:
            cursor.skip(4)
    return filters
