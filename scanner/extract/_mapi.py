"""Messages as Outlook stores them: bags of numbered properties, and compressed RTF."""

from __future__ import annotations

import codecs
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from scanner.extract._inline import inline
from scanner.extract._mailtext import decode
from scanner.extract.base import Budget
from scanner.model.content import Gap, Kind, Piece, Segment

STRING8, UNICODE, BINARY = 0x1E, 0x1F, 0x102
_SUBJECT, _BODY, _HTML, _RTF, _HEADERS, _CLASS = 0x37, 0x1000, 0x1013, 0x1009, 0x7D, 0x1A
_FROM = (0xC1A, 0xC1F, 0x5D01, 0x42, 0x65, 0x5D02)
_TO = {"To": (0xE04,), "Cc": (0xE03,), "Bcc": (0xE02,), "Reply-To": (0x50,)}
_PERSON = (0x3001, 0x3003, 0x39FE, 0x5FF6, 0x3A20)
_DULL = frozenset(
    (0x1A, 0x3FFD, 0xE1D, 0x70, 0x3D, 0x3002, 0xC1E, 0x64, 0x75, 0x77, 0x3703, 0x370E, 0x3712,
     0x1035, 0x1042, 0x40, 0x3F, 0x5FF7)
)  # fmt: skip
_PAGES = {936: "gb18030", 950: "big5hkscs", 932: "cp932", 949: "cp949", 20127: "ascii",
          28591: "latin-1", 28592: "iso8859-2", 50220: "iso2022-jp", 51932: "euc-jp",
          54936: "gb18030", 65000: "utf-7", 65001: "utf-8", 20866: "koi8-r", 10000: "mac-roman",
          10008: "gb18030", 52936: "hz", 51949: "euc-kr"}  # fmt: skip


def page(number: int) -> str:
    """The name of a Windows code page, empty where it is unknown."""
    name = _PAGES.get(number, f"cp{number}")
    try:
        codecs.lookup(name)
    except LookupError:
        return ""
    return name


def fixed_values(data: bytes) -> dict[int, int]:
    """The numbers among the entries of a property stream."""
    found = {}
    for at in range(0, len(data) - 15, 16):
        kind, number = struct.unpack_from("<HH", data, at)
        if kind in (2, 3, 0x0B):
            found[number] = struct.unpack_from("<I", data, at + 8)[0]
    return found


@dataclass(slots=True)
class Bag:
    """Properties: number to type and bytes."""

    values: dict[int, tuple[int, bytes]] = field(repr=False)
    numbers: dict[int, int] = field(default_factory=dict, repr=False)
    codepage: str = ""

    def __post_init__(self) -> None:
        told = self.numbers.get(0x3FFD) or self.numbers.get(0x3FDE)
        if told:
            self.codepage = page(told)

    def raw(self, number: int) -> bytes:
        """The bytes of a property."""
        return self.values.get(number, (0, b""))[1]

    def text(self, number: int) -> str:
        """A property as text; empty where it is none."""
        kind, data = self.values.get(number, (0, b""))
        if kind & 0xFFF == UNICODE:
            return data.decode("utf-16-le", "replace").rstrip("\0")
        if kind & 0xFFF == STRING8:
            return decode(data.rstrip(b"\0"), self.codepage)
        return ""

    def texts(self, numbers: tuple[int, ...]) -> list[str]:
        """Several properties that are there, without repetitions."""
        found = (self.text(number).strip() for number in numbers)
        return list(dict.fromkeys(one for one in found if one))


