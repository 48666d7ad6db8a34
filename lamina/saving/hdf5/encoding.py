"""The records of object headers, as bytes."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import numpy as np

from lamina.saving.hdf5.messages import ATTRIBUTE, DATASPACE, DATATYPE, LAYOUT, SYMBOL_TABLE

__all__ = ["SYMBOL_TABLE", "attribute", "dataset_messages", "header", "layout", "message", "unnamed"]

FILL_VALUE = 0x05
HEADER_SIZE = 16
_MOST_IN_A_RECORD = 64_000
# Sign bit, precision, place and size of the exponent, place and size of the fraction, bias of the exponent.
_FLOATS = {2: (15, 16, 10, 5, 0, 10, 15), 4: (31, 32, 23, 8, 0, 23, 127), 8: (63, 64, 52, 11, 0, 52, 1023)}
_VARIABLE_TEXT = bytes.fromhex("19010100 10000000 10000000 01000000 00000800")


def message(kind: int, data: bytes) -> bytes:
    """Return a record, padded to eight bytes."""
    data += b"\0" * (-len(data) % 8)
    return struct.pack("<HHB3x", kind, len(data), 0) + data


def header(messages: list[bytes]) -> bytes:
    """Return an object header with these records."""
    data = b"".join(messages)
    return struct.pack("<BxHII4x", 1, len(messages), 1, len(data)) + data


def dataset_messages(shape: tuple[int, ...], dtype: np.dtype) -> list[bytes]:
    """Return the records of shape, type and fill value."""
    fill = struct.pack("<BBBBI", 2, 1, 2, 1, 0)
    return [message(DATASPACE, _dataspace(shape)), message(DATATYPE, _datatype(dtype)), message(FILL_VALUE, fill)]


def layout(address: int, size: int) -> bytes:
    """Return the record of where the values lie, in one piece."""
    return message(LAYOUT, struct.pack("<BBQQ", 3, 1, address, size))


def unnamed(dtype: np.dtype) -> str | None:
    """Return the name of a type that HDF5 has no word for, which Keras stores as bytes and names in an attribute."""
    return None if dtype.kind in "biuf" else dtype.name


def attribute(name: str, value: Any, place_text: Callable[[bytes], tuple[int, int]]) -> bytes:
    """Return the record of an attribute.

    Args:
        name: its name.
        value: a text, a whole number or a list of texts.
        place_text: stores a text of any length, returns where.
    """
    if isinstance(value, str):
        text = value.encode()
        address, number = place_text(text) if text else (0, 0)
        kind, shape, data = _VARIABLE_TEXT, (), struct.pack("<IQI", len(text), address, number)
    elif isinstance(value, list):
        texts = [item.encode() for item in value]
        width = max(map(len, texts), default=1) or 1
        kind, shape = struct.pack("<B3BI", 0x13, 1, 0, 0, width), (len(texts),)
        data = b"".join(text.ljust(width, b"\0") for text in texts)
    else:
        kind, shape, data = _datatype(np.dtype(np.int64)), (), struct.pack("<q", value)
    space, key = _dataspace(shape), name.encode() + b"\0"
    parts = [part + b"\0" * (-len(part) % 8) for part in (key, kind, space)]
    record = struct.pack("<BxHHH", 1, len(key), len(kind), len(space)) + b"".join(parts) + data
    if len(record) > _MOST_IN_A_RECORD:
        raise ValueError(f"The attribute {name!r} is too large for an HDF5 file ({len(record):,} bytes).")
    return message(ATTRIBUTE, record)


def _dataspace(shape: tuple[int, ...]) -> bytes:
    return struct.pack("<BBB5x", 1, len(shape), 0) + struct.pack(f"<{len(shape)}Q", *shape)


def _datatype(dtype: np.dtype) -> bytes:
    size = dtype.itemsize
    if dtype.kind in "iu":
        return struct.pack("<B3BIHH", 0x10, 8 if dtype.kind == "i" else 0, 0, 0, size, 0, 8 * size)
    if dtype.kind == "f" and size in _FLOATS:
        sign, precision, exponent, exponent_size, fraction, fraction_size, bias = _FLOATS[size]
        head = struct.pack("<B3BIHH", 0x11, 0x20, sign, 0, size, 0, precision)
        return head + struct.pack("<BBBBI", exponent, exponent_size, fraction, fraction_size, bias)
    if dtype.kind == "b":
        names = b"FALSE\0\0\0TRUE\0\0\0\0"
        return struct.pack("<B3BI", 0x18, 2, 0, 0, 1) + _datatype(np.dtype(np.int8)) + names + b"\0\1"
    if dtype.kind == "V":
        return struct.pack("<B3BI", 0x15, 0, 0, 0, size)
    raise TypeError(f"An array of dtype {dtype} can't be written to a weight file.")
