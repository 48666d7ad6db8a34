"""Reading `.keras` archives and folders: members by name, within bounds."""

from __future__ import annotations

import contextlib
import itertools
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from lamina.saving.errors import LoadError
from lamina.saving.hdf5 import Group, open_hdf5
from lamina.saving.hdf5.source import Source
from lamina.saving.opening import opened

METADATA, CONFIG, WEIGHTS = "metadata.json", "config.json", "model.weights.h5"
ASSETS = "assets"
_KNOWN = (METADATA, CONFIG, WEIGHTS)
_MOST_MEMBERS = 10_000
_LARGEST_TEXT, _FREE_TEXT = 1 << 26, 1 << 22
_MOST_TEXT_INFLATION = 10
_LOCAL_HEADER = 30
_END_SIZE, _END_SIZE_64 = 22, 76
_DESCRIPTOR_SIZE = 24  # that may stand between members
_LARGEST_DIRECTORY = 1 << 21
_ENCRYPTED = 0x1
_PIECE = 1 << 18
_CHECKSUM = "a member's checksum does not agree with its bytes"


class Archive:
    """The members of a model file or folder.

    Attributes:
        path: the file or folder.
        sizes: bytes of each member, by name.
    """

    path: Path
    sizes: dict[str, int]

    def source(self, name: str) -> Source:
        """Return the bytes of a member.

        Raises:
            LoadError: if there is none, or it is damaged.
        """
        raise NotImplementedError

    def verify(self, name: str) -> None:
        """Raise unless a member's bytes are those that were written, as far as its checksum can tell."""

    def weights(self) -> Group:
        """Return the weights, whose bytes were verified."""
        self.verify(WEIGHTS)
        return open_hdf5(self.source(WEIGHTS))

    def text(self, name: str) -> bytes:
        """Return a member that is text; see `source`."""
        size = self.sizes.get(name, 0)
        if size > _LARGEST_TEXT or size > max(_FREE_TEXT, _MOST_TEXT_INFLATION * self.stored_size(name)):
            raise LoadError(f"{self.label(name)}: {size:,} bytes are too many for a text.")
        return self.content(name)

    def content(self, name: str) -> bytes:
        """Return all bytes of a member, which were verified; see `source`."""
        self.verify(name)
        source = self.source(name)
        return source.read(0, source.size) if source.size else b""

    def stored_size(self, name: str) -> int:
        """Return how many bytes a member takes on the disk; 0 where there is none."""
        return self.sizes.get(name, 0)

    def check_sizes(self, names: list[str]) -> None:
        """Raise if members claim to hold many times the bytes that are stored for all of them together."""

    def label(self, name: str) -> str:
        """Return how messages call a member."""
        return f"{self.path.name}/{name}"


