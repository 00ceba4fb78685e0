"""JSON of any size and depth as rows: objects alike become a table, others a line each."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from scanner.extract import _cells
from scanner.extract._flow import Flow, one_line
from scanner.model.content import Kind, Layout, Segment
from scanner.model.errors import Unread

_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|([{}\[\]:,])|([^\s"{}\[\]:,]+)|\s+|(")', re.DOTALL)
_GAP = re.compile(r"[\s,]+")
_WAIT = 1 << 20  # an object that is longer is read token by token
_DEEPEST = 100_000
_MERGED = 64  # values an object takes over from those inside it
_LONGEST = 16 << 20  # a string longer than this is cut


class Rows:
    """Takes the text piece by piece; segments gather in `out`."""

    def __init__(self) -> None:
        self.out: list[Segment] = []
        self._rest = ""
        self._stack: list[_Level] = [_Level("")]
        self._key = ""
        self._pending: tuple[tuple[str, ...], list[str]] | None = None
        self._lines = Flow(self.out, "")
        self._table: Flow | None = None
        self._shape: tuple[str, ...] = ()
        self._count = 0
        self.broken = False
        self._slow = False  # something stands in it that only single tokens can tell

    def feed(self, text: str, last: bool = False) -> None:
        """The next piece of text."""
        text = self._rest + text
        at = self._objects(text, last)
        if at < 0:
            self._rest = text[~at:]
            return
        for match in _TOKEN.finditer(text, at):
            if not last and (match.end() == len(text) or match.group(4)):
                break
            at = match.end()
            string, mark, bare, open_quote = match.groups()
            if string is not None:
                self._string(string)
            elif mark is not None:
                self._mark(mark)
            elif bare is not None:
                self._value(_cells.number(bare) if bare[0] in "-0123456789" else _word(bare))
            elif open_quote is not None:
                self._string(text[at:])
                self.broken = True
                at = len(text)
                break
        self._rest = text[at:]
        if len(self._rest) > _LONGEST:
            self._value(self._rest.lstrip('"'))
            self._rest = ""
            self.broken = True
        if last:
            self.finish()

    # ---- whole objects, by the library's fast decoder

    def _objects(self, text: str, last: bool) -> int:
        """Takes objects that are whole; from where tokens have to be read, or ~n to wait at n."""
        at = 0
        while not self._slow and len(self._stack) <= 2 and self._stack[-1].sort != "{":
            start = _GAP.match(text, at)
            at = start.end() if start else at
            if text[at : at + 1] != "{":
                if text[at : at + 1] == "[" and len(self._stack) == 1:
                    self._mark("[")
                    at += 1
                    continue
                return at
            try:
                pairs, end = _DECODER.raw_decode(text, at)
                found = _flat(pairs, "\\u" in text[at:end])
            except RecursionError:
                self._slow = True
            except ValueError:
                if not last and len(text) - at < _WAIT:
                    return ~at
                self._slow = True
            else:
                for one in found:
                    self._row(tuple([key for key, _ in one]), [value for _, value in one])
                at = end
        return at

    # ---- tokens

    def _string(self, raw: str) -> None:
        level = self._stack[-1]
        text = _unescaped(raw) if "\\" in raw else raw
        if level.sort == "{" and not level.key_given:
            self._key = text
            level.key, level.key_given = text, True
        else:
            self._value(text)

    def _value(self, text: str) -> None:
        level = self._stack[-1]
        if text:
            level.pairs.append((level.key if level.sort == "{" else "", text))
            if level.sort != "{" and len(level.pairs) >= _MERGED:
                self._emit(level)

    def _mark(self, mark: str) -> None:
        level = self._stack[-1]
        if mark in "{[":
            if len(self._stack) > _DEEPEST:
                raise Unread("limit:depth", "values nest too deep")
            self._stack.append(_Level(mark, level.key if level.sort == "{" else ""))
        elif mark in "}]":
            self._close("{" if mark == "}" else "[")
        elif mark == ",":
            level.key_given = False

    def _close(self, sort: str) -> None:
        if len(self._stack) < 2:
            self.broken = True
            return
        level = self._stack.pop()
        self.broken = self.broken or level.sort != sort
        above = self._stack[-1]
        if sort == "[" and above.sort == "{" and not any(key for key, _ in level.pairs):
            joined = ", ".join(one_line(text) for _, text in level.pairs)
            if joined:
                above.pairs.append((level.name, joined))
        elif sort == "{" and above.sort == "{" and len(level.pairs) + len(above.pairs) <= _MERGED:
            above.pairs += [
                (f"{level.name}.{key}" if key else level.name, v) for key, v in level.pairs
            ]
        elif sort == "[" and above.sort == "[" and level.pairs:
            self._row(("",) * len(level.pairs), [text for _, text in level.pairs])
        else:
            self._emit(level)

    def _emit(self, level: _Level) -> None:
        if level.pairs:
            keys = tuple(key for key, _ in level.pairs)
            self._row(keys, [text for _, text in level.pairs])
        level.pairs = []

    # ---- rows

    def _row(self, keys: tuple[str, ...], values: list[str]) -> None:
        if self._table is not None:
            if keys == self._shape:
                self._table.row(values)
                return
            self._table.flush()
            self._table = None
        held, self._pending = self._pending, (keys, values)
        if held is None:
            return
        if held[0] == keys and len(keys) > 1:
            self._lines.flush()
            self._count += 1
            self._table = Flow(self.out, f"table {self._count}", Kind.BODY, Layout.TABLE)
            self._shape = keys
            if any(keys):
                self._table.row(keys)
            self._table.row(held[1])
            self._table.row(values)
            self._pending = None
        else:
            self._line(*held)

    def _line(self, keys: tuple[str, ...], values: list[str]) -> None:
        told = [
            f"{key}: {one_line(value)}" if key else one_line(value)
            for key, value in zip(keys, values, strict=True)
        ]
        self._lines.add("\t".join(told))

    def finish(self) -> None:
        """Give out everything that is left."""
        self.broken = self.broken or len(self._stack) > 1
        while len(self._stack) > 1:
            self._emit(self._stack.pop())
        self._emit(self._stack[0])
        if self._table is not None:
            self._table.flush()
        if self._pending is not None:
            self._line(*self._pending)
        self._lines.flush()


class _Pairs(list[tuple[str, Any]]):
    """An object's names and values, doubled names kept."""


