"""Text out of any XML: one line for each element that holds some."""

from __future__ import annotations

from collections.abc import Iterator

from scanner.extract._flow import Flow
from scanner.model.content import Kind, Segment

_APP = frozenset({"Company", "Manager", "Template", "HyperlinkBase", "lpstr"})


class AnyText:
    """Collects the text of elements, and the values of attributes where `attributes` is set.

    `app` keeps only what a person entered of an application's properties.
    """

    def __init__(
        self, locator: str = "", kind: Kind = Kind.BODY, attributes: bool = False, app: bool = False
    ) -> None:
        self.out: list[Segment] = []
        self._flow = Flow(self.out, locator, kind)
        self._attributes = attributes
        self._app = app
        self._parts: list[str] = []

    def start(self, tag: str, attrib: dict[str, str]) -> None:
        """An element begins: what stood before it is a line of its own."""
        self._line()
        if self._attributes:
            told = [value for value in attrib.values() if len(value) > 1 and not value.isdigit()]
            if told:
                self._flow.add(" ".join(told))
        elif not self._app:
            for name in ("alt", "title", "descr", "string"):
                if value := attrib.get(name):
                    self._flow.add(value)

    def end(self, tag: str) -> None:
        """An element ends."""
        if self._app and tag not in _APP:
            self._parts.clear()
        self._line()

    def data(self, text: str) -> None:
        """Text of the element."""
        self._parts.append(text)

    def _line(self) -> None:
        if self._parts:
            text = "".join(self._parts).strip()
            self._parts.clear()
            if text:
                self._flow.add(text)

    def finish(self) -> None:
        """Give out what is left."""
        self._line()
        self._flow.flush()

    def take(self) -> Iterator[Segment]:
        """The segments finished so far."""
        ready, self.out[:] = list(self.out), []
        yield from ready
