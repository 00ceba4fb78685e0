"""Word 2003 in XML: the text as of a Word document, properties and objects beside it."""

from __future__ import annotations

import base64
import binascii
from functools import partial
from io import BytesIO

from scanner.extract._flow import Flow
from scanner.extract._word import Word
from scanner.model.content import Child, Kind, Piece, Segment

_PROPERTIES = frozenset({"DocumentProperties", "CustomDocumentProperties"})


class Word2003:
    """Target for a whole document; pieces gather in `out`."""

    def __init__(self) -> None:
        self.out: list[Piece] = []
        self._word = Word()
        self._made: list[Segment] = []
        self._properties = Flow(self._made, "properties", Kind.META)
        self._inside = 0
        self._text: list[str] = []
        self._data: list[str] | None = None
        self._count = 0

    def start(self, tag: str, attrib: dict[str, str]) -> None:
        """An element begins."""
        if self._inside or tag in _PROPERTIES:
            self._inside += 1
            self._text = []
        elif tag in ("binData", "docOleData"):
            self._data = []
        else:
            self._word.start(tag, attrib)

    def end(self, tag: str) -> None:
        """An element ends."""
        if self._inside:
            self._inside -= 1
            if text := "".join(self._text).strip():
                self._properties.add(text)
            self._text = []
        elif tag in ("binData", "docOleData"):
            self._object()
        else:
            self._word.end(tag)
            if self._word.out:
                self.out += self._word.take()

    def data(self, text: str) -> None:
        """Text."""
        if self._inside:
            self._text.append(text)
        elif self._data is not None:
            self._data.append(text)
        else:
            self._word.data(text)

    def _object(self) -> None:
        data, self._data = "".join(self._data or []), None
        try:
            body = base64.b64decode(data)
        except (binascii.Error, ValueError):
            return
        if body:
            self._count += 1
            self.out.append(Child(f"object {self._count}", partial(BytesIO, body), len(body)))

    def finish(self) -> None:
        """Give out everything that is left."""
        self._word.finish()
        self.out += self._word.take()
        self._properties.flush()
        self.out += self._made
        self._made.clear()
