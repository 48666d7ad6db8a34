"""Event files as TensorBoard reads them, written without TensorFlow.

A file is a sequence of TFRecords, each of them an `Event` in the wire format of Protocol Buffers. Field numbers are
those of tensorboard/compat/proto: event.proto, summary.proto, tensor.proto.
"""

from __future__ import annotations

import os
import socket
import struct
import time
import zlib
from collections.abc import Iterable
from itertools import count
from pathlib import Path

import numpy as np

_FLOAT, _DOUBLE, _STRING = 1, 2, 7  # DataType
_SCALAR, _TENSOR, _BLOBS = 1, 2, 3  # DataClass
_numbers = count()


class EventFile:
    """Appends summaries to a file that TensorBoard watches.

    Args:
        folder: where the file is made; TensorBoard shows each folder as a run.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        Path(folder).mkdir(parents=True, exist_ok=True)
        name = f"events.out.tfevents.{int(time.time()):010d}.{socket.gethostname()}.{os.getpid()}.{next(_numbers)}.v2"
        self.path = Path(folder) / name
        self._file = open(self.path, "wb")
        self._write(text_field(3, "brain.Event:2"))
        self.flush()

    def scalar(self, tag: str, value: float, step: int) -> None:
        """Add a point to a curve."""
        tensor = varint_field(1, _FLOAT) + bytes_field(2, b"") + bytes_field(4, struct.pack("<f", value))
        self._summary(tag, "scalars", _SCALAR, tensor, step)

    def histogram(self, tag: str, values: np.ndarray, step: int, buckets: int = 30) -> None:
        """Add the distribution of the numbers in an array; those that are not finite are left out."""
        table = histogram_table(np.asarray(values, "float64").ravel(), buckets)
        tensor = varint_field(1, _DOUBLE) + _shape(table.shape) + bytes_field(4, table.astype("<f8").tobytes())
        self._summary(tag, "histograms", _TENSOR, tensor, step)

    def text(self, tag: str, text: str, step: int) -> None:
        """Add a text in Markdown."""
        self._summary(tag, "text", _TENSOR, _strings([text.encode()], ()), step)

    def images(self, tag: str, images: np.ndarray, step: int) -> None:
        """Add pictures.

        Args:
            tag: their name.
            images: numbers in [0, 1] of shape (pictures, height, width, 1, 3 or 4 channels).
            step: the step.
        """
        height, width = images.shape[1:3]
        encoded = [png(np.round(np.clip(image, 0, 1) * 255).astype("uint8")) for image in images]
        parts = [str(width).encode(), str(height).encode(), *encoded]
        self._summary(tag, "images", _BLOBS, _strings(parts, (len(parts),)), step)

    def flush(self) -> None:
        """Let TensorBoard see what was added."""
        self._file.flush()

    def close(self) -> None:
        """Finish the file."""
        self._file.close()

    def _summary(self, tag: str, plugin: str, data_class: int, tensor: bytes, step: int) -> None:
        metadata = bytes_field(1, text_field(1, plugin)) + varint_field(4, data_class)
        value = text_field(1, tag) + bytes_field(9, metadata) + bytes_field(8, tensor)
        self._write(varint_field(2, step) + bytes_field(5, bytes_field(1, value)))

    def _write(self, event: bytes) -> None:
        self._file.write(record(double_field(1, time.time()) + event))


# TFRecord


def record(content: bytes) -> bytes:
    """Return the bytes framed as a TFRecord: length, its checksum, content, its checksum."""
    length = struct.pack("<Q", len(content))
    return length + _checksum(length) + content + _checksum(content)


def _crc_table() -> list[int]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ (0x82F63B78 if value & 1 else 0)  # Castagnoli's polynomial, reflected
        table.append(value)
    return table


_TABLE = _crc_table()


def crc32c(content: bytes) -> int:
    """Return the CRC-32C of bytes (RFC 3720, appendix B.4)."""
    crc, table = 0xFFFFFFFF, _TABLE
    for byte in content:
        crc = table[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF


def _checksum(content: bytes) -> bytes:
    crc = crc32c(content)
    return struct.pack("<I", (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF)


# Protocol Buffers


def varint(number: int) -> bytes:
    """Return a number that is not negative in base 128, the lowest digit first."""
    digits = bytearray()
    while number > 0x7F:
        digits.append(number & 0x7F | 0x80)
        number >>= 7
    digits.append(number)
    return bytes(digits)


def varint_field(number: int, value: int) -> bytes:
    """Return a field that holds a whole number."""
    return varint(number << 3) + varint(value)


def double_field(number: int, value: float) -> bytes:
    """Return a field that holds a float of 64 bits."""
    return varint(number << 3 | 1) + struct.pack("<d", value)


def bytes_field(number: int, value: bytes) -> bytes:
    """Return a field that holds bytes or a message."""
    return varint(number << 3 | 2) + varint(len(value)) + value


def text_field(number: int, value: str) -> bytes:
    """Return a field that holds text."""
    return bytes_field(number, value.encode())


def _shape(sizes: Iterable[int]) -> bytes:
    return bytes_field(2, b"".join(bytes_field(2, varint_field(1, size)) for size in sizes))


def _strings(values: list[bytes], shape: tuple[int, ...]) -> bytes:
    return varint_field(1, _STRING) + _shape(shape) + b"".join(bytes_field(8, value) for value in values)


# Contents


def histogram_table(values: np.ndarray, buckets: int) -> np.ndarray:
    """Return rows (left edge, right edge, count), as TensorBoard's histograms want them."""
    values = values[np.isfinite(values)]
    if not values.size:
        return np.zeros((0, 3))
    low, high = values.min(), values.max()
    if low == high:
        counts, edges = np.array([values.size]), np.array([low - 0.5, high + 0.5])
    else:
        counts, edges = np.histogram(values, buckets, (low, high))
    return np.stack([edges[:-1], edges[1:], counts.astype("float64")], axis=1)


def png(pixels: np.ndarray) -> bytes:
    """Return a picture of shape (height, width, 1, 3 or 4) and dtype uint8 as a PNG file."""
    height, width, channels = pixels.shape
    color = {1: 0, 3: 2, 4: 6}[channels]
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, color, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
