"""Delimited text: which delimiter, and its records as rows of a table."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator

DELIMITERS = (",", "\t", ";", "|", "\x01", "，")
_LONGEST_REST = 1 << 20  # characters of a record whose quotes are still open
_SMALL = 1 << 16  # characters that are read line by line
MOST_LINES = 200  # in one cell; where there are more, its quote is only a character
_QUOTED = re.compile(r'"[^"]*"')


def delimiter(text: str, named: bool = False) -> str:
    """The delimiter of a table that begins with `text`, "" where it is no table.

    `named` is True where the name says that it is one: then one line is enough.
    """
    lines = [line for line in _sample(_QUOTED.sub("", text)) if line.strip()][:200]
    if not lines or (len(lines) < 2 and not named):
        return ""
    best = ("", 0.0)
    for mark in DELIMITERS:
        counts = [line.count(mark) for line in lines]
        usual = max(set(counts), key=counts.count)
        if usual < 1 or (mark == "，" and not named):  # prose has it too
            continue
        share = counts.count(usual) / len(counts)
        needed = 0.5 if named or mark == "\t" else 0.8
        if share >= needed and share * usual > best[1]:
            best = (mark, share * usual)
    return best[0]


def _sample(text: str) -> list[str]:
    lines = text.split("\n")
    return lines[:-1] if len(lines) > 2 else lines


def table(texts: Iterable[str], mark: str) -> Iterator[str]:
    """Pieces of delimited text as pieces of TABLE text, rows with their line end."""
    rest = ""
    for text in texts:
        if not rest and '"' not in text and (mark == "\t" or "\t" not in text):
            yield text.replace(mark, "\t")
            continue
        if len(text) > _SMALL and (told := _at_once(rest + text, mark)) is not None:
            rest = told[1]
            if told[0]:
                yield told[0]
            continue
        lines = (rest + text).split("\n")
        if len(lines) > 1:
            done, open_at = _records(lines[:-1], mark, last=False)
            rest = "\n".join([*lines[open_at:-1], lines[-1]])
        else:
            done, rest = [], lines[0]
        if len(rest) > _LONGEST_REST:
            done += [_row(line, mark) for line in rest.split("\n")]
            rest = ""
        if done:
            yield "\n".join(done) + "\n"
    if rest:
        done, _ = _records(rest.split("\n"), mark, last=True)
        yield "\n".join(done)


def _at_once(text: str, mark: str) -> tuple[str, str] | None:
    """The whole records and the rest, where their quotes can be taken off all together."""
    from scanner.extract._quotes import unquoted  # with a library that small texts do without

    told = unquoted(text, mark)
    return told if told is not None and len(told[1]) <= _LONGEST_REST else None


def _records(lines: list[str], mark: str, last: bool) -> tuple[list[str], int]:
    """The rows of whole records, and the first line of a record that is still open."""
    done: list[str] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        if '"' not in line:
            done.append(_row(line, mark))
            at += 1
            continue
        if (row := _plain_quotes(line, mark)) is not None:
            done.append(row)
            at += 1
            continue
        end = _closing(lines, at)
        if end < 0 and not last and len(lines) - at <= MOST_LINES:
            return done, at
        if end < 0:  # a quote that never closes is only a character
            done.append(_row(line, mark))
            at += 1
            continue
        done.append(_quoted("\n".join(lines[at : end + 1]), mark))
        at = end + 1
    return done, at


def _closing(lines: list[str], start: int) -> int:
    """The line at which the record that begins at `start` ends, -1 where none does."""
    quotes = 0
    for at in range(start, min(len(lines), start + MOST_LINES)):
        quotes += lines[at].count('"')
        if quotes % 2 == 0:
            return at
    return -1


def _row(line: str, mark: str) -> str:
    return line if mark == "\t" else line.replace("\t", " ").replace(mark, "\t")


def _quoted(record: str, mark: str) -> str:
    try:
        rows = list(csv.reader([record], delimiter=mark))
    except csv.Error:
        return _row(record.replace("\n", " "), mark)
    line = "\x1f".join([cell for row in rows for cell in row])
    if "\n" in line or "\t" in line or "\r" in line:
        line = line.replace("\t", " ").replace("\r", " ").replace("\n", " ")
    return line.replace("\x1f", "\t")


def _plain_quotes(line: str, mark: str) -> str | None:
    """The row of a line whose every cell is quoted and holds nothing special, else None."""
    inner = line.rstrip("\r")
    if len(inner) < 2 or inner[0] != '"' or inner[-1] != '"' or "\t" in inner:
        return None
    parts = inner[1:-1].split(f'"{mark}"')
    return None if any('"' in part for part in parts) else "\t".join(parts)
