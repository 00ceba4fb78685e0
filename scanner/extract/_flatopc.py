"""A package of parts written into one XML file."""

from __future__ import annotations

import base64
import binascii
from functools import partial
from io import BytesIO
from typing import Any

from scanner.extract import _macro
from scanner.extract._drawing import Drawing
from scanner.extract._markup import AnyText
from scanner.extract._opc import NOISE
from scanner.extract._word import Word
from scanner.model.content import Child, Kind, Piece

_PLACES = ("header", "footer", "footnotes", "endnotes", "comments")


class FlatPackage:
    """Target that gives each part to the target of its kind; pieces gather in `out`."""

    def __init__(self) -> None:
        self.out: list[Piece] = []
        self._name = ""
        self._part: Any = None
        self._inside = False
        self._data: list[str] | None = None

    def start(self, tag: str, attrib: dict[str, str]) -> None:
        """An element begins."""
        if self._inside:
            if self._part is not None:
                self._part.start(tag, attrib)
            elif attrib.get("TargetMode") == "External":
                target = AnyText("links", Kind.META)
                target.data(attrib.get("Target", ""))
                target.finish()
                self.out += target.take()
        elif tag == "part":
            names = [value for key, value in attrib.items() if key.endswith("}name")]
            self._name = names[0].lower().lstrip("/") if names else ""
        elif tag == "xmlData":
            self._inside = True
            self._part = _target(self._name)
        elif tag == "binaryData":
            self._data = []

    def end(self, tag: str) -> None:
        """An element ends."""
        if tag == "xmlData":
            self._end_part()
        elif tag == "binaryData":
            self._object()
        elif self._part is not None:
            self._part.end(tag)
            if self._part.out:
                self.out += self._part.take()

    def data(self, text: str) -> None:
        """Text."""
        if self._data is not None:
            self._data.append(text)
        elif self._part is not None:
            self._part.data(text)

    def _end_part(self) -> None:
        if self._part is not None:
            self._part.finish()
            self.out += self._part.take()
        self._part = None
        self._inside = False

    def _object(self) -> None:
        data, self._data = "".join(self._data or []), None
        try:
            body = base64.b64decode(data)
        except (binascii.Error, ValueError):
            return
        if self._name.endswith("vbaproject.bin"):
            self.out += _macro.of_project(body)
        elif body and not NOISE.search(self._name):
            self.out.append(Child(self._name, partial(BytesIO, body), len(body)))

    def finish(self) -> None:
        """Give out everything that is left."""
        self._end_part()


def _target(name: str) -> Any:
    """The target for a part, None for one that holds no writing."""
    base = name.rpartition("/")[2]
    if name.endswith(".rels"):
        return None
    if name.startswith("docprops/"):
        return AnyText("properties", Kind.META, app="app" in base)
    if name.startswith("word/") and base.startswith(("document", *_PLACES, "settings")):
        label = next((place for place in _PLACES if base.startswith(place)), "")
        return Word(label, Kind.HIDDEN if label == "comments" else Kind.BODY)
    if NOISE.search(name):
        return None
    if any(part in name for part in ("/charts/", "/diagrams/", "/drawings/", "ppt/")):
        return Drawing(base.removesuffix(".xml"), chart="/charts/" in name)
    return AnyText(name, Kind.HIDDEN)
