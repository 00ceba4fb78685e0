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
    table: list[int] = []
    body = bytearray()
    entries = b"".join(_entry(node, table, body) for node in order)
    directory = _put(entries, table, body)
    fats = 1
    while fats * 128 < len(table) + fats:
        fats += 1
    first = len(table)
    table += [0xFFFFFFFD] * fats
    table += [_FREE] * (fats * 128 - len(table))
    body += struct.pack(f"<{len(table)}I", *table)
    places = [*range(first, first + min(fats, 109)), *[_FREE] * (109 - min(fats, 109))]
    head = _compound.MAGIC + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(10)
    head += struct.pack("<IIIIIIIII", fats, directory, 0, 0, _END, 0, _END, 0, 0)[:36]
    return head + struct.pack("<109I", *places) + bytes(body)


def _entry(node: _Node, table: list[int], body: bytearray) -> bytes:
    name = node.name[:31].encode("utf-16-le") + b"\0\0"
    start = _END if not node.data else _put(node.data, table, body)
    sort = 2 if node.data is not None else (5 if node.name == "Root Entry" else 1)
    return (
        name.ljust(64, b"\0")
        + struct.pack("<HBBIII", len(name), sort, 1, _FREE, node.right, node.first)
        + bytes(36)
        + struct.pack("<IQ", start, len(node.data or b""))
    )


def _put(data: bytes, table: list[int], body: bytearray) -> int:
    """Adds the bytes as a chain of sectors; the first of them."""
    first = len(table)
    count = max(1, -(-len(data) // _SECTOR))
    table += [*range(first + 1, first + count), _END]
    body += data.ljust(count * _SECTOR, b"\0")
    return first
