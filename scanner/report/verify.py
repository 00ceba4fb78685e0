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

from scanner.model.chain import GENESIS, canonical, link
from scanner.model.errors import ReportError
from scanner.report._formula import original
from scanner.report._table import BOM
from scanner.report.csv import ANCHOR_FORMAT, COLUMNS, anchor_path, coverage_path, row_json

_FIELD_BYTES = 1 << 24


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is not as it was written. `where` names the row or the file."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


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
    path: Path, *, key: bytes = b"", exported: Mapping[str, int] | None = None
) -> list[Problem]:
    """What is wrong with a report, nothing where it is untouched.

    The chain names the row that was edited, moved or removed. A cut tail is found against the
    anchor beside the report (checked with the home's `key` where it is given), or, where there
    is none, against `exported`: the last hash and row count of each report that the store knows.
    """
    problems, end = _read(path)
    anchor_file = anchor_path(path)
    anchor = _anchor(anchor_file, key)
    if isinstance(anchor, Problem):
        problems.append(anchor)
    elif anchor is not None:
        problems += _against(anchor, end, path)
    elif exported is None or end.head not in exported:
        problems.append(Problem(anchor_file.name, "missing, so a cut tail cannot be ruled out"))
    elif exported[end.head] != end.rows:
        problems.append(Problem(f"row {end.rows}", "not the last row that was exported"))
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
            start = [] if buffered.peek(3)[:3] == BOM else [Problem("header", "changed")]
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

    def problems(self, text: io.TextIOWrapper) -> Iterator[Problem]:
        """What is wrong, row by row; stops where the rest cannot be read as a table."""
        csv.field_size_limit(_FIELD_BYTES)
        reader = csv.reader(text, strict=True)
        try:
            header = next(reader, [])
            if tuple(header) != COLUMNS:
                yield Problem("header", "changed")
            for cells in reader:
                yield from self._row(cells)
        except csv.Error as error:
            yield Problem(f"row {self.rows + 1}", f"cannot be read ({error})")

    def _row(self, cells: list[str]) -> Iterator[Problem]:
        self.rows += 1
        here = f"row {self.rows}"
        if len(cells) != len(COLUMNS):
            yield Problem(here, f"has {len(cells)} cells, not {len(COLUMNS)}")
            return
        raw = [cell if cell[:1].isalnum() else original(cell) for cell in cells]
        number, prev_hash, row_hash = raw[-3:]
        if prev_hash != self.head:
            yield Problem(here, "does not follow the row before it (moved, removed or added)")
        if link(prev_hash, row_json(tuple(raw[:-2]))) != row_hash:
            yield Problem(here, "changed")
        elif number != str(self.rows):
            yield Problem(here, f"was row {number}")
        self.head = row_hash


def _anchor(path: Path, key: bytes) -> dict[str, Any] | Problem | None:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        code = told.pop("mac")
        if told["format"] != ANCHOR_FORMAT:
            return Problem(path.name, "no anchor of this version")
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Problem(path.name, "cannot be read as an anchor")
    good = hmac.digest(key, canonical(told).encode(), "sha256").hex()
    if key and not hmac.compare_digest(good, str(code)):
        return Problem(path.name, "changed, or not made with this home's key")
    return dict(told)


def _against(anchor: dict[str, Any], end: _End, path: Path) -> Iterator[Problem]:
    rows = anchor["row_count"]
    if end.rows < rows:
        yield Problem(f"row {end.rows + 1}", f"cut off: {rows - end.rows} rows are missing")
    elif end.rows > rows:
        yield Problem(f"row {rows + 1}", "added after the report was written")
    elif end.head != anchor["head_hash"]:
        yield Problem(f"row {end.rows}", "not the last row that was written")
    if end.sha256 != anchor["sha256"]:
        yield Problem(path.name, "its bytes are not those that were written")
    coverage = coverage_path(path)
    if _sha256(coverage) != anchor["coverage_sha256"]:
        yield Problem(coverage.name, "missing, or not as it was written")


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return ""
