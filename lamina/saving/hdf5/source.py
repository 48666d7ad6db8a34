"""Bytes of a file, read within bounds."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, NoReturn

from lamina.saving.errors import LoadError

_BLOCK = 1 << 14
_BLOCKS_KEPT = 512
UNDEFINED = 0xFFFF_FFFF_FFFF_FFFF
# Numbers that were trained hardly compress at all; more than this is a file that unfolds to fill the memory.
MOST_INFLATION = 100
FREE_INFLATION = 1 << 24


class Source:
    """A stretch of a file, such as one member of an archive, read within its bounds.

    Args:
        file: an open, seekable file of bytes.
        start: where the stretch starts.
        size: its length in bytes.
        name: how messages call it.
        stored: bytes that it takes on the disk, where `file` is what was unpacked; default its size.
    """

    def __init__(self, file: BinaryIO, start: int, size: int, name: str, stored: int | None = None) -> None:
        self.file = file
        self.start = start
        self.size = size
        self.name = name
        self.stored = size if stored is None else stored
        self.collections: dict[int, dict[int, tuple[int, int]]] = {}  # of texts; see `attributes`
        self._claimed: dict[str, int] = {}
        self._unpacked = 0
        self._packed = 0
        self._blocks: dict[int, bytes] = {}

    def fail(self, problem: str) -> NoReturn:
        """Raise a `LoadError` that names the file."""
        raise LoadError(f"{self.name}: {problem}")

    def damaged(self, what: str) -> NoReturn:
        """Raise a `LoadError` that says where the file is broken."""
        self.fail(f"the file is damaged or not from Keras ({what}).")

    @contextmanager
    def _system_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self.fail(f"it can't be read ({os.strerror(error.errno or 0)}).")

    def check(self, offset: int, size: int) -> None:
        """Raise unless the file holds these bytes."""
        if size < 0 or offset < 0 or offset + size > self.size:
            self.damaged(f"{size:,} bytes at {offset:,} are wanted of {self.size:,}: was the file cut off?")

    def claim(self, what: str, size: int) -> None:
        """Count bytes that a part of the file calls its own; raise if those of one kind are more than the file has.

        No two parts of a weight file share bytes. A file in which they do makes much of little: of a kilobyte, a
        thousand headers or arrays of a megabyte.
        """
        self._claimed[what] = self._claimed.get(what, 0) + size
        if self._claimed[what] > self.size:
            self.damaged(f"its {what} overlap: together they are larger than the file")

    def unpack(self, size: int, stored: int) -> None:
        """Raise if all that is unpacked from `stored` bytes, and from others before, is many times as much as these."""
        self._unpacked += size
        self._packed += stored
        stored = min(self._packed, self.stored)
        if self._unpacked > FREE_INFLATION and self._unpacked > MOST_INFLATION * stored:
            self.fail(
                f"{stored:,} stored bytes claim to hold {self._unpacked:,}, more than {MOST_INFLATION} times as many. "
                "No trained weights compress like that; the file is refused."
            )

    def read(self, offset: int, size: int) -> bytes:
        """Return `size` bytes at `offset`."""
        self.check(offset, size)
        first, last = offset // _BLOCK, (offset + size - 1) // _BLOCK
        if first == last:
            within = offset - first * _BLOCK
            return self._block(first)[within : within + size]
        if size > _BLOCK * 4:
            return self._from_file(offset, size)
        joined = b"".join(self._block(index) for index in range(first, last + 1))
        within = offset - first * _BLOCK
        return joined[within : within + size]

    def read_into(self, offset: int, buffer: memoryview) -> None:
        """Fill a buffer from the bytes at `offset`."""
        self.check(offset, len(buffer))
        self.file.seek(self.start + offset)
        filled = 0
        while filled < len(buffer):
            with self._system_errors():
                count = self.file.readinto(buffer[filled:])  # type: ignore[attr-defined]
            if not count:
                self.damaged("it became shorter while it was read")
            filled += count

    def cursor(self, offset: int, size: int) -> Cursor:
        """Return a cursor over `size` bytes at `offset`."""
        return Cursor(self, self.read(offset, size))

    def _block(self, index: int) -> bytes:
        block = self._blocks.get(index)
        if block is None:
            if len(self._blocks) >= _BLOCKS_KEPT:
                self._blocks.clear()
            offset = index * _BLOCK
            block = self._from_file(offset, min(_BLOCK, self.size - offset))
            self._blocks[index] = block
        return block

    def _from_file(self, offset: int, size: int) -> bytes:
        self.file.seek(self.start + offset)
        with self._system_errors():
            data = self.file.read(size)
        if len(data) != size:
            self.damaged("it became shorter while it was read")
        return data


class Cursor:
    """Bytes taken one field after the other.

    Args:
        source: where they come from, for messages.
        data: the bytes.
    """

    def __init__(self, source: Source, data: bytes) -> None:
        self.source = source
        self.data = data
        self.position = 0

    @property
    def left(self) -> int:
        """How many bytes are left."""
        return len(self.data) - self.position

    def take(self, size: int) -> bytes:
        """Return the next `size` bytes."""
        end = self.position + size
        if size < 0 or end > len(self.data):
            self.source.damaged("a field ends outside of its record")
        taken = self.data[self.position : end]
        self.position = end
        return taken

    def skip(self, size: int) -> None:
        """Pass over `size` bytes."""
        self.take(size)

    def integer(self, size: int) -> int:
        """Return the next unsigned number of `size` bytes."""
        return int.from_bytes(self.take(size), "little")

    def fields(self, layout: str) -> tuple:
        """Return the next fields of a `struct` layout, little-endian and unpadded."""
        return struct.unpack("<" + layout, self.take(struct.calcsize("<" + layout)))

    def expect(self, signature: bytes, what: str) -> None:
        """Raise unless the next bytes are `signature`."""
        if self.take(len(signature)) != signature:
            self.source.damaged(f"{what} is not where it should be")
