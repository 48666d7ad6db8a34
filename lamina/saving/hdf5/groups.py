"""The members of a group: name to address."""

from __future__ import annotations

from lamina.saving.hdf5.messages import LINK, LINK_INFO, SYMBOL_TABLE, Message
from lamina.saving.hdf5.source import UNDEFINED, Cursor, Source

_MOST_MEMBERS = 1_000_000
_LONGEST_NAME = 1_000
_DEEPEST = 32
_SOFT = 2  # kind of a cached symbol table entry
_INDIRECT = (
    "it holds a link to another place ({name!r}); weight files hold their data themselves, so links are refused."
)


def read_members(source: Source, messages: list[Message]) -> dict[str, int]:
    """Return the addresses of a group's members by name; anything but a plain member is refused."""
    members: dict[str, int] = {}
    for message in messages:
        if message.kind == SYMBOL_TABLE:
            tree, heap = message.cursor(source).fields("QQ")
            _read_symbol_table(source, tree, _LocalHeap(source, heap), members)
        elif message.kind == LINK:
            _read_link(message.cursor(source), members)
        elif message.kind == LINK_INFO:
            _refuse_dense(message.cursor(source))
    return members


class _LocalHeap:
    """The names of a group's members."""

    def __init__(self, source: Source, address: int) -> None:
        cursor = source.cursor(address, 32)
        cursor.expect(b"HEAP", "a list of names")
        cursor.skip(4)
        size, _, start = cursor.fields("QQQ")
        self.source = source
        source.claim("names", size)
        self.data = source.read(start, size)

    def name(self, offset: int) -> str:
        end = self.data.find(b"\0", offset, offset + _LONGEST_NAME + 1) if offset < len(self.data) else -1
        if end < 0:
            self.source.damaged("a name is not where it should be")
        return _decode(self.source, self.data[offset:end])


def _read_symbol_table(source: Source, tree: int, heap: _LocalHeap, members: dict[str, int]) -> None:
    visited: set[int] = set()
    pending = [tree]
    while pending:
        address = pending.pop()
        if address in visited:
            source.damaged("a group contains itself")
        visited.add(address)
        if source.read(address, 4) == b"SNOD":
            _read_symbols(source, address, heap, members)
            continue
        cursor = source.cursor(address, 24)
        cursor.expect(b"TREE", "the index of a group")
        kind, level, used = cursor.fields("BBH")
        if kind != 0 or level > _DEEPEST:
            source.damaged("the index of a group is of the wrong kind")
        source.claim("indices", 24 + 16 * used)
        keys_and_children = source.cursor(address + 24, 8 + 16 * used).fields(f"{1 + 2 * used}Q")
        pending += reversed(keys_and_children[1::2])


def _read_symbols(source: Source, address: int, heap: _LocalHeap, members: dict[str, int]) -> None:
    version, count = source.cursor(address + 4, 4).fields("BxH")
    if version != 1:
        source.damaged(f"a list of members has version {version}")
    source.claim("indices", 8 + 40 * count)
    cursor = source.cursor(address + 8, 40 * count)
    for _ in range(count):
        name, header, cached, _ = cursor.fields("QQI4x16s")
        _add(source, members, heap.name(name), UNDEFINED if cached == _SOFT else header)


def _read_link(cursor: Cursor, members: dict[str, int]) -> None:
    version, flags = cursor.fields("BB")
    if version != 1:
        cursor.source.damaged(f"a link has version {version}")
    kind = cursor.integer(1) if flags & 0x08 else 0
    cursor.skip((8 if flags & 0x04 else 0) + (1 if flags & 0x10 else 0))
    name = _decode(cursor.source, cursor.take(cursor.integer(1 << (flags & 3))))
    _add(cursor.source, members, name, cursor.integer(8) if kind == 0 else UNDEFINED)


def _refuse_dense(cursor: Cursor) -> None:
    _, flags = cursor.fields("BB")
    cursor.skip(8 if flags & 1 else 0)
    if cursor.integer(8) != UNDEFINED:
        cursor.source.fail(
            "it stores its groups in the form of HDF5 1.8 and later (libver='latest' or track_order=True), which "
            "lamina reads only for small groups. Rewrite it with `h5repack --low=0 --high=0`, or open and save it "
            "with Keras."
        )


def _add(source: Source, members: dict[str, int], name: str, address: int) -> None:
    if address == UNDEFINED:
        source.fail(_INDIRECT.format(name=name))
    if not name or "/" in name or name in members or len(members) >= _MOST_MEMBERS:
        source.damaged(f"a group has a member named {name!r} where it must not have one")
    members[name] = address


def _decode(source: Source, name: bytes) -> str:
    try:
        return name.decode("utf-8")
    except UnicodeDecodeError:
        source.damaged("a name is no text")
