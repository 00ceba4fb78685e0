"""Writes fold_table.bin, the table behind the normal form; run by a developer, never by a user.

    pip install opencc && python -m scanner.text.make_table

Facts in it come from the Unicode character database (through unicodedata: compatibility forms,
case folding, marks, digits) and, for one traditional character to one simplified one, from the
character table of OpenCC (Apache-2.0). The file is fixed, so an index made under one Python is
read under another.

Layout, little-endian: "LSFT", u32 pages, u32 pool length, u16 page number for each 128 code
points up to 0x110000, u32 entries of each page, u32 pool of code points. An entry is
class << 24 | payload: KEEP the character itself; SEP a separator, payload the ASCII character that
it counts as; DROP leaves nothing; ONE becomes the code point in payload; SEQ becomes payload & 31
code points from the pool at payload >> 5.
"""

from __future__ import annotations

import struct
import unicodedata
from pathlib import Path

KEEP, SEP, DROP, ONE, SEQ = range(5)
TABLE = Path(__file__).with_name("fold_table.bin")
_ITERATION_MARKS = {0x3005, 0x303B}
_ZERO = {0x3007: 0x96F6}


def _simplified() -> dict[int, int]:
    import opencc  # type: ignore[import-not-found,unused-ignore]

    convert = opencc.OpenCC("t2s").convert
    pairs = {}
    for cp in [*range(0x3400, 0x4DC0), *range(0x4E00, 0xA000)]:
        told = convert(chr(cp))
        if len(told) == 1 and told != chr(cp) and 0x3400 <= ord(told) < 0xA000:
            pairs[cp] = ord(told)
    for cp, to in list(pairs.items()):
        while to in pairs and pairs[to] != to:
            to = pairs[to]
        pairs[cp] = to
    return {cp: to for cp, to in pairs.items() if cp != to}


def _separator(cp: int) -> int:
    """The ASCII character that a separator counts as."""
    char = chr(cp)
    category = unicodedata.category(char)
    if category == "Pd" or cp == 0x2212:
        return ord("-")
    if category in {"Zs", "Zl", "Zp", "Cc"}:
        return ord(" ")
    plain = unicodedata.normalize("NFKD", char)
    return ord(plain) if len(plain) == 1 and plain.isascii() else ord(",")


def _flat(cp: int, simple: dict[int, int]) -> list[int]:
    """The code points that a character becomes; separators as ASCII characters."""
    if cp < 0x80:
        return [ord(chr(cp).lower())]
    char = chr(cp)
    category = unicodedata.category(char)
    if category in {"Cf", "Mn", "Me"} or cp in _ITERATION_MARKS or 0xE0000 <= cp < 0xE1000:
        return []
    if cp in _ZERO or cp in simple:
        return [_ZERO.get(cp) or simple[cp]]
    if category == "Nd":
        return [0x30 + unicodedata.digit(char)]
    if not 0xAC00 <= cp <= 0xD7A3:
        plain = unicodedata.normalize("NFKD", char).casefold()
        plain = unicodedata.normalize("NFKD", plain)
        if plain != char:
            return [to for part in plain for to in _flat(ord(part), simple)]
    if 0x3021 <= cp <= 0x3029:
        return [0x30 + cp - 0x3020]
    if cp == 0x303C:
        return [ord(",")]
    if 0x4000 <= cp < 0xA000:
        return [cp]
    if category[0] in "LN" or category == "Mc" or 0x20000 <= cp < 0x3FFFE:
        return [cp]
    return [_separator(cp)]


def entries() -> tuple[list[int], list[int]]:
    """The entry of every code point, and the pool."""
    simple = _simplified()
    pool: list[int] = []
    table = []
    for cp in range(0x110000):
        told = _flat(cp, simple)[:31]
        if not told:
            table.append(DROP << 24)
        elif told == [cp] and cp >= 0x80:
            table.append(KEEP << 24 | cp)
        elif len(told) == 1:
            alnum = told[0] >= 0x80 or chr(told[0]).isalnum()
            table.append((ONE if alnum else SEP) << 24 | told[0])
        else:
            table.append(SEQ << 24 | len(pool) << 5 | len(told))
            pool.extend(told)
    return table, pool


def main() -> None:
    """Write the table beside this module."""
    table, pool = entries()
    pages: dict[tuple[int, ...], int] = {}
    numbers = [
        # KEEP entries are written without their code point so that equal pages are shared
        pages.setdefault(
            tuple(0 if e >> 24 == KEEP else e for e in table[start : start + 128]), len(pages)
        )
        for start in range(0, 0x110000, 128)
    ]
    flat = [entry for page in pages for entry in page]
    out = b"LSFT" + struct.pack("<II", len(pages), len(pool))
    out += struct.pack(f"<{len(numbers)}H", *numbers)
    out += struct.pack(f"<{len(flat)}I", *flat) + struct.pack(f"<{len(pool)}I", *pool)
    TABLE.write_bytes(out)


if __name__ == "__main__":
    main()
