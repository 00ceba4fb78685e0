"""Tables out of running text: label-value cards, separated lines, records told in sentences."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from scanner.columns.cells import Cell, look
from scanner.columns.headers import concept_of, flags_of
from scanner.detect._lists.fields import FIELD_COUNT, reaches, record_fields

_LEAST = 3
_LONGEST_LINE = 600
_BULLET = re.compile(r"^\s*(?:[-*•·●■>]+|\(?\d{1,4}[.)、．:：]|[（(]\d{1,3}[)）])\s*")
_RULE = re.compile(r"[\s|+:=_—-]+")
_LABEL = re.compile(r"[ \t]*([^\W\d_][\w /\-.（）()]{0,23}?)[ \t]*[:：=][ \t]*(?!//)")
_INNER_LABEL = re.compile(r"(?:^|[\s,，;；、|/])([^\W\d_][^\s,，;；、|/:：=]{0,15})[ \t]*[:：]")
_SENTENCE = re.compile(r"(?<=[。；！;])|(?<=[a-z)\d]\.)\s+(?=[A-Z])")
_SIGNAL = re.compile(
    r"@|公司|[\d)][-. ]?\d{3,4}[-. ]\d{3,4}|\d{7}|(?:Inc|LLC|Ltd|GmbH|Corp)\b"
    r"|客户|[Cc]ustomer|[Cc]lient"
)
_VALUE = re.compile(r"[@\d。.!?]")
_LONGEST_HEADER = 160
_PROBED, _PROBE = 24, 12
_TELLING = (Cell.PERSON, Cell.ORG, Cell.EMAIL, Cell.MOBILE, Cell.PHONE, Cell.ADDRESS)
# Name, expression, and texts of which one stands in every line that it splits.
_SEPARATORS = (
    ("tab", re.compile(r"\t+"), ("\t",)),
    ("bar", re.compile(r"\s*[|｜]\s*"), ("|", "｜")),
    ("semicolon", re.compile(r"\s*[;；]\s*"), (";", "；")),
    ("wide", re.compile(r"(?:\u3000| {2,})+"), ("\u3000", "  ")),
    ("comma", re.compile(r"\s*[,，]\s*"), (",", "，")),
    ("dun", re.compile(r"\s*[、]\s*"), ("、",)),
    ("slash", re.compile(r"\s+[/／-]\s+"), ("/", "／", "-")),
    ("blank", re.compile(r"[ \u3000]+"), (" ", "\u3000")),
)
_SHARE = 0.7  # of the lines of a block that must split alike


@dataclass(frozen=True, slots=True)
class Found:
    """A table read out of text. `line` is that of its first record, from 0 within the part."""

    header: list[str] | None
    rows: list[list[str]] = field(repr=False)
    line: int
    title: str = field(default="", repr=False)
    words: dict[str, int] = field(default_factory=dict)  # word classes of prose, by records
    told: bool = False  # records told in sentences: the columns are of known kinds


def tables_in(text: str) -> Iterator[list[Found]]:
    """The tables that stand in a piece of text, each as the readings there are of it."""
    lines = text.split("\n")
    taken: set[int] = set()
    for found, used in _cards(lines):
        taken |= used
        yield [found]
    for first, block in _blocks(lines, taken):
        if not _promising(block):
            continue
        title = _title(lines, first)
        readings = (_separated(block, first, title), _told(block, first, title))
        if kept := [found for found in readings if found is not None]:
            yield kept


def _promising(block: list[str]) -> bool:
    """False where a block surely holds no list: too few signs, or nothing in a dozen lines."""
    if len(block) < _LEAST:
        return len(block) > 0 and len(_SIGNAL.findall(block[0])) >= _LEAST
    if len(block) <= _PROBED:
        return len(_SIGNAL.findall("\n".join(block))) >= _LEAST
    step = len(block) / _PROBE
    probe = [block[int(place * step)] for place in range(_PROBE)]
    if len(_SIGNAL.findall("\n".join(probe))) < _LEAST - 1:
        return False
    if any(record_fields(line[:_LONGEST_LINE]) is not None for line in probe):
        return True
    found = _separated(probe, 0, "")
    if found is None:
        return False
    looks = Counter(look(cell) for row in found.rows for cell in row[:12])
    return sum(looks[kind] for kind in _TELLING) >= _LEAST


def _title(lines: list[str], first: int) -> str:
    """The short lines just above a block."""
    above = [line.strip() for line in lines[max(0, first - 3) : first]]
    return " ".join(line for line in above if 0 < len(line) <= 60)


def _blocks(lines: list[str], taken: set[int]) -> Iterator[tuple[int, list[str]]]:
    """Runs of lines without two blank ones in a row, and without those taken by cards."""
    start = 0
    block: list[str] = []
    blanks = 0
    for index, line in enumerate([*lines, "", ""]):
        if index in taken or not line.strip():
            blanks += 2 if index in taken else 1
            if blanks >= 2 and block:
                yield start, block
                block = []
            continue
        if not block:
            start = index
        blanks = 0
        block.append(line)
    if block:
        yield start, block


# Cards -------------------------------------------------------------------------------------------


def _cards(lines: list[str]) -> Iterator[tuple[Found, set[int]]]:
    """Repeated blocks of "label: value"; a card ends where one of its labels comes again."""
    cards: list[dict[str, str]] = []
    card: dict[str, str] = {}
    used: set[int] = set()
    first = last = 0

    def close() -> Iterator[tuple[Found, set[int]]]:
        if card:
            cards.append(card)
        counts = Counter(label for one in cards for label in one)
        labels = [label for label, count in counts.items() if 2 * count >= len(cards)]
        known = sum(concept_of(label)[0] is not None for label in labels)
        if len(cards) >= _LEAST and len(labels) >= 2 and known >= 2:
            rows = [[one.get(label, "") for label in labels] for one in cards]
            yield Found(labels, rows, first, _title(lines, first)), set(used)

    for index, line in enumerate(lines):
        pairs = _pairs(line)
        if not pairs:
            if (cards or card) and line.strip() and index - last > 3:
                yield from close()
                cards, card, used = [], {}, set()
            continue
        if not card and not cards:
            first = index
        last = index
        used.add(index)
        for label, value in pairs:
            if label in card:
                cards.append(card)
                card = {}
            card[label] = value
    yield from close()


def _pairs(line: str) -> list[tuple[str, str]]:
    """The "label: value" pairs of a line, empty where it does not begin with one."""
    if len(line) > _LONGEST_LINE or (":" not in line and "：" not in line and "=" not in line):
        return []
    plain = _BULLET.sub("", line, count=1)
    head = _LABEL.match(plain)
    if head is None or (concept_of(head[1])[0] is None and not flags_of(head[1])):
        return []
    marks = [(head.start(1), head.end(), head[1])]
    marks += [
        (inner.start(1), inner.end(), inner[1])
        for inner in _INNER_LABEL.finditer(plain, head.end())
        if concept_of(inner[1])[0] is not None
    ]
    pairs = []
    for place, (_start, end, label) in enumerate(marks):
        stop = marks[place + 1][0] if place + 1 < len(marks) else len(plain)
        pairs.append((" ".join(label.split()), plain[end:stop].strip(" \t,，;；、|/")))
    return pairs


# Separated lines ---------------------------------------------------------------------------------


def _separated(block: list[str], first: int, title: str) -> Found | None:
    """The rows of a block whose lines split into the same number of cells."""
    lines = [line for line in block if not _RULE.fullmatch(line) and len(line) <= _LONGEST_LINE]
    if len(lines) < _LEAST:
        return None
    best: tuple[float, int, list[list[str]]] | None = None
    for name, separator, signs in _SEPARATORS:
        if best is not None and name == "blank":
            break
        split = sum(any(sign in line for sign in signs) for line in lines)
        if split < _SHARE * len(lines):
            continue
        rows = [_split(line, separator) for line in lines]
        widths = Counter(map(len, rows))
        width, _count = max(widths.items(), key=lambda item: (item[1], item[0]))
        if width < 2 or width > 40:
            continue
        near = sum(count for other, count in widths.items() if abs(other - width) <= 1 < other)
        share = near / len(rows)
        if share < _SHARE:
            continue
        if best is None or share * min(width, 6) > best[0]:
            kept = [row for row in rows if abs(len(row) - width) <= 1 and len(row) > 1]
            best = (share * min(width, 6), width, kept)
    if best is None or len(best[2]) < _LEAST:
        return None
    header, rows = _labelled(best[2])
    skipped = [line.strip() for line in lines if len(line.strip()) <= 60][:1]
    return Found(header, rows, first, f"{title} {' '.join(skipped)}".strip())


def _split(line: str, separator: re.Pattern[str]) -> list[str]:
    plain = _BULLET.sub("", line.strip().strip("|｜").strip(), count=1)
    return [cell.strip() for cell in separator.split(plain)]


def _labelled(rows: list[list[str]]) -> tuple[list[str] | None, list[list[str]]]:
    """A header out of labels that stand in the cells ("电话:138..."), taken off the cells."""
    width = max(map(len, rows))
    header = [""] * width
    for column in range(width):
        labels: Counter[str] = Counter()
        for row in rows:
            if column < len(row) and (match := _LABEL.match(row[column])):
                labels[match[1].strip()] += 1
        if not labels:
            continue
        label, count = labels.most_common(1)[0]
        if 2 * count >= len(rows) and concept_of(label)[0] is not None:
            header[column] = label
    if not any(header):
        return None, rows
    cleaned = [
        [_LABEL.sub("", cell, count=1) if header[place] else cell for place, cell in enumerate(row)]
        for row in rows
    ]
    return header, cleaned


# Records told in sentences -----------------------------------------------------------------------


def _told(block: list[str], first: int, title: str) -> Found | None:
    """Lines or sentences that each name somebody and say how to reach them."""
    rows: list[list[str]] = []
    words: Counter[str] = Counter()
    units = [
        unit
        for line in block
        for unit in ([line] if reaches(line) < 2 else _SENTENCE.split(line))
        if unit and unit.strip() and len(unit) <= _LONGEST_LINE
    ]
    for unit in units:
        row = record_fields(unit)
        if row is None:
            continue
        rows.append(row)
        words.update(flags_of(unit[:80]) | flags_of(unit[80:160]))
    if len(rows) < _LEAST or len(rows) * 5 < len(units):
        return None
    assert all(len(row) == FIELD_COUNT for row in rows)
    if not _VALUE.search(block[0]) and len(block[0]) <= _LONGEST_HEADER:
        for flag in flags_of(block[0][:80]) | flags_of(block[0][80:]):
            words[flag] = len(rows)
    return Found(None, rows, first, title, dict(words), told=True)
