"""A storage inside a compound file, written out as a compound file of its own."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO

from scanner.extract import _compound
from scanner.model.content import Child, Piece

if TYPE_CHECKING:
    from olefile import OleFileIO

_SECTOR = 512
_SMALL = 4096
_END = 0xFFFFFFFE
_FREE = 0xFFFFFFFF
_ROOTS = {"worddocument", "workbook", "book", "powerpoint document", "visiodocument"}
_PLAIN = {"contents", "package", "embeddedodf"}


def objects(ole: OleFileIO) -> Iterator[Piece]:
    """Files and documents embedded in the storages of a compound file."""
    done: list[list[str]] = []
    for path in sorted(ole.listdir(streams=True, storages=False), key=len):
        last = path[-1].lower()
        if len(path) < 2 or any(path[: len(prefix)] == prefix for prefix in done):
            continue
        shown = "/".join(part for part in path[:-1] if part.isprintable()) or "object"
        if last in _ROOTS:
            done.append(path[:-1])
            yield Child(shown, partial(_built, ole, path[:-1]))
        elif last in _PLAIN:
            yield Child(f"{shown}/{path[-1]}", partial(_stream, ole, path))
        elif last == "\x01ole10native":
            native = _compound.ole10_native(_compound.stream(ole, path))
            if native:
                yield Child(native[0], partial(BytesIO, native[1]), len(native[1]))


def _stream(ole: OleFileIO, path: list[str]) -> BinaryIO:
    return BytesIO(_compound.stream(ole, path))


def _built(ole: OleFileIO, prefix: list[str]) -> BinaryIO:
    return BytesIO(build(ole, prefix))


class _Node:
    def __init__(self, name: str, data: bytes | None) -> None:
        self.name = name
        self.data = data
        self.below: dict[str, _Node] = {}
        self.first = self.right = _FREE


def build(ole: OleFileIO, prefix: list[str]) -> bytes:
    """The bytes of a compound file with the streams below `prefix`."""
    root = _Node("Root Entry", None)
    for path in ole.listdir(streams=True, storages=False):
        if path[: len(prefix)] != prefix or len(path) == len(prefix):
            continue
        node = root
        for part in path[len(prefix) : -1]:
            node = node.below.setdefault(part, _Node(part, None))
        node.below[path[-1]] = _Node(path[-1], _compound.stream(ole, path))
    return _written(root)


def _written(root: _Node) -> bytes:
    order = [root]
    for node in order:
        children = list(node.below.values())
        for at, child in enumerate(children):
            child.right = len(order) + at + 1 if at + 1 < len(children) else _FREE
        node.first = len(order) if children else _FREE
        order.extend(children)
    large, small = _Chains(_SECTOR), _Chains(64)
    starts = []
    for node in order[1:]:
        data = node.data or b""
        starts.append((small if len(data) < _SMALL else large).put(data) if data else _END)
    mini = large.put(bytes(small.body)) if small.body else _END
    table = large.put(small.packed()) if small.body else _END
    entries = _entry(root, mini, len(small.body))
    entries += b"".join(
        _entry(node, start, len(node.data or b""))
        for node, start in zip(order[1:], starts, strict=True)
    )
    directory = large.put(entries)
    return _framed(large, directory, table, -(-len(small.table) // 128))


def _framed(large: _Chains, directory: int, mini_table: int, mini_sectors: int) -> bytes:
    """Header, sectors and allocation table, whose sectors beyond 109 are told in more sectors."""
    used = len(large.table)
    fats = extra = 0
    while fats * 128 < used + fats + extra:
        fats += 1
        extra = max(0, -(-(fats - 109) // 127))
    first = used + extra
    table = [*large.table, *[0xFFFFFFFC] * extra, *[0xFFFFFFFD] * fats]
    table += [_FREE] * (fats * 128 - len(table))
    places = list(range(first, first + fats))
    more = b""
    for number in range(extra):
        part = places[109 + number * 127 : 109 + (number + 1) * 127]
        part += [_FREE] * (127 - len(part))
        more += struct.pack("<128I", *part, used + number + 1 if number + 1 < extra else _END)
    start = places[:109] + [_FREE] * max(0, 109 - fats)
    head = _compound.MAGIC + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(10)
    head += struct.pack("<IIII", fats, directory, 0, _SMALL)
    head += struct.pack("<IIII", mini_table, mini_sectors, used if extra else _END, extra)
    tail = struct.pack(f"<{len(table)}I", *table)
    return head + struct.pack("<109I", *start) + bytes(large.body) + more + tail


class _Chains:
    """Sectors of one size, and the table of which follows which."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.table: list[int] = []
        self.body = bytearray()

    def put(self, data: bytes) -> int:
        """Adds the bytes as a chain; its first sector."""
        first = len(self.table)
        count = max(1, -(-len(data) // self.size))
        self.table += [*range(first + 1, first + count), _END]
        self.body += data.ljust(count * self.size, b"\0")
        return first

    def packed(self) -> bytes:
        """The table as bytes, filled up to whole sectors."""
        room = -len(self.table) % 128
        return struct.pack(f"<{len(self.table) + room}I", *self.table, *[_FREE] * room)


def _entry(node: _Node, start: int, size: int) -> bytes:
    name = node.name[:31].encode("utf-16-le") + b"\0\0"
    sort = 2 if node.data is not None else (5 if node.name == "Root Entry" else 1)
    return (
        name.ljust(64, b"\0")
        + struct.pack("<HBBIII", len(name), sort, 1, _FREE, node.right, node.first)
        + bytes(36)
        + struct.pack("<IQ", start, size)
    )
