"""HTML cut into tags, text and comments in linear time, whatever is left open."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from html import unescape

RAW = frozenset({"script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes"})
_PLAIN = re.compile(r"<(/?[a-zA-Z][a-zA-Z0-9]*)>([^<]*)")
_NAME = re.compile(r"/?[a-zA-Z][^\s/>]*")
_STOP = re.compile(r"[>\"']")
_ATTRIBUTE = re.compile(
    r"([^\s=\"'<>/]+)(?:\s*=\s*(?:\"([^\"]*)(?:\"|$)|'([^']*)(?:'|$)|([^\s\"'>]*)))?"
)


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag; `name` in lower case, with a slash before it where it closes."""

    name: str
    raw: str = field(default="", repr=False)

    def attributes(self) -> dict[str, str]:
        """The attributes with their entities undone."""
        found: dict[str, str] = {}
        for match in _ATTRIBUTE.finditer(self.raw):
            name, double, single, bare = match.groups()
            value = double if double is not None else single if single is not None else bare or ""
            found.setdefault(name.lower(), unescape(value))
        return found


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class RawText:
    """What stands inside a script or style element."""

    name: str
    text: str = field(repr=False)


Token = Tag | Comment | RawText | str


def tokens(text: str) -> Iterator[Token]:
    """The tokens of a document; text comes with its entities undone."""
    at = 0
    size = len(text)
    finder = _Finder(text)
    plain = _PLAIN.match
    while at < size:
        if found := plain(text, at):  # a tag without attributes and the text behind it
            told, words = found.groups()
            tag = _bare(told)
            if tag.name not in RAW:
                yield tag
                if words:
                    yield unescape(words)
                at = found.end()
                continue
        start = text.find("<", at)
        if start < 0:
            yield unescape(text[at:])
            return
        if start > at:
            yield unescape(text[at:start])
        if text.startswith("<!--", start):
            end = finder.find("-->", start + 4)
            yield Comment(text[start + 4 : size if end < 0 else end])
            at = size if end < 0 else end + 3
            continue
        name = _NAME.match(text, start + 1)
        if name is None:
            at = _odd(text, start, finder)
            if at == start + 1:
                yield "<"
            continue
        end = finder.tag_end(name.end())
        tag = Tag(name.group().lower(), text[name.end() : end])
        yield tag
        at = min(end + 1, size)
        if tag.name in RAW and not tag.raw.endswith("/"):
            close = finder.closing(tag.name, at)
            yield RawText(tag.name, text[at:close])
            at = close


@lru_cache(maxsize=512)
def _bare(told: str) -> Tag:
    return Tag(told.lower())


def _odd(text: str, start: int, finder: _Finder) -> int:
    """Behind a declaration or instruction; just behind the bracket where it is only a bracket."""
    if text.startswith("<![CDATA[", start):
        return start + 9
    if text[start + 1 : start + 2] in ("!", "?"):
        end = finder.find(">", start)
        return len(text) if end < 0 else end + 1
    return start + 1


class _Finder:
    """Finds, and remembers what stands nowhere further on."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.nowhere: set[str] = set()
        self._lower: str | None = None

    def find(self, what: str, at: int) -> int:
        """Where it stands next, -1 for nowhere."""
        if what in self.nowhere:
            return -1
        place = self.text.find(what, at)
        if place < 0:
            self.nowhere.add(what)
        return place

    def tag_end(self, at: int) -> int:
        """Where the bracket is that closes a tag, quotes minded; the end of the text for none."""
        begin = at
        while True:
            match = _STOP.search(self.text, at)
            if match is None:
                break
            if match.group() == ">":
                return match.start()
            if self.text[match.start() - 1 : match.start()].isalnum():
                at = match.end()  # a quote inside a word opens nothing
                continue
            close = self.find(match.group(), match.end())
            if close < 0:
                break
            at = close + 1
        place = self.find(">", begin)
        return len(self.text) if place < 0 else place

    def closing(self, name: str, at: int) -> int:
        """Where the closing tag of a raw element begins; the end of the text for none."""
        if self._lower is None:
            self._lower = (
                self.text.lower() if len(self.text.lower()) == len(self.text) else self.text
            )
        what = f"</{name}"
        if what in self.nowhere:
            return len(self.text)
        place = self._lower.find(what, at)
        if place < 0:
            self.nowhere.add(what)
            return len(self.text)
        return place
