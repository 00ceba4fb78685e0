"""XML parts pushed through a guarded parser, piece by piece."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from lxml import etree

from scanner.extract._charset import guess
from scanner.model.errors import Unread

_FATAL = etree.ErrorLevels.FATAL
# Errors after which the text is still whole.
_HARMLESS = frozenset({"NS_ERR_UNDEFINED_NAMESPACE", "ERR_DOCUMENT_EMPTY"})
_DEEPEST = 2000  # elements inside each other
_DOCTYPE = re.compile(rb"<!DOCTYPE[^\[>]*(\[.*?\]\s*)?>", re.DOTALL)
_DECLARED = re.compile(rb"^\s*<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9_.:-]+)[\"'][^>]*\?>")


class Target(Protocol):
    """What is told of elements and text; names come without their name space."""

    def start(self, tag: str, attrib: dict[str, str]) -> None:
        """An element begins."""

    def end(self, tag: str) -> None:
        """An element ends."""

    def data(self, text: str) -> None:
        """Text."""


# Elements that only say how something looks; no target keeps anything of them.
DULL = frozenset((
    "rPr", "pPr", "tcPr", "trPr", "tblPr", "tblGrid", "gridCol", "tcW", "tblW", "tblLook",
    "tblStyle", "rFonts", "sz", "szCs", "lang", "color", "rStyle", "pStyle", "spacing", "ind",
    "jc", "b", "bCs", "i", "iCs", "u", "shd", "tcBorders", "tblBorders", "top", "left",
    "bottom", "right", "insideH", "insideV", "vAlign", "noProof", "proofErr", "bookmarkEnd",
    "lastRenderedPageBreak", "sectPr", "pgSz", "pgMar", "cols", "docGrid", "endParaRPr",
    "lstStyle", "bodyPr", "latin", "ea", "cs", "solidFill", "srgbClr", "schemeClr", "prstGeom",
    "avLst", "xfrm", "off", "ext", "chOff", "chExt", "nvPr", "nvSpPr", "cNvSpPr", "spPr", "ln",
    "noFill", "spLocks", "defRPr", "lnSpc", "spcBef", "spcPct", "buNone", "buFont", "buChar",
    "extLst", "lumMod", "lumOff", "gd", "pathLst", "lnTo", "text-properties",
    "paragraph-properties", "font-face", "table-column",
))  # fmt: skip


class _Bridge:
    """Between lxml and a target: local names only, comments left out unless wanted."""

    def __init__(self, target: Target) -> None:
        self._start = target.start
        self._end = target.end
        self.data = target.data
        comment = getattr(target, "comment", None)
        self.comment = comment if comment is not None else _nothing
        self._dull: frozenset[str] = getattr(target, "DULL", frozenset())
        self._names: dict[str, str] = {}
        self._depth = 0

    def _name(self, tag: str) -> str:
        name = tag[tag.rfind("}") + 1 :]
        if len(self._names) < 5000:
            self._names[tag] = "" if name in self._dull else name
        return "" if name in self._dull else name

    def start(self, tag: str, attrib: dict[str, str]) -> None:
        """An element begins."""
        name = self._names.get(tag)
        if name is None:
            name = self._name(tag)
        if name:
            self._depth += 1
            if self._depth > _DEEPEST:
                raise Unread("limit:depth", "elements nest too deep")
            self._start(name, attrib)

    def end(self, tag: str) -> None:
        """An element ends."""
        name = self._names.get(tag)
        if name is None:
            name = self._name(tag)
        if name:
            self._depth -= 1
            self._end(name)

    def pi(self, target: str, data: str | None = None) -> None:
        """An instruction: nothing of it is followed."""

    def close(self) -> None:
        """The end."""


def _nothing(text: str) -> None:
    """For comments nobody wants."""


def feed(chunks: Iterable[bytes], target: Target) -> Iterator[None]:
    """Pushes chunks into the target; yields after each, so that its findings can be given out.

    No entity is expanded but the five of XML, no file or address opened. Malformed parts are read
    on as far as they can be; Unread("damaged") is raised at the end, Unread("limit:depth") where
    elements nest too deep.
    """
    bridge: Any = _Bridge(target)
    parser = etree.XMLParser(
        target=bridge,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        recover=True,
        remove_pis=True,
    )
    first = True
    stopped: Unread | None = None
    steps = iter(chunks)
    while True:
        try:
            chunk = next(steps, None)
        except Unread as error:
            stopped, chunk = error, None
        if chunk is None:
            break
        if first:
            chunk = _without_doctype(chunk)
            first = False
        try:
            parser.feed(chunk)
        except etree.XMLSyntaxError:
            break
        yield
    _close(parser, first)
    yield
    if stopped is not None:
        raise stopped
    _judge(parser)


def _close(parser: etree.XMLParser, empty: bool) -> None:
    if not empty:
        try:
            parser.close()
        except (etree.XMLSyntaxError, AssertionError):
            return


def _judge(parser: etree.XMLParser) -> None:
    entries = list(parser.feed_error_log) + list(parser.error_log)
    for entry in entries:
        name = entry.type_name
        if name not in _HARMLESS and entry.level == _FATAL:
            raise Unread("damaged", f"XML line {entry.line}")


def _without_doctype(chunk: bytes) -> bytes:
    """The first chunk without document type and with an encoding lxml knows."""
    if b"<!DOCTYPE" in chunk:
        chunk = _DOCTYPE.sub(b"", chunk, count=1)
    return chunk


def utf8(data: bytes) -> bytes:
    """A whole XML document as UTF-8, whatever encoding it says or has."""
    declared = _DECLARED.match(data.removeprefix(b"\xef\xbb\xbf"))
    found = guess(data[:65536], declared.group(1).decode("ascii") if declared else "")
    encoding = found.encoding if found else "utf-8"
    if encoding in ("utf-8", "utf-8-sig"):
        return data
    text = data.decode(encoding, "replace")
    text = re.sub(r"^\s*<\?xml[^>]*\?>", "", text.removeprefix("\ufeff"))
    return text.encode("utf-8", "replace")
