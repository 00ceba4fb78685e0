"""Any XML as lines: the values of one record on one line."""

from __future__ import annotations

from collections.abc import Iterator

from scanner.extract._flow import Flow, one_line
from scanner.model.content import Kind, Segment

_MOST = 64  # values of one line
_SHORT = 2
_NOISE = ("}schemaLocation", "}noNamespaceSchemaLocation", "}space", "}base")


class Elements:
    """Target that makes one line of the leaves of an element, and one text of mixed content."""

    def __init__(self, locator: str = "", kind: Kind = Kind.BODY) -> None:
        self.out: list[Segment] = []
        self._flow = Flow(self.out, locator, kind)
        self._asides = Flow(self.out, f"{locator} comments".strip(), Kind.HIDDEN)
        self._stack: list[_Element] = [_Element()]

    def start(self, tag: str, attrib: dict[str, str]) -> None:
        """An element begins."""
        element = _Element()
        if attrib:
            element.values = [
                one_line(value)
                for key, value in attrib.items()
                if value.strip() and not key.endswith(_NOISE)
            ]
        self._stack[-1].children = True
        self._stack.append(element)

    def data(self, text: str) -> None:
        """Text of the element."""
        element = self._stack[-1]
        if not text.isspace():
            element.written = True
            if element.children:
                element.mixed = True
        element.parts.append(text)

    def end(self, tag: str) -> None:
        """An element ends: its text goes to the line of the one around it, or is a line itself."""
        if len(self._stack) < 2:
            return
        element = self._stack.pop()
        above = self._stack[-1]
        text = one_line("".join(element.parts)) if element.written else ""
        leaf = not element.children or element.mixed
        if leaf and (above.written or above.mixed):
            above.parts.append(f" {text} " if len(text) > 60 else text)
            above.mixed = above.written = True
            above.values += element.values
            return
        values = [*element.values, text] if text else element.values
        if leaf:
            above.values += values
            if len(above.values) > _MOST:
                self._line(above)
            return
        element.values = values
        self._line(element)

    def _line(self, element: _Element) -> None:
        if element.values:
            self._flow.add("\t".join(element.values))
        element.values = []

    def comment(self, text: str) -> None:
        """A comment."""
        if text.strip():
            self._asides.add(text.strip())

    def finish(self) -> None:
        """Give out what is left."""
        while len(self._stack) > 1:
            self.end("")
        self._line(self._stack[0])
        self._flow.flush()
        self._asides.flush()

    def take(self) -> Iterator[Segment]:
        """The segments finished so far."""
        ready, self.out[:] = list(self.out), []
        yield from ready


class _Element:
    __slots__ = ("children", "mixed", "parts", "values", "written")

    def __init__(self) -> None:
        self.values: list[str] = []
        self.parts: list[str] = []
        self.children = self.mixed = self.written = False
