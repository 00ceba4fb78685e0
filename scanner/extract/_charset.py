"""The encoding of bytes that should be text, and how sure that is."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

SAMPLE = 65536
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"\x84\x31\x95\x33", "gb18030"),
)
_CONTROLS = bytes(set(range(32)) - {7, 8, 9, 10, 11, 12, 13, 26, 27}) + b"\x7f"
_PAIR = re.compile(rb"[\x81-\xfe][\x40-\x7e\x80-\xfe]|[\x81-\xfe][\x30-\x39][\x81-\xfe][\x30-\x39]")
_HIGH = re.compile(rb"[\x80-\xff]")
# The byte pairs that ordinary writing in each encoding is made of.
_ORDINARY = {
    "gb18030": re.compile(rb"[\xb0-\xd7][\xa1-\xfe]|\xa1[\xa1-\xfe]|\xa3[\xa1-\xfe]"),
    "big5hkscs": re.compile(rb"[\xa4-\xc6][\x40-\x7e\xa1-\xfe]|\xa1[\x40-\x7e\xa1-\xfe]"),
    "cp932": re.compile(
        rb"\x82[\x4f-\xf1]|\x83[\x40-\x96]|[\x88-\x97][\x40-\x7e\x80-\xfc]|\x81[\x40-\xac]"
    ),
    "euc_jp": re.compile(rb"[\xa4\xa5][\xa1-\xf6]|[\xb0-\xcf][\xa1-\xfe]|[\xa1\xa3][\xa1-\xfe]"),
    "cp949": re.compile(rb"[\xb0-\xc8][\xa1-\xfe]|[\xa1\xa3][\xa1-\xfe]"),
}
_UNITS = {
    "cp932": re.compile(rb"[\x81-\x9f\xe0-\xfc][\x40-\x7e\x80-\xfc]|[\xa1-\xdf]"),
}
_KANA = {
    "cp932": re.compile(rb"\x82[\x9f-\xf1]|\x83[\x40-\x96]"),
    "euc_jp": re.compile(rb"[\xa4\xa5][\xa1-\xf6]"),
}


@dataclass(frozen=True, slots=True)
class Guess:
    """An encoding; `sure` is False where another decoding should be tried beside it."""

    encoding: str
    sure: bool = True
    others: tuple[str, ...] = ()


def guess(sample: bytes, declared: str = "") -> Guess | None:
    """The encoding of text that begins with `sample`, None where it is no text.

    `declared` is what the document itself says; it is believed where the bytes bear it out.
    """
    for bom, encoding in _BOMS:
        if sample.startswith(bom):
            return Guess(encoding)
    if not sample:
        return Guess("utf-8")
    sample = sample.rstrip(b"\0") or sample  # room kept at the end of a file
    if wide := _wide(sample):
        return Guess(wide)
    thin = sample.replace(b"\0", b"")
    if len(thin) * 2 < len(sample) or controls(thin) * 50 > len(thin):
        return None
    if decodes(thin, "utf-8"):
        return _ascii(thin) or Guess("utf-8")
    return _legacy(thin, _known(declared))


def controls(data: bytes) -> int:
    """How many bytes are control characters that text does not hold."""
    return len(data) - len(data.translate(None, _CONTROLS))


def decodes(data: bytes, encoding: str) -> bool:
    """True where the bytes, perhaps cut in the middle of a character, are of that encoding."""
    try:
        codecs.getincrementaldecoder(encoding)().decode(data, False)
    except (UnicodeDecodeError, LookupError):
        return False
    return True


def _known(declared: str) -> str:
    try:
        name = codecs.lookup(declared.strip().strip("\"'")).name if declared else ""
    except (LookupError, ValueError):
        return ""
    return {"gb2312": "gb18030", "gbk": "gb18030", "big5": "big5hkscs", "shift_jis": "cp932",
            "euc_kr": "cp949", "iso8859-1": "cp1252", "ascii": ""}.get(name, name)  # fmt: skip


def _ascii(data: bytes) -> Guess | None:
    if not data.isascii():
        return None
    if b"\x1b$" in data and decodes(data, "iso2022_jp_ext"):
        return Guess("iso2022_jp_ext")
    if b"~{" in data and b"~}" in data and decodes(data, "hz"):
        return Guess("hz", False, ("utf-8",))
    return None


def _wide(sample: bytes) -> str:
    """UTF-16 or UTF-32 without a mark, told by the places of zero bytes or of Chinese pages."""
    even = sample[: len(sample) & ~3]
    if len(even) < 4:
        return ""
    zeros = [even[place::4].count(0) * 4 / len(even) for place in range(4)]
    if zeros[3] > 0.95 and zeros[2] > 0.8 and zeros[0] < 0.3 and _plausible(even, "utf-32-le"):
        return "utf-32-le"
    if zeros[0] > 0.95 and zeros[1] > 0.8 and zeros[3] < 0.3 and _plausible(even, "utf-32-be"):
        return "utf-32-be"
    for encoding, high in (("utf-16-le", 1), ("utf-16-be", 0)):
        share = _high_share(even[high::2])
        other = even[1 - high :: 2].count(0) * 2 / len(even)
        if share > 0.85 and other < 0.1 and _plausible(even, encoding):
            return encoding
    return ""


_PAGES = bytes([0, 0x30, 0xFF]) + bytes(range(0x4E, 0xA0))


def _high_share(high: bytes) -> float:
    """The share of upper bytes that are of Latin, Chinese or full-width characters."""
    return (len(high) - len(high.translate(None, _PAGES))) / max(len(high), 1)


def _plausible(data: bytes, encoding: str) -> bool:
    """True where the decoded text is made of letters, and not of ASCII read two by two."""
    if data.count(0) == 0 and (data.isascii() or decodes(data, "utf-8")):
        return False
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(data, False)
    except UnicodeDecodeError:
        return False
    if not text or sum(letter < " " and letter not in "\t\r\n\f" for letter in text) * 20 > len(
        text
    ):
        return False
    if data.count(0):
        return True
    gb = len(_ORDINARY["gb18030"].findall(data)) * 2
    ordinary = sum(
        "\u4e00" <= letter <= "\u9fa5" or letter in "\u3000\u3001\u3002\uff0c" for letter in text
    )
    return gb * 10 < len(data) * 7 and ordinary * 10 > len(text) * 9


def _score(data: bytes, encoding: str) -> float:
    """The share of ordinary pairs among all that are not ASCII; 0 where it does not decode."""
    if not decodes(data, encoding):
        return 0.0
    units = len(_UNITS.get(encoding, _PAIR).findall(data))
    return len(_ordinary(data, encoding)) / units if units else 0.0


def _ordinary(data: bytes, encoding: str) -> list[bytes]:
    """The ordinary pairs, found on the right byte boundaries."""
    unit = _UNITS.get(encoding, _PAIR)
    match = _ORDINARY[encoding].fullmatch
    return [pair for pair in unit.findall(data) if match(pair)]


def _legacy(data: bytes, declared: str) -> Guess | None:
    high = len(_HIGH.findall(data))
    if declared and declared != "utf-8" and decodes(data, declared):
        return Guess(declared, declared in _ORDINARY and _score(data, declared) > 0.6, ("gb18030",))
    asian = _asian(data)
    if asian and asian[0] >= 0.7:
        sure = asian[0] >= 0.85 and high >= 40
        others = () if asian[1] == "gb18030" else ("gb18030",)
        return Guess(asian[1], sure, others)
    if mostly_utf8(data):
        return Guess("utf-8", False, ())
    western = _western(data)
    if western is None:
        return None
    second = ["gb18030"] if decodes(data, "gb18030") else []
    second += ["cp1252"] if western != "cp1252" and _latin(western) else []
    return Guess(western, False, tuple(second))


def _latin(encoding: str) -> bool:
    """True for an encoding of Latin letters, which the one of Western Europe is taken for."""
    return encoding in {"cp1250", "cp1254", "cp1257", "cp1258"} or encoding.startswith("iso8859")


def _asian(data: bytes) -> tuple[float, str] | None:
    scores = {name: _score(data, name) for name in _ORDINARY}
    for name, kana in _KANA.items():
        units = len(_UNITS.get(name, _PAIR).findall(data))
        share = len([1 for pair in _UNITS.get(name, _PAIR).findall(data) if kana.fullmatch(pair)])
        if not units or share < units * 0.1:
            scores[name] *= 0.6
    pairs = _PAIR.findall(data)
    if pairs and scores["cp949"] > 0.97 and len(pairs) >= 8:
        scores["gb18030"] *= 0.9  # Korean stays within the first third of the Chinese rows
    best = max(scores.items(), key=lambda one: (one[1], one[0] == "gb18030"))
    return (best[1], best[0]) if best[1] else None


def mostly_utf8(data: bytes) -> bool:
    """True for UTF-8 with a few wrong bytes in it."""
    text = data.decode("utf-8", "replace")
    wrong = text.count("\ufffd")
    letters = sum(letter > "\x7f" for letter in text) - wrong
    return letters > wrong * 3


def _western(data: bytes) -> str | None:
    from charset_normalizer import from_bytes

    found = from_bytes(data[:16384], cp_isolation=None, threshold=0.3).best()
    if found is None:
        return "cp1252" if controls(data) * 200 < len(data) else None
    return "cp1252" if found.encoding in {"latin_1", "ascii", "utf_8"} else found.encoding