class ZipArchive(Archive):
    """A zip file; members are checked when it is opened.

    Args:
        path: what messages call it.
        file: the open file.
        file_size: its length in bytes.
    """

    def __init__(self, path: Path, file: BinaryIO, file_size: int) -> None:
        self.path = path
        self.file = file
        self.file_size = file_size
        self._check_end()
        try:
            with zipfile.ZipFile(file) as archive:
                members = archive.infolist()
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, EOFError, struct.error) as error:
            raise LoadError(f"{path}: this is no complete .keras file ({error}).") from error
        if len(members) > _MOST_MEMBERS:
            raise LoadError(f"{path}: the archive has {len(members):,} members; a model file has a handful.")
        self.members: dict[str, zipfile.ZipInfo] = {}
        for member in members:
            self._check(member)
            self.members[member.filename] = member
        self.sizes = {name: member.file_size for name, member in self.members.items() if not member.is_dir()}
        self._check_layout()

    def _check_end(self) -> None:
        """Refuse a file that does not end where an archive ends, or whose directory is too large to be looked at."""
        tail_size = min(self.file_size, _END_SIZE + _END_SIZE_64)
        self.file.seek(self.file_size - tail_size)
        tail = self.file.read(tail_size)
        end, large = tail[-_END_SIZE:], tail[:-_END_SIZE]
        if len(end) < _END_SIZE or end[:4] != b"PK\x05\x06":
            whole = self.file_size and self._starts_like_one()
            problem = "it is cut off, or something was appended to it" if whole else "it is no zip archive"
            raise LoadError(f"{self.path}: this is no complete .keras file ({problem}).")
        directory = int.from_bytes(end[12:16], "little")
        if large[:4] == b"PK\x06\x06" and large[-20:-16] == b"PK\x06\x07":  # an archive of more than 4 GB
            directory = int.from_bytes(large[40:48], "little")
        if directory > _LARGEST_DIRECTORY:
            raise LoadError(f"{self.path}: the archive has a directory of {directory:,} bytes; a model's has hundreds.")

    def _starts_like_one(self) -> bool:
        self.file.seek(0)
        return self.file.read(4) == b"PK\x03\x04"

    def _check(self, member: zipfile.ZipInfo) -> None:
        name = member.orig_filename
        check_member_name(name, self.path)
        if member.filename != name:  # a second name, which some readers believe and others don't
            raise LoadError(f"{self.path}: the archive calls a member {name!r} and {member.filename!r}.")
        if member.filename in self.members:
            raise LoadError(f"{self.path}: the archive has two members named {name!r}.")
        if member.flag_bits & _ENCRYPTED:
            raise LoadError(f"{self.label(name)}: the member is encrypted.")
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise LoadError(f"{self.label(name)}: it is compressed in a way that Keras does not use.")
        kind = member.external_attr >> 28
        if kind not in (0, 0o4, 0o10):
            raise LoadError(f"{self.label(name)}: the member is a link or a device, not a file.")
        stored = member.compress_type == zipfile.ZIP_STORED
        if stored and member.file_size != member.compress_size:
            raise LoadError(f"{self.label(name)}: the archive contradicts itself about the member's size.")
        if member.header_offset + member.compress_size > self.file_size:
            raise LoadError(f"{self.label(name)}: the archive ends before the member does; was it cut off?")

    def _check_layout(self) -> None:
        """Refuse members that overlap, and anything before, between or after them that another reader might see."""
        position = 0
        for member in sorted(self.members.values(), key=lambda member: member.header_offset):
            gap = member.header_offset - position
            if gap < 0:
                raise LoadError(f"{self.label(member.filename)}: the member lies inside of another one.")
            if gap > (_DESCRIPTOR_SIZE if position else 0):
                raise LoadError(f"{self.path}: the archive holds {gap:,} bytes that belong to no member.")
            position = self._data_start(member) + member.compress_size

    def _data_start(self, member: zipfile.ZipInfo) -> int:
        self.file.seek(member.header_offset)
        header = self.file.read(_LOCAL_HEADER)
        if len(header) != _LOCAL_HEADER or header[:4] != b"PK\x03\x04":
            raise LoadError(f"{self.label(member.filename)}: the member is not where the archive says.")
        flags, method = struct.unpack("<HH", header[6:10])
        name_size, extra_size = struct.unpack("<HH", header[26:30])
        name = self.file.read(name_size)
        if (
            name.decode("utf-8", "replace") != member.orig_filename
            or method != member.compress_type
            or flags & _ENCRYPTED
        ):
            raise LoadError(f"{self.label(member.filename)}: the archive contradicts itself about this member.")
        return member.header_offset + _LOCAL_HEADER + name_size + extra_size

    def source(self, name: str) -> Source:
        member = self.members.get(name) if name in self.sizes else None
        if member is None:
            raise LoadError(f"{self.path}: there is no {name!r} in the archive, so it is no model file.")
        start = self._data_start(member)
        label = self.label(name)
        if start + member.compress_size > self.file_size:
            raise LoadError(f"{label}: the archive ends before the member does; was it cut off?")
        packed = Source(self.file, start, member.compress_size, label)
        if member.compress_type == zipfile.ZIP_STORED:
            return packed
        packed.unpack(member.file_size, member.compress_size)
        data = _inflate(packed, member.file_size)
        if zlib.crc32(data) != member.CRC:
            packed.damaged(_CHECKSUM)
        return Source(BytesIO(data), 0, len(data), label, stored=member.compress_size)

    def verify(self, name: str) -> None:
        member = self.members.get(name)
        if member is None or member.compress_type != zipfile.ZIP_STORED:
            return  # what is packed is verified when it is unpacked
        source = self.source(name)
        buffer = memoryview(bytearray(min(_PIECE, source.size)))
        checksum = 0
        for start in range(0, source.size, _PIECE):
            piece = buffer[: min(_PIECE, source.size - start)]
            source.read_into(start, piece)
            checksum = zlib.crc32(piece, checksum)
        if checksum != member.CRC:
            source.damaged(_CHECKSUM)

    def stored_size(self, name: str) -> int:
        return self.members[name].compress_size if name in self.members else 0

    def check_sizes(self, names: list[str]) -> None:
        stored = sum(map(self.stored_size, names))
        whole = Source(self.file, 0, self.file_size, self.path.name)
        whole.unpack(sum(self.sizes[name] for name in names), stored)


def _inflate(packed: Source, size: int) -> bytes:
    inflator = zlib.decompressobj(-15)
    try:
        data = inflator.decompress(packed.read(0, packed.size) if packed.size else b"", size + 1)
    except zlib.error as error:
        packed.damaged(str(error))
    if len(data) != size or not inflator.eof:
        packed.damaged("a member is not as long as it says")
    return data


class FolderArchive(Archive):
    """A folder with the same members."""

    def __init__(self, path: Path, stack: contextlib.ExitStack) -> None:
        self.path = path
        self.stack = stack
        self.sizes = {}
        assets = path / ASSETS
        for member in itertools.chain((path / name for name in _KNOWN), [assets], assets.rglob("*")):
            if member.is_symlink():
                raise LoadError(f"{member}: this is a link to another place, which is not followed.")
            if member.is_file():
                self.sizes[member.relative_to(path).as_posix()] = member.stat().st_size
            if len(self.sizes) > _MOST_MEMBERS:
                raise LoadError(f"{path}: the folder has more than {_MOST_MEMBERS:,} files; a model has a handful.")

    def source(self, name: str) -> Source:
        if name not in self.sizes:
            hint = ""
            if (self.path / "saved_model.pb").exists():
                hint = " It is a TensorFlow SavedModel, which only TensorFlow can run; save the model as .keras there."
            raise LoadError(f"{self.path}: there is no {name!r} in the folder, so it is no model.{hint}")
        file = self.stack.enter_context(open(self.path / name, "rb", buffering=0))
        return Source(file, 0, self.sizes[name], self.label(name))


@contextmanager
def opened_archive(path: Path) -> Iterator[Archive]:
    """Open a `.keras` file, or a folder with the same content.

    Raises:
        LoadError: if it is neither.
    """
    if path.is_dir():
        with contextlib.ExitStack() as stack:
            yield FolderArchive(path, stack)
        return
    with opened(path) as file:
        yield ZipArchive(path, file, os.fstat(file.fileno()).st_size)


def check_member_name(name: str, path: Path) -> None:
    """Raise unless a member's name is a plain relative path."""
    parts = name.removesuffix("/").split("/")
    bad = not name or "\0" in name or "\\" in name or ":" in name or any(part in ("", ".", "..") for part in parts)
    if bad or not name.isprintable():
        raise LoadError(f"{path}: the archive has a member named {name!r}, which is no plain name.")
