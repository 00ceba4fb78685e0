"""The validators that recogniser files may name: True sure, False no, None neither."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable

from scanner.columns.checks import birth_date, credit_code, iban, luhn, resident_id

Validator = Callable[[str], bool | None]

_NOT_DIGIT = re.compile(r"\D+")
_EXTENSION = re.compile(r"[xX]|[eE][xX][tT]|#")
_GROUPS = re.compile(r"\d+")
_DATE = re.compile(
    r"(?:19|20)\d{2}[-./ ](?:0?[1-9]|1[0-2])[-./ ](?:0?[1-9]|[12]\d|3[01])"
    r"|(?:0?[1-9]|[12]\d|3[01])[-./ ](?:0?[1-9]|[12]\d|3[01])[-./ ](?:19|20)\d{2}"
    r"|(?:1[89]|20)\d{2}[-./ ](?:1[89]|20)\d{2}"
)
_IBAN_LENGTHS = {
    country: length
    for length, countries in {
        15: "NO",
        16: "BE",
        18: "DK FI FO GL NL SD",
        19: "MK SI",
        20: "AT BA EE KZ LT LU MN XK",
        21: "CH HR LI LV",
        22: "BG BH CR DE GB GE IE ME RS VA",
        23: "AE GI IL IQ OM SO TL",
        24: "AD CZ ES MD PK RO SA SE SK TN VG",
        25: "LY PT ST",
        26: "IS TR",
        27: "BI DJ FR GR IT MC MR SM",
        28: "AL AZ BY CY DO GT HU LB NI PL SV",
        29: "BR EG PS QA UA",
        30: "JO KW MU YE",
        31: "MT SC",
        32: "LC",
        33: "RU",
    }.items()
    for country in countries.split()
}
# Lengths of the payment networks' numbers by their first digits.
_CARD_RANGES = (
    (("4",), {13, 16, 19}),
    (("51", "52", "53", "54", "55"), {16}),
    (tuple(str(n) for n in range(2221, 2721)), {16}),
    (("34", "37"), {15}),
    (("6011", "65", *(str(n) for n in range(644, 650))), {16, 17, 18, 19}),
    (("300", "301", "302", "303", "304", "305", "309"), {14, 16, 17, 18, 19}),
    (("36", "38", "39"), {14, 16, 17, 18, 19}),
    (("35",), {16, 17, 18, 19}),
    (("2131", "1800"), {15}),
    (("62",), {16, 17, 18, 19}),
    (
        tuple("5018 5020 5038 56 57 58 6304 6390 0604 6759 6761 6762 6763".split()),  # noqa: SIM905
        set(range(12, 20)),
    ),
)
_HK_SPACE = 36
_AREA = re.compile(
    r"0(?:10|2[0-57-9]|[3-5][1-9]\d|63[1-5]|66[0238]|69[12]"
    r"|7(?:[1-9]\d|01)|8[1-9]\d|9(?:[1-9]\d|0[1-9]))"
)


_CARD_LENGTHS: dict[str, frozenset[int]] = {
    prefix: frozenset(lengths) for prefixes, lengths in _CARD_RANGES for prefix in prefixes
}


def _digits(text: str) -> str:
    """The digits of a text, those of other scripts as ASCII."""
    digits = _NOT_DIGIT.sub("", text)
    return digits if digits.isascii() else "".join(str(int(char)) for char in digits)


def card(text: str) -> bool:
    """A payment card: a network's prefix and length, and the Luhn check."""
    digits = text if text.isascii() and text.isdigit() else _digits(text)
    length = len(digits)
    return luhn(digits) and any(
        length in _CARD_LENGTHS.get(digits[:count], ()) for count in (1, 2, 3, 4)
    )


def union_card(text: str) -> bool:
    """A card of the Chinese network: 62, sixteen to nineteen digits, Luhn; no resident id."""
    digits = _digits(text)
    return 16 <= len(digits) <= 19 and luhn(digits) and not resident_id(digits)


def chinese_resident(text: str) -> bool:
    """A resident id, with blanks and dashes or without."""
    return resident_id(text.replace(" ", "").replace("-", ""))


def unified_code(text: str) -> bool:
    """A unified social credit code that is no resident id."""
    compact = text.replace(" ", "").replace("-", "").upper()
    return credit_code(compact) and not resident_id(compact)


def bank_iban(text: str) -> bool:
    """An IBAN: its country's length and mod 97."""
    compact = text.replace(" ", "").replace("-", "").upper()
    return _IBAN_LENGTHS.get(compact[:2]) == len(compact) and iban(compact)


