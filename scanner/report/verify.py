"""Whether an exported incidents.csv is as it was written, and which row is not."""

from __future__ import annotations

import csv
import hashlib
import hmac
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from scanner import report
from scanner.catalogue import offers
from scanner.messages import message
from scanner.model.chain import GENESIS, canonical, link
from scanner.model.errors import ReportError
from scanner.model.recorded import CHAIN_COLUMNS, INCIDENT_COLUMNS, Problem
from scanner.report._chained import RowJson
from scanner.report._formula import original
from scanner.report._table import BOM
from scanner.report.csv import ANCHOR_FORMAT, COLUMNS, anchor_path, coverage_path

_FIELD_BYTES = 1 << 24


def chained_tables() -> set[tuple[str, ...]]:
    """The headers of the tables that carry a hash chain."""
    tables = (columns for columns in offers(report, "COLUMNS"))
    return {COLUMNS, *((*columns, *CHAIN_COLUMNS) for columns in tables)}


class _Hashing(io.RawIOBase):
    """A file that is hashed as it is read."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.hash = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        self.hash.update(data)
        return len(data)


def verify_report(
    path: Path, *, key: bytes = b"", exported: Mapping[str, tuple[int, str]] | None = None
) -> list[Problem]:
    """What is wrong with a report, nothing where it is untouched.

    The chain names the row that was edited, moved or removed. A cut tail is found against the
    anchor beside the report (checked with the home's `key` where it is given), or, where there
    is none, against `exported`: what the store knows of each report it made, by the last hash
    (Store.exported_heads).
    """
    problems, end = _read(path)
    anchor_file = anchor_path(path)
    anchor = _anchor(anchor_file, key)
    if isinstance(anchor, Problem):
        problems.append(anchor)
    elif anchor is not None:
        problems += _against(anchor, end, path)
    elif exported is None or end.head not in exported:
        problems.append(Problem("file", anchor_file.name, "no_anchor"))
    elif exported[end.head] != (end.rows, end.sha256):
        problems.append(Problem("file", path.name, "bytes"))
    return problems


@dataclass(frozen=True, slots=True)
class _End:
    rows: int
    head: str
    sha256: str


def _read(path: Path) -> tuple[list[Problem], _End]:
    try:
        with path.open("rb") as stream:
            hashing = _Hashing(stream)
            buffered = io.BufferedReader(hashing, 1 << 20)
            start = [] if buffered.peek(3)[:3] == BOM else [Problem("header", "", "changed")]
            text = io.TextIOWrapper(buffered, encoding="utf-8-sig", errors="replace", newline="")
            chain = _Chain()
            problems = [*start, *chain.problems(text)]
            while buffered.read(1 << 20):
                pass
            return problems, _End(chain.rows, chain.head, hashing.hash.hexdigest())
    except OSError as error:
        raise ReportError(f"the report {path} cannot be read: {error.strerror}") from None


class _Chain:
    def __init__(self) -> None:
        self.rows = 0
        self.head = GENESIS
        self._columns: tuple[str, ...] = COLUMNS
        self._json = RowJson(INCIDENT_COLUMNS)

    def problems(self, text: io.TextIOWrapper) -> Iterator[Problem]:
        """What is wrong, row by row; stops where the rest cannot be read as a table."""
        csv.field_size_limit(_FIELD_BYTES)
        reader = csv.reader(text, strict=True)
        try:
            header = tuple(next(reader, []))
            if header not in chained_tables():
                yield Problem("header", "", "changed")
            else:
                self._columns = header
                self._json = RowJson(header[: -len(CHAIN_COLUMNS)])
            for cells in reader:
                yield from self._row(cells)
        except csv.Error:
            yield Problem("row", str(self.rows + 1), "unreadable")

    def _row(self, cells: list[str]) -> Iterator[Problem]:
        self.rows += 1
        here = str(self.rows)
        if len(cells) != len(self._columns):
            yield Problem("row", here, "width")
            return
        raw = [cell if cell[:1].isalnum() else original(cell) for cell in cells]
        number, prev_hash, row_hash = raw[-3:]
        if prev_hash != self.head:
            yield Problem("row", here, "out_of_place")
        if link(prev_hash, self._json(tuple(raw[:-2]))) != row_hash:
            yield Problem("row", here, "changed")
        elif number != str(self.rows):
            yield Problem("row", here, "number")
        self.head = row_hash


def _anchor(path: Path, key: bytes) -> dict[str, Any] | Problem | None:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        code = told.pop("mac")
        if told["format"] != ANCHOR_FORMAT:
            return Problem("file", path.name, "not_an_anchor")
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Problem("file", path.name, "not_an_anchor")
    good = hmac.digest(key, canonical(told).encode(), "sha256").hex()
    if key and not hmac.compare_digest(good, str(code)):
        return Problem("file", path.name, "wrong_key")
    return dict(told)


def _against(anchor: dict[str, Any], end: _End, path: Path) -> Iterator[Problem]:
    rows = anchor["row_count"]
    if end.rows < rows:
        yield Problem("row", str(end.rows + 1), "cut_off", (("count", str(rows - end.rows)),))
    elif end.rows > rows:
        yield Problem("row", str(rows + 1), "added")
    elif end.head != anchor["head_hash"]:
        yield Problem("row", str(end.rows), "not_last")
    if end.sha256 != anchor["sha256"]:
        yield Problem("file", path.name, "bytes")
    coverage = coverage_path(path)
    if _sha256(coverage) != anchor["coverage_sha256"]:
        yield Problem("file", coverage.name, "bytes")


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return ""


def said(problem: Problem, lang: str | None = None) -> str:
    """A problem as a sentence for people."""
    place = message("report", f"place_{problem.place}", lang, subject=problem.subject)
    return message("report", problem.code, lang, place=place, **dict(problem.values))
