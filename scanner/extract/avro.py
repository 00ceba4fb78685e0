"""Avro files: the records of all blocks as rows."""

from __future__ import annotations

import bz2
import json
import lzma
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import Any

from scanner.extract._inline import stored_document
from scanner.extract._tables import Rows
from scanner.extract.base import Blob, Budget, Format
from scanner.model.content import Gap, Piece
from scanner.model.errors import Unread

MAGIC = b"Obj\x01"
_DEEPEST = 40
_MOST = 1_000_000


def _claims(head: bytes, blob: Blob, name: str) -> int:
    return 96 if head.startswith(MAGIC) and b"avro.schema" in head[:4096] else 0


class _Reader:
    """Reads values out of bytes; raises ValueError or struct.error where they break off."""

    def __init__(self, data: bytes, at: int = 0) -> None:
        self.data = data
        self.at = at

    def long(self) -> int:
        """A number of variable length."""
        value = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                return (value >> 1) ^ -(value & 1)
            if shift > 63:
                raise ValueError("number")

    def bytes(self, count: int) -> bytes:
        """So many bytes."""
        if not 0 <= count <= len(self.data) - self.at:
            raise ValueError("length")
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self, layout: str) -> Any:
        """A fraction."""
        return struct.unpack(layout, self.bytes(struct.calcsize(layout)))[0]

    def blocks(self, one: Callable[[], Any]) -> list[Any]:
        """The items of an array or a map."""
        found: list[Any] = []
        while count := self.long():
            if count < 0:
                count = -count
                self.long()
            if count > _MOST or len(found) > _MOST:
                raise ValueError("count")
            found += [one() for _ in range(count)]
        return found


class _Schema:
    """A schema and the types it names."""

    def __init__(self, told: Any) -> None:
        self.root = told
        self._named: dict[str, Any] = {}
        self._learn(told, 0)

    def _learn(self, told: Any, depth: int) -> None:
        if depth > _DEEPEST:
            raise Unread("limit:depth", "the schema is nested too deeply")
        if isinstance(told, list):
            for one in told:
                self._learn(one, depth + 1)
        elif isinstance(told, dict):
            if name := told.get("name"):
                self._named.setdefault(str(name).rpartition(".")[2], told)
            for one in told.get("fields", ()):
                self._learn(one.get("type"), depth + 1)
            for key in ("type", "items", "values"):
                if isinstance(told.get(key), dict | list):
                    self._learn(told[key], depth + 1)

    def value(self, told: Any, reader: _Reader, depth: int = 0) -> Any:
        """The next value of a type."""
        if depth > _DEEPEST:
            raise Unread("limit:depth", "values are nested too deeply")
        if isinstance(told, list):
            return self.value(told[reader.long()], reader, depth + 1)
        kind = told.get("type") if isinstance(told, dict) else told
        if isinstance(kind, dict | list):
            return self.value(kind, reader, depth + 1)
        if kind in ("record", "error"):
            fields = told["fields"]
            return {one["name"]: self.value(one["type"], reader, depth + 1) for one in fields}
        if kind == "enum":
            return told["symbols"][reader.long()]
        if kind == "fixed":
            return reader.bytes(int(told["size"]))
        if kind == "array":
            return reader.blocks(lambda: self.value(told["items"], reader, depth + 1))
        if kind == "map":
            pairs = reader.blocks(
                lambda: (_string(reader), self.value(told["values"], reader, depth + 1))
            )
            return dict(pairs)
        return self._simple(str(kind), reader, depth)

    def _simple(self, kind: str, reader: _Reader, depth: int) -> Any:
        if kind == "null":
            return None
        if kind == "boolean":
            return reader.bytes(1) == b"\x01"
        if kind in ("int", "long"):
            return reader.long()
        if kind in ("float", "double"):
            return reader.number("<f" if kind == "float" else "<d")
        if kind == "bytes":
            return reader.bytes(reader.long())
        if kind == "string":
            return _string(reader)
        return self.value(self._named[kind.rpartition(".")[2]], reader, depth + 1)


def _string(reader: _Reader) -> str:
    return reader.bytes(reader.long()).decode("utf-8", "replace")


def _unpacked(codec: str, data: bytes, limit: int) -> bytes:
    engines: dict[str, Callable[[], Any]] = {
        "deflate": lambda: zlib.decompressobj(-15),
        "bzip2": bz2.BZ2Decompressor,
        "xz": lzma.LZMADecompressor,
    }
    if codec in ("null", ""):
        return data
    if codec == "zstandard":
        import zstandard

        out = zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(data).read(limit)
    elif codec in engines:
        out = engines[codec]().decompress(data, limit)
    else:
        raise Unread("unsupported:method", f"compressed with {codec[:20]}")
    if len(out) >= limit:
        raise Unread("limit:bytes", "a block is larger than one member may be")
    return bytes(out)


def _read(blob: Blob, name: str, budget: Budget) -> Iterator[Piece]:
    reader = _Reader(blob.all(budget), len(MAGIC))
    try:
        told = dict(reader.blocks(lambda: (_string(reader), reader.bytes(reader.long()))))
        schema = _Schema(json.loads(told["avro.schema"]))
        sync = reader.bytes(16)
    except (ValueError, IndexError, KeyError, RecursionError):
        raise Unread("damaged", "its header") from None
    codec = told.get("avro.codec", b"").decode("ascii", "replace")
    rows = Rows("")
    number = 0
    try:
        while reader.at < len(reader.data):
            budget.check_time()
            count, size = reader.long(), reader.long()
            block = _unpacked(codec, reader.bytes(size), budget.limits.member_bytes)
            budget.spend_bytes(len(block))
            inner = _Reader(block)
            for _ in range(count):
                number += 1
                yield from _row(schema.value(schema.root, inner), rows, number)
            if reader.bytes(16) != sync:
                raise ValueError("mark")
    except (ValueError, IndexError, KeyError, TypeError, struct.error, zlib.error, OSError,
            lzma.LZMAError) as error:  # fmt: skip
        yield from rows.end()
        yield Gap("damaged", f"record {number}", type(error).__name__)
        return
    yield from rows.end()


def _row(value: Any, rows: Rows, number: int) -> Iterator[Piece]:
    record = value if isinstance(value, dict) else {"value": value}
    if number == 1:
        yield from rows.add([str(key) for key in record])
    yield from rows.add([_cell(one) for one in record.values()])
    for key, one in record.items():
        if isinstance(one, bytes):
            yield from stored_document(one, f"{key} {number}")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return ""
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_cell(one)}" for key, one in value.items())
    if isinstance(value, list):
        return "; ".join(_cell(one) for one in value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e17:
        return str(int(value))
    return str(value)


FORMAT = Format("avro", _claims, _read, ("avro",))
