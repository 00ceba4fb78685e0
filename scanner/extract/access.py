"""Access databases (.mdb, .accdb): every table as rows, stored objects as children."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from scanner.extract import _jet
from scanner.extract._inline import stored_document
from scanner.extract._raw import raw_strings
from scanner.extract._tables import Rows
from scanner.extract.base import Blob, Budget, Format
from scanner.model.content import Gap, Piece
from scanner.model.errors import Unread

_MAGIC = (b"\x00\x01\x00\x00Standard Jet DB\x00", b"\x00\x01\x00\x00Standard ACE DB\x00")
_TAG = re.compile(r"<[^<>]{0,500}>")
_OBJECTS = 2  # the page of the table that names the others


def _claims(head: bytes, blob: Blob, name: str) -> int:
    return 97 if head.startswith(_MAGIC) else 0


def _read(blob: Blob, name: str, budget: Budget) -> Iterator[Piece]:
    if blob.at(20, 1) == b"\0":
        yield from raw_strings(blob)
        raise Unread("unsupported", "an Access database of 1997 or before; only its strings")
    base = _jet.Database(blob)
    if base.locked:
        raise Unread("encrypted", "a database with a password")
    names = _names(base)
    for page, table in sorted(base.tables.items()):
        label = names.get(page, f"at page {page}")
        if label.startswith("MSys"):
            continue
        yield from _table(base, table, label, budget)
    if not base.tables:
        yield from raw_strings(blob)
        yield Gap("damaged", "", "no table could be read; only its strings")


def _names(base: _jet.Database) -> dict[int, str]:
    """Names of the tables by the page of their definition."""
    objects = base.tables.get(_OBJECTS)
    if objects is None:
        return {}
    places = {column.name: place for place, column in enumerate(objects.columns)}
    wanted = [places.get(name, -1) for name in ("Id", "Name", "Type")]
    if min(wanted) < 0:
        return {}
    found = {}
    for row in base.rows(objects):
        if len(row) <= max(wanted):
            continue
        number, label, kind = (str(row[place]) for place in wanted)
        if number.lstrip("-").isdigit() and kind == "1":
            found[int(number) & 0xFFFFFF] = label
    return found


def _table(
    base: _jet.Database, table: _jet.Definition, label: str, budget: Budget
) -> Iterator[Piece]:
    rows = Rows(f"table {label}")
    yield from rows.add([column.name for column in table.columns])
    number = 0
    for number, row in enumerate(base.rows(table), 1):
        budget.check_time()
        yield from rows.add([_plain(cell) if isinstance(cell, str) else "" for cell in row])
        for column, cell in zip(table.columns, row, strict=False):
            if isinstance(cell, bytes):
                yield from stored_document(cell, f"{label} {number} {column.name}")
    yield from rows.end()
    if number < table.told:
        yield Gap("damaged", f"table {label}", f"{number} of {table.told} rows")


def _plain(cell: str) -> str:
    """A cell without the tags that formatted text has."""
    return html.unescape(_TAG.sub("", cell)) if "</" in cell else cell


FORMAT = Format("access", _claims, _read, ("mdb", "accdb", "mde"))
