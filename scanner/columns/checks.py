"""Check digits: whether a number can be what it looks like. Pure functions over clean text."""

from __future__ import annotations

from operator import mul

_LUHN_DOUBLED = bytes.maketrans(b"0123456789", b"0246813579")
_RIC_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_RIC_ZEROS = ord("0") * sum(_RIC_WEIGHTS)
_RIC_CHECKS = "10X98765432"
_USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_VALUES = {letter: value for value, letter in enumerate(_USCC_ALPHABET)}
_USCC_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_IBAN_DIGITS = {
    letter: str(value) for value, letter in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")
}
_PROVINCES = frozenset(
    str(area)
    for first, last in (
        (11, 15),
        (21, 23),
        (31, 37),
        (41, 46),
        (50, 54),
        (61, 65),
        (71, 71),
        (81, 83),
    )
    for area in range(first, last + 1)
)
_MONTH_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def luhn(digits: str) -> bool:
    """True where the ASCII digits pass the Luhn check of payment cards."""
    if not (digits.isascii() and digits.isdigit()):
        return False
    data = digits.encode()
    total = sum(data[::-2]) + sum(data[-2::-2].translate(_LUHN_DOUBLED)) - 48 * len(data)
    return total % 10 == 0


def birth_date(text: str) -> bool:
    """True where the eight digits YYYYMMDD are a day between 1900 and 2099."""
    year, month, day = int(text[:4]), int(text[4:6]), int(text[6:8])
    if not (1900 <= year < 2100 and 1 <= month <= 12):
        return False
    if month == 2 and day == 29:
        return year % 4 == 0 and year != 1900
    return 1 <= day <= _MONTH_DAYS[month - 1]


def resident_id(text: str) -> bool:
    """True where the text is a Chinese resident id: 18 digits, the last one possibly X."""
    if len(text) != 18 or not text[:17].isascii() or not text[:17].isdigit():
        return False
    if text[:2] not in _PROVINCES or not birth_date(text[6:14]):
        return False
    total: int = sum(map(mul, _RIC_WEIGHTS, text[:17].encode())) - _RIC_ZEROS
    return text[17].upper() == _RIC_CHECKS[total % 11]


def credit_code(text: str) -> bool:
    """True where the text is a unified social credit code: 18 characters, its check passes."""
    text = text.upper()
    if len(text) != 18 or text[0] not in "123456789ANY":
        return False
    try:
        values = [_USCC_VALUES[char] for char in text]
    except KeyError:
        return False
    if not (text[2:8].isascii() and text[2:8].isdigit()):
        return False
    total: int = sum(map(mul, _USCC_WEIGHTS, values))
    return values[17] == (31 - total % 31) % 31


def iban(text: str) -> bool:
    """True where the text without blanks passes the mod-97 check of IBAN."""
    text = text.upper()
    if not (15 <= len(text) <= 34 and text.isascii() and text.isalnum()):
        return False
    moved = text[4:] + text[:4]
    return int("".join(map(_IBAN_DIGITS.__getitem__, moved))) % 97 == 1