def email(text: str) -> bool | None:
    """False for names of picture and code files, and for points in wrong places."""
    local, _, domain = text.rpartition("@")
    last = domain.rpartition(".")[2].lower()
    if last in {
        "png",
        "jpg",
        "jpeg",
        "gif",
        "svg",
        "webp",
        "js",
        "css",
        "min",
        "bmp",
        "ico",
        "mp4",
    }:
        return False
    if not last.isalpha() and not last.startswith("xn--"):
        return False
    return None if 0 < len(local) <= 64 else False


def ip(text: str) -> bool | None:
    """False where the text is no address of either version."""
    plain = text.partition("%")[0] if "/" not in text else text
    try:
        if "/" in plain:
            ipaddress.ip_interface(plain)
        else:
            ipaddress.ip_address(plain)
    except ValueError:
        return False
    if ":" in plain and len(_NOT_HEX.sub("", plain)) < 2:
        return None if plain.startswith("::1") else False
    return None


_NOT_HEX = re.compile(r"[^0-9A-Fa-f]")


def plausible_phone(text: str) -> bool | None:
    """False for dates, for spans of years, and for too few or too many or all equal digits."""
    head = text
    if "x" in text or "X" in text or "#" in text:
        mark = _EXTENSION.search(text)
        head = text[: mark.start()] if mark else text
    groups = _GROUPS.findall(head)
    digits = "".join(groups)
    length = len(digits)
    if not 7 <= length <= 15 or digits.count(digits[0]) == length:
        return False
    if length <= 8 and (
        _DATE.fullmatch(head.strip()) or (len(groups) == 1 and length == 8 and birth_date(digits))
    ):
        return False
    if len(groups) < 3:
        return None
    lengths = list(map(len, groups))
    if lengths == [3, 2, 4] and head[0] != "+":
        return False  # the layout of a social security number
    if max(lengths) == 1:
        return False
    if "." in head and len(groups) == 4 and all(int(group) < 256 for group in groups):
        return None if groups[0].startswith("0") else False
    return None


def chinese_landline(text: str) -> bool | None:
    """False where the area code is none or the number has a wrong length."""
    head = re.split(r"转|分机|ext|x|#|\*", text, maxsplit=1, flags=re.IGNORECASE)[0]
    digits = _NOT_DIGIT.sub("", head.removeprefix("+86").removeprefix("0086"))
    if digits.startswith("86") and len(digits) > 11:
        digits = digits[2:]
    if not digits.startswith("0"):
        if len(digits) == 8:
            return None
        digits = "0" + digits
    area = 3 if digits[1] in "12" else 4
    if not _AREA.match(digits):
        return False
    number = digits[area:]
    if len(number) > 8 and "-" in head:
        number = number[:8]
    return None if len(number) in (7, 8) and number[0] not in "01" else False


def plate(text: str) -> bool | None:
    """False where fewer than three digits stand in the plate."""
    return None if sum(map(str.isdigit, text)) >= 3 else False


def hk_id(text: str) -> bool:
    """A Hong Kong identity card number by its check digit."""
    signs = [char for char in text if char.isalnum()]
    letters = "".join(char for char in signs[:-1] if char.isalpha())
    digits = "".join(char for char in signs[:-1] if char.isdigit())
    values = [_HK_SPACE] * (2 - len(letters)) + [ord(char) - 55 for char in letters]
    values += [int(char) for char in digits]
    total = sum(weight * value for weight, value in zip(range(9, 1, -1), values, strict=True))
    check = (11 - total % 11) % 11
    return signs[-1].upper() == ("A" if check == 10 else str(check))


_TW_LETTERS = "ABCDEFGHJKLMNPQRSTUVXYWZIO"


def tw_id(text: str) -> bool:
    """A Taiwan identity number by its check digit."""
    area = _TW_LETTERS.index(text[0].upper()) + 10
    digits = [area // 10, area % 10, *map(int, text[1:])]
    weights = (1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1)
    return sum(w * d for w, d in zip(weights, digits, strict=True)) % 10 == 0


def luhn_digits(text: str) -> bool:
    """The digits of the text pass the Luhn check."""
    return luhn(_digits(text))


VALIDATORS: dict[str, Validator] = {
    "card": card,
    "union_card": union_card,
    "resident_id": chinese_resident,
    "credit_code": unified_code,
    "iban": bank_iban,
    "email": email,
    "ip": ip,
    "plausible_phone": plausible_phone,
    "cn_landline": chinese_landline,
    "plate": plate,
    "hk_id": hk_id,
    "tw_id": tw_id,
    "luhn": luhn_digits,
}
