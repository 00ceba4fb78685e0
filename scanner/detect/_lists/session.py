"""One document's tables and pseudo-tables, judged one by one."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace

from scanner.columns.headers import flags_of
from scanner.columns.typing import sample_rows, split_header
from scanner.detect._lists.evidence import Evidence, Read, read_table
from scanner.detect._lists.gather import SAMPLE_ROWS, Table
from scanner.detect._lists.hot import hot_parts
from scanner.detect._lists.pseudo import Found, tables_in
from scanner.detect._lists.score import CONTACT, CUSTOMER, NONE, Verdict, judge
from scanner.model.content import Kind, Layout, Segment
from scanner.model.document import MEMBER
from scanner.model.finding import Finding, Method
from scanner.model.rule import FieldKind
from scanner.text.mask import mask

_LOCATORS = 5
_SHEET = re.compile(r"(?:^| )sheet (.+)$")
_SAMPLE_LINES = 2
_SHOWN = frozenset(
    {FieldKind.PERSON, FieldKind.COMPANY, FieldKind.PHONE, FieldKind.EMAIL, FieldKind.ADDRESS}
)


@dataclass(frozen=True, slots=True)
class ListVerdict:
    """One table or pseudo-table, judged."""

    locator: str
    label: str
    score: float
    records: int
    reasons: tuple[str, ...]
    columns: tuple[tuple[str, FieldKind], ...] = ()
    sample: str = field(default="", repr=False)


class CustomerListSession:
    """The tables of one document; `name` is the file's, empty where it is hidden."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._table: Table | None = None
        self._header: list[str] | None = None
        self._above: tuple[str, ...] = ()  # the header line of the block in hand
        self._verdicts: list[ListVerdict] = []

    def feed(self, segment: Segment) -> None:
        """Look at the next segment, in reading order."""
        if segment.kind in (Kind.META, Kind.RAW):
            return
        if segment.layout is Layout.TABLE:
            self._feed_table(segment)
            return
        self._close_table()
        self._feed_text(segment)

    def verdicts(self) -> list[ListVerdict]:
        """The verdict over every table so far, in reading order."""
        self._close_table()
        return list(self._verdicts)

    def findings(self) -> list[Finding]:
        """One finding where the document holds a list: the stronger label, its records summed."""
        verdicts = self.verdicts()
        for label in (CUSTOMER, CONTACT):
            if mine := [verdict for verdict in verdicts if verdict.label == label]:
                return [_finding(label, mine)]
        return []

    def _feed_table(self, segment: Segment) -> None:
        table = self._table
        new = table is None or table.locator != segment.locator
        if table is None or new or segment.first_line <= table.first_line:
            self._close_table()
            table = self._table = Table(segment.locator, segment.first_line)
        table.add(segment)

    def _close_table(self) -> None:
        table, self._table = self._table, None
        if table is None or not table.head:
            return
        header, first = split_header(table.head)
        preface = table.head[: max(0, first - (header is not None))]
        title = " ".join(cell for row in preface[:5] for cell in row if cell.strip())
        rows = sample_rows([*table.head[first:], *table.spread], SAMPLE_ROWS)
        rows = [row for row in rows if any(map(str.strip, row))]
        records = max(len(rows), table.rows - first)
        place = f"{table.locator} row {table.first_line + first}".strip()
        read = read_table(
            header,
            rows,
            records,
            file=self._file(table.locator),
            sheet=_sheet(table.locator),
            title=title,
        )
        self._verdicts.append(_verdict(read, judge(read.evidence), place))

    def _file(self, locator: str) -> str:
        """The file's name, and that of the member a locator begins with; empty where hidden."""
        member = locator if self._name and locator.startswith(MEMBER) else ""
        return f"{self._name} {member}".strip()

    def _feed_text(self, segment: Segment) -> None:
        parts, factor = hot_parts(segment.text)
        for part in parts:
            for readings in tables_in(part.text):
                verdicts = []
                self._above = ()
                for found in readings:
                    line = segment.first_line + part.line + found.line
                    place = f"{segment.locator} line {line}".strip()
                    if verdict := self._read_found(found, place, segment.locator, factor):
                        verdicts.append(verdict)
                if verdicts:
                    self._verdicts.append(max(verdicts, key=_rank))

    def _read_found(
        self, found: Found, place: str, locator: str, factor: float
    ) -> ListVerdict | None:
        header, rows = found.header, found.rows
        if header is None and not found.told:
            header, first = split_header(rows)
            rows = rows[first:]
            if header is not None:
                self._header, self._above = header, tuple(header)
            elif self._header is not None and rows and len(self._header) == len(rows[0]):
                header = self._header
        records = round(len(rows) * factor)
        sample = sample_rows(rows, SAMPLE_ROWS)
        read = read_table(
            header,
            sample,
            records,
            file=self._file(locator),
            sheet=_sheet(locator),
            title=found.title,
        )
        seen = read.evidence
        if found.told:
            evidence = _with_words(read, found, len(rows), self._above)
            read = replace(read, evidence=evidence)
        elif not (seen.identity or seen.keyed) or (header is None and not seen.reach):
            return None
        if header is None and _only_mail(read):
            return None
        return _verdict(read, judge(read.evidence), place)