def pieces(bag: Bag, people: list[Bag], locator: str, budget: Budget) -> Iterator[Piece]:
    """Headers and bodies of a message."""
    lead = f"{locator} " if locator else ""
    shown: set[int] = {_SUBJECT, _BODY, _HTML, _RTF, _HEADERS, 0xE1D, 0x70}
    subject = bag.text(_SUBJECT)
    if subject[:1] == "\x01":  # a mark, and the length of a prefix such as "Re: "
        subject = subject[2:]
    if subject:
        yield Segment(subject, f"{lead}header Subject", Kind.META)
    if senders := bag.texts(_FROM):
        yield Segment("\n".join(senders), f"{lead}header From", Kind.META)
    for name, numbers in _TO.items():
        if told := bag.texts(numbers):
            yield Segment("\n".join(told), f"{lead}header {name}", Kind.META)
        shown.update(numbers)
    shown.update(_FROM)
    lines = ["\t".join(person.texts(_PERSON)) for person in people]
    if any(lines):
        yield Segment("\n".join(lines), f"{lead}recipients", Kind.META)
    if headers := bag.text(_HEADERS):
        yield Segment(headers.replace("\r\n", "\n"), f"{lead}headers", Kind.META)
    yield from _bodies(bag, lead, budget)
    yield from rest(bag, f"{lead}properties", frozenset(shown))


def _bodies(bag: Bag, lead: str, budget: Budget) -> Iterator[Piece]:
    body = bag.text(_BODY)
    if body.strip():
        yield Segment(body.replace("\r\n", "\n").replace("\r", "\n"), f"{lead}body")
        if "-----BEGIN PGP MESSAGE-----" in body:
            yield Gap("encrypted", f"{lead}body", "PGP")
    html = bag.raw(_HTML)
    if html:
        kind = bag.values[_HTML][0]
        text = bag.text(_HTML) if kind in (STRING8, UNICODE) else decode(html, bag.codepage)
        yield from inline(b"\xef\xbb\xbf" + text.encode(), "body.html", f"{lead}body", budget)
    packed = bag.raw(_RTF)
    if packed and not html:
        rtf = rtf_of(packed)
        if rtf is None:
            yield Gap("damaged", f"{lead}body", "its compressed RTF")
        elif not body.strip() or b"\\fromhtml" in rtf[:4096]:
            yield from inline(rtf, "body.rtf", f"{lead}body", budget)


def rest(bag: Bag, locator: str, shown: frozenset[int] = frozenset()) -> Iterator[Piece]:
    """Every other text property: of contacts, appointments, tasks, and the user's own."""
    numbers = (number for number in sorted(bag.values) if number not in shown | _DULL)
    if lines := [" ".join(one.split()) for one in bag.texts(tuple(numbers))]:
        contact = bag.text(_CLASS).lower().startswith("ipm.contact")
        yield Segment("\n".join(lines), locator, Kind.BODY if contact else Kind.META)


_DICTIONARY = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript "
    rb"\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0"
    b"\r\n"
    rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)


def rtf_of(packed: bytes) -> bytes | None:
    """The RTF in a compressed-RTF property; None where it is damaged from the start."""
    if len(packed) < 16:
        return None
    size, kind = struct.unpack_from("<I4s", packed, 4)
    if kind == b"MELA":
        return packed[16 : 16 + size]
    if kind != b"LZFu":
        return None
    ring = bytearray(4096)
    ring[: len(_DICTIONARY)] = _DICTIONARY
    place, at = len(_DICTIONARY), 16
    out = bytearray()
    while at < len(packed) and len(out) < size:
        flags = packed[at]
        at += 1
        for bit in range(8):
            if at >= len(packed):
                return bytes(out)
            if not flags >> bit & 1:
                piece = packed[at : at + 1]
                at += 1
            else:
                pair = int.from_bytes(packed[at : at + 2], "big")
                at += 2
                offset, length = pair >> 4, (pair & 15) + 2
                if offset == place:
                    return bytes(out)
                piece = _copy(ring, place, offset, length)
            for byte in piece:
                ring[place] = byte
                place = (place + 1) % 4096
            out += piece
    return bytes(out)


def _copy(ring: bytearray, place: int, offset: int, length: int) -> bytes:
    """A run out of the ring, which may overtake the place that is being written."""
    out = bytearray()
    for step in range(length):
        source = (offset + step) % 4096
        ahead = (source - place) % 4096
        out.append(out[ahead] if ahead < step else ring[source])
    return bytes(out)
