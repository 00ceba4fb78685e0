"""One byte for each character: ASCII stays, other characters become the class they belong to.

Gates read this form of a text, so a place in it is a place in the text, and a run of Han
characters can never look like digits. The classes are those of the `regex` library, asked once.
"""

from __future__ import annotations

from functools import cache

import numpy as np

WORD, OTHER, DIGIT, SPACE, FOLDS = 0x80, 0x81, 0x82, 0x83, 0x84
# Characters that our recognisers name have a byte of their own, so that running Chinese does not
# look like a number plate or a label. All of them are letters.
_OWN = (
    "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使领挂学警港澳"
    "微信号码扣是为转分机"
)
OWN = frozenset(range(0x90, 0x90 + len(_OWN)))
HIGH = frozenset({WORD, OTHER, DIGIT, SPACE, FOLDS}) | OWN
_SURROGATES = (0xD800, 0xE000)
_CHARACTERS = 0x110000


@cache
def table() -> np.ndarray:
    """The byte of every code point, uint8."""
    import regex

    classes = np.full(_CHARACTERS, OTHER, dtype=np.uint8)
    classes[:128] = np.arange(128)
    for first, last in ((128, _SURROGATES[0]), (_SURROGATES[1], _CHARACTERS)):
        text = "".join(map(chr, range(first, last)))
        for expression, value in (
            (r"\w+", WORD),
            (r"\s+", SPACE),
            (r"\d+", DIGIT),
            (r"(?i)[a-z]+", FOLDS),
        ):
            for match in regex.compile(expression).finditer(text):
                classes[first + match.start() : first + match.end()] = value
    for place, char in enumerate(_OWN):
        classes[ord(char)] = 0x90 + place
    classes.setflags(write=False)
    return classes


def in_plane(text: str) -> bool:
    """True where all characters are in the Basic Multilingual Plane."""
    return text.isascii() or len(text.encode("utf-16-le", "surrogatepass")) == 2 * len(text)


def class_bytes(text: str) -> bytes:
    """The text with one byte for each character."""
    if text.isascii():
        return text.encode("ascii")
    try:
        return text.encode("latin-1").translate(_latin())
    except UnicodeEncodeError:
        pass
    coded, kind = text.encode("utf-16-le", "surrogatepass"), "<u2"
    if len(coded) != 2 * len(text):
        coded, kind = text.encode("utf-32-le", "surrogatepass"), "<u4"
    classes: bytes = table()[np.frombuffer(coded, dtype=kind)].tobytes()
    return classes


@cache
def _latin() -> bytes:
    return bytes(table()[:256])


def classes_of(first: int, last: int) -> frozenset[int]:
    """The bytes that the code points of a range have."""
    if last < 128:
        return frozenset(range(first, last + 1))
    return frozenset(int(value) for value in np.unique(table()[first : last + 1]))
