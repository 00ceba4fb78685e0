"""From the value of a cell to the keys it is registered under, in plain Python.

What a value looks like decides its lane; the kind of its column only helps (a phone loses its
country code, a company its legal form). The native kernel follows this definition.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum

from scanner.model.rule import FieldKind
from scanner.text import windows as w
from scanner.text.fold import NUMERALS, fold_text
from scanner.text.keys import (
    LONGEST_WORD,
    Keys,
    Lane,
    number_hash,
    pair_hash,
    string_hash,
    window_hash,
    word_hash,
)

MAIL = re.compile(r"[a-z0-9][a-z0-9._%+\-']*@[a-z0-9-]+(?:\.[a-z0-9-]+){1,6}")
_DIGIT_CHARS = "0-9" + "".join(NUMERALS)
_PHONE_PART = re.compile(f"[+(]*[{_DIGIT_CHARS}](?:[ \\-.()+/]{{0,3}}[{_DIGIT_CHARS}])*")
_ONLY_NUMBER = re.compile(f"[{_DIGIT_CHARS} \\-.()+/]+")
LONGEST_CELL = 10_000  # characters of a cell that are looked at
_CODE = re.compile(r"[0-9a-z]+(?:[\-_/.][0-9a-z]+)*")
_JOINERS = re.compile(r"[\s\-._/]+")
_TO_ASCII = str.maketrans(NUMERALS)

CJK_TAILS = tuple(
    sorted(
        (
            "股份有限公司",
            "有限责任公司",
            "有限公司",
            "责任公司",
            "股份公司",
            "集团公司",
            "总公司",
            "分公司",
            "公司",
        ),
        key=len,
        reverse=True,
    )
)
CJK_GROUP = "集团"
LATIN_TAILS = frozenset(
    [
        "co",
        "company",
        "ltd",
        "limited",
        "inc",
        "incorporated",
        "corp",
        "corporation",
        "llc",
        "llp",
        "lp",
        "plc",
        "gmbh",
        "ag",
        "kg",
        "sa",
        "sas",
        "srl",
        "spa",
        "bv",
        "nv",
        "ab",
        "oy",
        "as",
        "pty",
        "pte",
        "kk",
        "sdn",
        "bhd",
    ]
)
SHORTEST_CORE, SHORTEST_NAME = 4, 5
PLACEHOLDERS = (
    "n a",
    "na",
    "none",
    "null",
    "nil",
    "nan",
    "无",
    "没有",
    "暂无",
    "未知",
    "不详",
    "未填",
    "空",
    "保密",
    "待定",
    "待补充",
    "其他",
    "其它",
    "unknown",
    "test",
    "tbd",
    "tba",
    "xxx",
    "xxxx",
    "not available",
    "not applicable",
    "test user",
    "测试",
    "测试用户",
    "匿名",
    "客户",
    "先生",
    "女士",
    "anonymous",
    "customer",
    "default",
    "undefined",
)
PLACEHOLDER_MAILS = (
    "test@test.com",
    "a@a.com",
    "test@example.com",
    "example@example.com",
    "none@none.com",
    "noreply@example.com",
    "no@email.com",
    "na@na.com",
    "user@example.com",
    "123@qq.com",
    "123456@qq.com",
)
PLACEHOLDER_NUMBERS = (
    "13800000000",
    "13800138000",
    "13000000000",
    "12345678",
    "123456789",
    "1234567890",
    "12345678901",
    "123456",
    "1234567",
    "18888888888",
    "13888888888",
    "13900000000",
    "123456789012345678",
    "110101199001011234",
)


class Skip(IntEnum):
    """Why a cell gave no key."""

    EMPTY = 0
    PLACEHOLDER = 1
    SHORT = 2


class AnchorKind(IntEnum):
    """What recognises that a window may begin."""

    PAIR = 0  # value: hash of the first two words; payload: lengths
    SINGLE = 1  # value: hash of the only word
    FIRST = 2  # value: code point of a first character that is no ASCII
    NUMBER = 3  # value: length << 16 | first four digits
    CODE = 4  # value: length << 16 | first two characters


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a value and the anchor that leads the scanner to it."""

    lane: Lane
    length: int
    hash: int
    anchor: AnchorKind
    anchor_value: int
    first: int = 0  # code point of the first character where it is no ASCII


def keys_of(value: str, kind: FieldKind, keys: Keys) -> list[Key] | Skip:
    """The keys of a cell, or why there are none."""
    folded = fold_text(value[:LONGEST_CELL])
    parts = w.WORD.findall(folded)
    if not parts:
        return Skip.EMPTY
    if " ".join(parts) in PLACEHOLDERS or "".join(parts) in PLACEHOLDERS:
        return Skip.PLACEHOLDER
    mails = MAIL.findall(folded)
    if mails and (kind is FieldKind.EMAIL or folded.strip(" <>") == mails[0]):
        told = [_mail(mail, keys) for mail in mails if mail not in PLACEHOLDER_MAILS]
        return told or Skip.PLACEHOLDER
    if kind is FieldKind.PHONE:
        return _phones(folded, keys)
    digits = _digits(folded)
    if _ONLY_NUMBER.fullmatch(folded) and (len(digits) >= 6 or re.search("[0-9]", folded)):
        return _numbers([digits], keys)
    if kind in {FieldKind.NATIONAL_ID, FieldKind.ACCOUNT}:
        code = _JOINERS.sub("", folded)
        if re.fullmatch(r"[1-9]\d{16}x", code):
            return [_number(code[:-1], True, keys)]
        if _is_code(code):
            return [_code(code, keys)]
    if _CODE.fullmatch(folded.strip()):
        code = _JOINERS.sub("", folded)
        if _is_code(code):
            return [_code(code, keys)]
    return _words(folded, parts, kind, keys)


