"""SQLite databases: every table as rows, stored documents as children; the file is never opened."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from scanner.extract._inline import stored_document
from scanner.extract._raw import raw_strings
from scanner.extract._tables import Rows
from scanner.extract.base import Blob, Budget, Format
from scanner.model.content import Gap, Kind, Piece, Segment
from scanner.model.errors import Unread

MAGIC = b"SQLite format 3\0"
_BATCH = 500


def _claims(head: bytes, blob: Blob, name: str) -> int:
    return 97 if head.startswith(MAGIC) and len(head) >= 100 else 0


def _open(data: bytes) -> sqlite3.Connection:
    image = bytearray(data)
    image[18:20] = b"\x01\x01"  # a database in WAL mode cannot be opened from memory
    base = sqlite3.connect(":memory:")
    base.deserialize(bytes(image))
    base.text_factory = lambda raw: raw.decode("utf-8", "replace")
    for setting in ("query_only = 1", "trusted_schema = 0", "cell_size_check = 1"):
        base.execute(f"PRAGMA {setting}")
    return base


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _read(blob: Blob, name: str, budget: Budget) -> Iterator[Piece]:
    base = _open(blob.all(budget))
    try:
        yield from _content(base, budget)
        if _cut_off(blob):
            yield Gap("damaged", "", "pages at the end are missing")
    except sqlite3.DatabaseError as error:
        yield from raw_strings(blob)
        raise Unread("damaged", type(error).__name__) from None
    finally:
        base.close()


def _cut_off(blob: Blob) -> bool:
    """True where the header tells of more pages than there are."""
    head = blob.head(100)
    size = int.from_bytes(head[16:18], "big")
    size = 65536 if size == 1 else size
    return size * int.from_bytes(head[28:32], "big") > blob.size and head[24:28] == head[92:96]


def _content(base: sqlite3.Connection, budget: Budget) -> Iterator[Piece]:
    base.set_progress_handler(lambda: budget.check_time(), 100_000)
    schema = base.execute(
        "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'"
    ).fetchall()
    for kind, table, sql in schema:
        if kind == "table" and _stored(sql):
            yield from _table(base, table, budget)
    if told := "\n".join(row[2] for row in schema if row[2]):
        yield Segment(told, "schema", Kind.META)


def _stored(sql: object) -> bool:
    """False for virtual tables: their content stands in tables of their own."""
    return not (isinstance(sql, str) and sql.upper().startswith("CREATE VIRTUAL"))


def _table(base: sqlite3.Connection, table: str, budget: Budget) -> Iterator[Piece]:
    where = f"table {table}"
    rows = Rows(where)
    try:
        cursor = base.execute(f"SELECT * FROM {_quoted(table)}")  # noqa: S608  a quoted name
        names = [str(column[0]) for column in cursor.description]
        yield from rows.add(names)
        number = 0
        while batch := cursor.fetchmany(_BATCH):
            budget.check_time()
            for row in batch:
                number += 1
                yield from rows.add([_cell(value) for value in row])
                for column, value in zip(names, row, strict=True):
                    if isinstance(value, bytes):
                        yield from stored_document(value, f"{table} {number} {column}")
        yield from rows.end()
    except sqlite3.Error as error:
        yield from rows.end()
        yield Gap("damaged", where, type(error).__name__)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bytes):
        try:
            text = value.decode("utf-8")
        except UnicodeDecodeError:
            return ""
        return text if text.isprintable() else ""
    return str(value)


FORMAT = Format("sqlite", _claims, _read, ("db", "sqlite", "sqlite3", "db3"))
