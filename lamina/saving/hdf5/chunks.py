"""Datasets stored in chunks, each compressed by itself."""

from __future__ import annotations

import itertools
import math
import zlib

import numpy as np

from lamina.saving.hdf5.messages import Filter, Layout
from lamina.saving.hdf5.source import UNDEFINED, Source

_DEFLATE, _SHUFFLE, _FLETCHER32 = 1, 2, 3
_DEEPEST = 32
_WORDS = 1 << 16


class Chunks:
    """The chunks of one dataset.

    Args:
        source: the file.
        layout: where the index lies and the shape of a chunk.
        filters: what the chunks went through.
        shape: of the dataset.
        dtype: of the dataset.
    """

    def __init__(
        self, source: Source, layout: Layout, filters: list[Filter], shape: tuple[int, ...], dtype: np.dtype
    ) -> None:
        self.source = source
        self.shape = shape
        self.dtype = dtype
        self.chunk = layout.chunk
        self.filters = filters
        if len(self.chunk) != len(shape):
            source.damaged("chunks have other axes than their dataset")
        if len({step.number for step in filters}) != len(filters):
            source.damaged("chunks go through the same filter twice")
        for step in filters:
            if step.number not in (_DEFLATE, _SHUFFLE, _FLETCHER32):
                source.fail(
                    f"it is compressed by a filter that lamina does not read ({step.name or step.number}). "
                    "Rewrite it with `h5repack -f GZIP=1` or `h5repack -f NONE`."
                )
        self.places = self._read_index(layout.address)

    @property
    def stored_bytes(self) -> int:
        """How many bytes the chunks fill in the file."""
        return sum(size for _, size, _ in self.places.values())

    @property
    def whole_bytes(self) -> int:
        """How many bytes the chunks hold when they are unpacked, the overhanging parts of the last ones included."""
        return len(self.places) * math.prod(self.chunk) * self.dtype.itemsize

    def _read_index(self, address: int) -> dict[tuple[int, ...], tuple[int, int, int]]:
        expected = math.prod(-(-size // chunk) for size, chunk in zip(self.shape, self.chunk, strict=True))
        places: dict[tuple[int, ...], tuple[int, int, int]] = {}
        visited: set[int] = set()
        pending = [] if address == UNDEFINED else [address]
        key = 8 + 8 * (len(self.shape) + 1)
        while pending:
            address = pending.pop()
            if address in visited:
                self.source.damaged("the index of chunks contains itself")
            visited.add(address)
            cursor = self.source.cursor(address, 24)
            cursor.expect(b"TREE", "the index of chunks")
            kind, level, used = cursor.fields("BBH")
            if kind != 1 or level > _DEEPEST:
                self.source.damaged("the index of chunks is of the wrong kind")
            self.source.claim("indices", 24 + used * (key + 8))
            entries = self.source.cursor(address + 24, used * (key + 8))
            for _ in range(used):
                size, mask, *offsets, child = entries.fields(f"II{len(self.shape) + 1}QQ")
                if level:
                    pending.append(child)
                else:
                    self._add(places, tuple(offsets[:-1]), (child, size, mask))
        if len(places) != expected:
            self.source.fail(
                f"of {expected:,} chunks that a dataset of shape {self.shape} has, {len(places):,} are stored; "
                "weight files hold all of their values."
            )
        return places

    def _add(self, places: dict, offsets: tuple[int, ...], place: tuple[int, int, int]) -> None:
        fits = all(
            at % chunk == 0 and at < size for at, chunk, size in zip(offsets, self.chunk, self.shape, strict=True)
        )
        if not fits or offsets in places:
            self.source.damaged("a chunk lies outside of its dataset or twice in it")
        self.source.check(place[0], place[1])
        places[offsets] = place

    def verify(self) -> None:
        """Unpack every chunk and keep none, to see that each can be.

        Raises:
            LoadError: if one can't.
        """
        for offsets in self.places:
            self._unpacked(offsets)

    def _unpacked(self, offsets: tuple[int, ...]) -> bytes:
        address, size, mask = self.places[offsets]
        return self._undo_filters(self.source.read(address, size), mask, math.prod(self.chunk) * self.dtype.itemsize)

    def read_into(self, array: np.ndarray) -> None:
        """Fill an array with the values of all chunks."""
        for offsets in itertools.product(*(range(0, size, c) for size, c in zip(self.shape, self.chunk, strict=True))):
            chunk = np.frombuffer(self._unpacked(offsets), self.dtype).reshape(self.chunk)
            inside = tuple(slice(at, at + c) for at, c in zip(offsets, self.chunk, strict=True))
            target = array[inside]
            target[...] = chunk[tuple(slice(0, size) for size in target.shape)]

    def _undo_filters(self, data: bytes, mask: int, whole_size: int) -> bytes:
        for index in reversed(range(len(self.filters))):
            if mask >> index & 1:  # this chunk was stored without that step
                continue
            number = self.filters[index].number
            if number == _DEFLATE:
                data = self._inflate(data, whole_size + 4)  # a checksum may have been packed as well
            elif number == _SHUFFLE and len(data) % self.dtype.itemsize == 0:
                data = np.frombuffer(data, np.uint8).reshape(self.dtype.itemsize, -1).T.tobytes()
            elif number == _FLETCHER32:
                data, checksum = data[:-4], data[-4:]
                if int.from_bytes(checksum, "little") != fletcher32(data):
                    self.source.damaged("the checksum of a chunk does not agree with its values")
        if len(data) != whole_size:
            self.source.damaged(f"a chunk holds {len(data):,} bytes instead of {whole_size:,}")
        return data

    def _inflate(self, data: bytes, most: int) -> bytes:
        inflator = zlib.decompressobj()
        try:
            inflated = inflator.decompress(data, most)
        except zlib.error as error:
            self.source.damaged(f"a chunk can't be unpacked: {error}")
        if not inflator.eof:
            self.source.damaged("a chunk is packed otherwise than it says")
        return inflated


def fletcher32(data: bytes) -> int:
    """Return HDF5's checksum of bytes: two sums of words of 16 bits, in which a remainder of 0 is 65,535."""
    words = np.frombuffer(data + b"\0" * (len(data) % 2), ">u2").astype(np.uint64)
    first = second = 0
    for start in range(0, len(words), _WORDS):
        piece = words[start : start + _WORDS]
        second += len(piece) * first + int(np.dot(piece, np.arange(len(piece), 0, -1, dtype=np.uint64)))
        first += int(piece.sum())
    return _folded(second) << 16 | _folded(first)


def _folded(total: int) -> int:
    return (total - 1) % 65_535 + 1 if total else 0
