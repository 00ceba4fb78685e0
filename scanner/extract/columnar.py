"""Parquet, ORC and Feather tables, by the optional part `parquet`."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from scanner.extract._inline import stored_document
from scanner.extract._tables import Rows
from scanner.extract.base import Blob, Budget, Format
from scanner.model.content import Kind, Piece, Segment
from scanner.model.errors import Unread

INSTALL = "pip install 'leakscan[parquet]'"
_BATCH = 4096


def _claims(head: bytes, blob: Blob, name: str) -> int:
    """High where the end of the file agrees with its beginning, or the beginning is no text."""
    if head.startswith((b"ARROW1\x00\x00", b"FEA1")):
        return 96
    if head.startswith(b"PAR1"):
        return 96 if blob.tail(4) in (b"PAR1", b"PARE") else 60 * (b"\0" in head[:256])
    if head.startswith(b"ORC"):
        return 90 if blob.tail(4)[:3] == b"ORC" else 50 * (b"\0" in head[:256])
    return 0


def _read(blob: Blob, name: str, budget: Budget) -> Iterator[Piece]:
    try:
        import pyarrow
    except ImportError:
        raise Unread("missing-library:pyarrow", INSTALL) from None
    stream = io.BytesIO(blob.all(budget))
    pyarrow.set_cpu_count(1)
    pyarrow.set_io_thread_count(1)
    head = blob.head(4)
    if head == b"PAR1" and blob.tail(4) == b"PARE":
        raise Unread("encrypted", "an encrypted Parquet footer")
    try:
        batches = _batches(head, stream)
        yield from _rows(batches, budget)
    except (pyarrow.ArrowException, OSError) as error:
        raise Unread("damaged", type(error).__name__) from None


def _batches(head: bytes, stream: io.BytesIO) -> Iterator[Any]:
    if head == b"PAR1":
        from pyarrow import parquet

        file = parquet.ParquetFile(stream, memory_map=False)
        yield from file.iter_batches(_BATCH, use_threads=False)
    elif head[:3] == b"ORC":
        from pyarrow import orc

        table = orc.ORCFile(stream)
        for stripe in range(table.nstripes):
            yield table.read_stripe(stripe)
    else:
        from pyarrow import feather

        yield from feather.read_table(stream, memory_map=False, use_threads=False).to_batches()


def _rows(batches: Iterator[Any], budget: Budget) -> Iterator[Piece]:
    rows = Rows("")
    names: list[str] = []
    number = 0
    for batch in batches:
        budget.check_time()
        if not names:
            names = [str(one) for one in batch.schema.names]
            yield from rows.add(names)
            told = batch.schema.metadata or {}
            notes = [
                f"{key.decode('utf-8', 'replace')}: {value.decode('utf-8', 'replace')}"
                for key, value in told.items()
                if key not in (b"pandas", b"ARROW:schema")
            ]
            if notes:
                yield Segment("\n".join(notes), "properties", Kind.META)
        columns = [column.to_pylist() for column in batch.columns]
        for row in zip(*columns, strict=True):
            number += 1
            yield from rows.add([_cell(value) for value in row])
            for name, value in zip(names, row, strict=True):
                if isinstance(value, bytes):
                    yield from stored_document(value, f"{name} {number}")
    yield from rows.end()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e17:
        return str(int(value))
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_cell(one)}" for key, one in value.items())
    if isinstance(value, list | tuple):
        return "; ".join(_cell(one) for one in value)
    return str(value)


FORMAT = Format("columnar", _claims, _read, ("parquet", "orc", "feather", "arrow"))