def _sheet(locator: str) -> str:
    """The name of the sheet in a locator, "" where there is none."""
    found = _SHEET.search(locator)
    return found[1] if found else ""


def _verdict(read: Read, verdict: Verdict, place: str) -> ListVerdict:
    listed = verdict.label != NONE
    columns = tuple((guess.column.name, guess.column.kind) for guess in read.guesses)
    return ListVerdict(
        locator=place,
        label=verdict.label,
        score=verdict.score,
        records=read.evidence.records,
        reasons=verdict.reasons,
        columns=columns if listed else (),
        sample=_sample(read) if listed else "",
    )


def _rank(verdict: ListVerdict) -> tuple[int, float]:
    return (NONE, CONTACT, CUSTOMER).index(verdict.label), verdict.score


def _with_words(read: Read, found: Found, rows: int, above: tuple[str, ...]) -> Evidence:
    """The evidence with the word classes of a header line and of a third of the told records."""
    words = Counter(flag for cell in above for flag in flags_of(cell))
    words.update(name for name, count in found.words.items() if 3 * count >= rows)
    return replace(read.evidence, flags=dict(words), named="customer" in words)


def _only_mail(read: Read) -> bool:
    """True for names and e-mail addresses alone, as authors and recipients stand in texts."""
    kinds = {kind for kind, count in read.evidence.kinds.items() if count}
    return not kinds - {FieldKind.PERSON, FieldKind.EMAIL, FieldKind.EMPTY}


def _sample(read: Read) -> str:
    """The first rows with masked names and numbers, cells joined by blanks."""
    lines = []
    for row in read.rows[:_SAMPLE_LINES]:
        shown = [
            mask(cell, guess.column.kind)
            for cell, guess in zip(row, read.guesses, strict=False)
            if guess.column.kind in _SHOWN and cell.strip()
        ]
        if shown:
            lines.append(" ".join(shown[:6]))
    return " / ".join(lines)


def _finding(label: str, verdicts: list[ListVerdict]) -> Finding:
    best = max(verdicts, key=lambda verdict: verdict.score)
    records = sum(verdict.records for verdict in verdicts)
    return Finding(
        method=Method.CUSTOMER_LIST,
        dataset_id="",
        records=records,
        units=records,
        field_counts=tuple(
            (name, best.records) for name, kind in best.columns if kind is not FieldKind.EMPTY
        ),
        locators=tuple(verdict.locator for verdict in verdicts[:_LOCATORS]),
        sample=best.sample,
        reasons=best.reasons,
        label=label,
        score=best.score,
    )