def _is_code(code: str) -> bool:
    if not code.isascii() or not w.SHORTEST_CODE <= len(code) <= w.LONGEST_CODE:
        return False
    return bool(
        re.fullmatch(r"[0-9a-z]+", code) and re.search("[a-z]", code) and re.search("[0-9]", code)
    )


def _mail(mail: str, keys: Keys) -> Key:
    mail = mail.rstrip("-")
    return Key(Lane.MAIL, len(mail), string_hash(mail, Lane.MAIL, keys), AnchorKind.NUMBER, 0)


def _digits(text: str) -> str:
    return "".join(char for char in text.translate(_TO_ASCII) if char in "0123456789")


def _number(digits: str, tail: bool, keys: Keys) -> Key:
    length = len(digits) + 1 | 32 if tail else len(digits)
    return Key(
        Lane.NUMBER,
        length,
        number_hash(digits, tail, keys),
        AnchorKind.NUMBER,
        length << 16 | int(digits[:4]),
    )


def _numbers(found: list[str], keys: Keys) -> list[Key] | Skip:
    told, skip = [], Skip.SHORT
    for digits in found:
        bare = digits.lstrip("0")
        if not w.SHORTEST_NUMBER <= len(bare) <= w.LONGEST_NUMBER:
            continue
        if bare in PLACEHOLDER_NUMBERS or len(set(bare)) == 1:
            skip = Skip.PLACEHOLDER
            continue
        told.append(_number(bare, False, keys))
    return told or skip


def _phones(folded: str, keys: Keys) -> list[Key] | Skip:
    """Every phone number of a cell, each without country code and leading zeros."""
    found = []
    for part in _PHONE_PART.findall(folded):
        pieces = part.split("/")
        if len(pieces) > 1 and all(len(_digits(piece)) >= 7 for piece in pieces):
            found.extend(pieces)
        else:
            found.append(part)
    return _numbers([_national(part) for part in found], keys)


def _national(part: str) -> str:
    digits = _digits(part)
    bare = digits.lstrip("0")
    marked = part.lstrip("( ").startswith("+") or (digits.startswith("00") and len(bare) > 7)
    if marked:
        return bare[w.country_length(bare) :].lstrip("0")
    if len(bare) == 13 and bare.startswith("861"):
        return bare[2:]
    return bare


def _code(code: str, keys: Keys) -> Key:
    value = len(code) << 16 | ord(code[0]) << 8 | ord(code[1])
    return Key(Lane.CODE, len(code), string_hash(code, Lane.CODE, keys), AnchorKind.CODE, value)


def _words(folded: str, parts: list[str], kind: FieldKind, keys: Keys) -> list[Key] | Skip:
    if any(len(part) > LONGEST_WORD for part in parts):
        parts = parts[: [len(part) > LONGEST_WORD for part in parts].index(True)]
    forms = [parts]
    if kind is FieldKind.COMPANY:
        forms = company_forms(parts)
    elif kind is FieldKind.PERSON and 3 <= len(parts) <= 5 and all(p.isascii() for p in parts):
        forms = [parts, parts[1:] + parts[:1], parts[-1:] + parts[:-1]]
    told = [key for form in forms if (key := _word_key(form, keys))]
    return told or Skip.SHORT


def company_forms(parts: list[str]) -> list[list[str]]:
    """The forms of a company's name that are kept: without its legal form where enough is left."""
    joined = "".join(parts)
    for tail in CJK_TAILS:
        if joined.endswith(tail) and all(len(part) == 1 for part in parts[-len(tail) :]):
            core = parts[: -len(tail)]
            if "".join(core[-2:]) == CJK_GROUP and len(core) - 2 >= SHORTEST_CORE:
                core = core[:-2]
            return [core] if len(core) >= SHORTEST_CORE else [parts]
    core = list(parts)
    while len(core) > 1 and core[-1] in LATIN_TAILS and len(parts) - len(core) < 4:
        core.pop()
    if len(core) == len(parts):
        return [parts]
    if len(core) > 1:
        return [core]
    return [parts, core] if len(core[0]) >= SHORTEST_NAME else [parts]


def _word_key(parts: list[str], keys: Keys) -> Key | None:
    parts = parts[: w.LONGEST_WINDOW]
    if not parts or (len(parts) == 1 and not _single(parts[0])):
        return None
    hashes = [word_hash(part.encode(), keys) for part in parts]
    plain = all(part.isascii() for part in parts)
    key = window_hash(hashes, plain, keys)
    first = 0 if parts[0].isascii() else ord(parts[0])
    if len(parts) == 1:
        return Key(Lane.WORDS, 1, key, AnchorKind.SINGLE, pair_hash(hashes[0], 0, keys))
    pair = pair_hash(hashes[0], hashes[1], keys)
    return Key(Lane.WORDS, len(parts), key, AnchorKind.PAIR, pair, first)


def _single(part: str) -> bool:
    return len(part) >= 4 and part.isascii() and not part.isdigit()