_DECODER = json.JSONDecoder(
    object_pairs_hook=_Pairs,
    parse_float=_cells.number,
    parse_int=str,
    parse_constant=str,
    strict=False,
)


def _flat(pairs: _Pairs, escaped: bool) -> list[list[tuple[str, str]]]:
    """The rows of an object: those inside it first, small ones merged into it."""
    rows: list[list[tuple[str, str]]] = []
    own = _own(pairs, rows, escaped)
    if own:
        rows.append(own)
    return rows


def _own(pairs: _Pairs, rows: list[list[tuple[str, str]]], escaped: bool) -> list[tuple[str, str]]:
    own: list[tuple[str, str]] = []
    for key, value in pairs:
        if isinstance(value, str):
            if value:
                own.append((key, _whole(value) if escaped else value))
        elif isinstance(value, _Pairs):
            inner = _own(value, rows, escaped)
            if len(inner) + len(own) <= _MERGED:
                own += [(f"{key}.{name}" if name else key, text) for name, text in inner]
            elif inner:
                rows.append(inner)
        elif isinstance(value, list):
            joined = _listed(value, rows, escaped)
            if joined:
                own.append((key, joined))
        elif value is not None:
            own.append((key, "true" if value else "false"))
    return own


def _listed(values: list[Any], rows: list[list[tuple[str, str]]], escaped: bool) -> str:
    """The plain values of a list joined; objects and lists in it become rows."""
    plain: list[str] = []
    for value in values:
        if isinstance(value, str):
            plain.append(one_line(_whole(value) if escaped else value))
        elif isinstance(value, _Pairs):
            inner = _own(value, rows, escaped)
            if inner:
                rows.append(inner)
        elif isinstance(value, list):
            joined = _listed(value, rows, escaped)
            if joined:
                rows.append([("", text) for text in joined.split(", ")])
        elif value is not None:
            plain.append("true" if value else "false")
    return ", ".join(plain)


def _whole(text: str) -> str:
    """The text without halves of characters."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


class _Level:
    __slots__ = ("key", "key_given", "name", "pairs", "sort")

    def __init__(self, sort: str, name: str = "") -> None:
        self.sort = sort
        self.name = name
        self.key = ""
        self.key_given = False
        self.pairs: list[tuple[str, str]] = []


def _word(bare: str) -> str:
    return "" if bare == "null" else bare


def _unescaped(raw: str) -> str:
    try:
        text: str = json.loads(f'"{raw}"', strict=False)
    except ValueError:
        return raw
    return _whole(text)


def rows(texts: Iterable[str], reader: Rows) -> Iterator[Segment]:
    """The segments of text that comes in pieces."""
    for text in texts:
        try:
            reader.feed(text)
        except Unread:
            reader.finish()
            yield from reader.out
            raise
        yield from reader.out
        reader.out.clear()
    reader.feed("", last=True)
    yield from reader.out
    reader.out.clear()
