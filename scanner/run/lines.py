"""What the scanner can read in a file, line by line, for `leakscan extract`.

The file is read by a sandboxed worker like any other; only the text comes back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scanner.home import Home
from scanner.model.content import Kind, Layout, Segment
from scanner.model.document import MEMBER, Channel, Document
from scanner.model.errors import UsageError
from scanner.run.sandbox.pool import Pool
from scanner.settings import Settings
from scanner.source.folder import Unwalked, document_of

_RANK = {"COMPLETE": 0, "PARTIAL": 1, "SKIPPED": 2}


def extract_lines(path: str | bytes | Path, settings: Settings) -> Iterator[dict[str, str]]:
    """`{"locator", "text"}` for each segment, then one `{"coverage", "reason", "detail"}`.

    The locator of a member begins with its path behind `!`. The coverage is the file's own, or
    that of the member that was read least, whose path then stands in the detail.
    """
    found = document_of(path, Channel.CHECK)
    if isinstance(found, Unwalked):
        yield {"coverage": "SKIPPED", "reason": found.reason, "detail": found.detail}
        return
    with Pool(Home(Path()), settings, workers=1, detectors=()) as pool:
        reading = Reading()
        for segment in read_segments(pool, found, reading):
            yield {"locator": segment.locator, "text": segment.text}
        yield reading.coverage()


@dataclass(slots=True)
class Reading:
    """How far a document was read; the last of its segments must have come."""

    read: bool = False
    least: tuple[str, str, str] = ("COMPLETE", "", "")

    def coverage(self) -> dict[str, str]:
        """`{"coverage", "reason", "detail"}` of the document with its members."""
        coverage, reason, detail = self.least
        if self.read and coverage == "SKIPPED":
            coverage = "PARTIAL"
        return {"coverage": coverage, "reason": reason, "detail": detail}


def read_segments(
    pool: Pool, document: Document, reading: Reading | None = None
) -> Iterator[Segment]:
    """The segments of a document and its members, the member's path before their locator."""
    reading = reading or Reading()
    for told in pool.extract(document):
        if told[0] == "text":
            reading.read = True
            _, inner, locator, text, layout, kind, line = told
            yield Segment(text, _locator(inner, locator), Kind(kind), Layout(layout), int(line))
        else:
            reading.least = _least(reading.least, told)


def told_entities(
    home: Home, path: str | bytes | Path, settings: Settings, *, lists: bool, blind: bool
) -> Iterator[dict[str, object]]:
    """What `leakscan entities` prints: values, or with `lists` the customer-list verdicts.

    The last line is one `{"coverage", "reason", "detail"}` where the file was not read and
    searched whole: also where a recogniser's pattern did not finish (`pattern-timeout`).

    Raises UsageError where there is no such file, PackError where a recogniser file of the home
    is wrong.
    """
    found = document_of(path, Channel.CHECK)
    if isinstance(found, Unwalked):
        raise UsageError(f"{found.uri} cannot be read: {found.reason}")
    with Pool(Home(Path()), settings, workers=1, detectors=()) as pool:
        reading = Reading()
        segments = read_segments(pool, found, reading)
        timed_out: frozenset[str] = frozenset()
        if lists:
            from scanner.detect.customer_list import list_lines

            yield from list_lines(segments, "" if blind else found.uri)
        else:
            from scanner.detect.entities import entity_lines, scanner_for

            scanner = scanner_for(home)
            yield from entity_lines(segments, scanner)
            timed_out = scanner.timed_out
    coverage = reading.coverage()
    if timed_out and coverage["coverage"] == "COMPLETE":
        named = ", ".join(sorted(timed_out))
        coverage = {"coverage": "PARTIAL", "reason": "pattern-timeout", "detail": named}
    if coverage["coverage"] != "COMPLETE":
        yield dict(coverage)


def _locator(inner: str, locator: str) -> str:
    return f"{MEMBER}{inner} {locator}".rstrip() if inner else locator


def _least(last: tuple[str, str, str], told: tuple[str, ...]) -> tuple[str, str, str]:
    """The worse of two outcomes; the file's own (it comes last) wins over its members'."""
    _, inner, coverage, reason, detail = told
    if not inner and coverage != "COMPLETE":
        return coverage, reason, detail
    if _RANK[coverage] > _RANK[last[0]]:
        return "PARTIAL", reason, f"{MEMBER}{inner} {detail}".strip()
    return last
