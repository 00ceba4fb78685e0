"""What one cell looks like by itself: an e-mail, a phone, a name, an address, a number ..."""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum

from scanner.columns.checks import birth_date, credit_code, iban, luhn, resident_id
from scanner.columns.names import (
    is_address_latin,
    is_address_zh,
    is_org_latin,
    is_org_zh,
    is_person_latin,
    is_person_zh,
    is_place,
    single_name,
)


class Cell(StrEnum):
    """The look of a cell. DIGITS is a bare run of 6 to 20 digits, CODE letters and digits."""

    EMPTY = "empty"
    EMAIL = "email"
    MOBILE = "mobile"
    PHONE = "phone"
    DIGITS = "digits"
    RESIDENT_ID = "resident_id"
    CREDIT_CODE = "credit_code"
    SSN = "ssn"
    CARD = "card"
    IBAN = "iban"
    DATE = "date"
    NUMBER = "number"
    CODE = "code"
    URL = "url"
    ORG = "org"
    ADDRESS = "address"
    PLACE = "place"
    PERSON = "person"
    GIVEN = "given"
    FAMILY = "family"
    WORD = "word"
    TEXT = "text"


_BLANK = frozenset(
    {
        "",
        "-",
        "--",
        "---",
        "—",
        "——",
        "/",
        "\\",
        "n/a",
        "na",
        "#n/a",
        "null",
        "none",
        "nan",
        "nil",
        "?",
    }
    | {
        "无",
        "暂无",
        "没有",
        "未知",
        "空",
        "不详",
        "未填",
        "未填写",
        "保密",
        "x",
        "xx",
        "tbd",
        ".",
        "unknown",
    }
)
_EMAIL = re.compile(
    r"(?:mailto:)?[a-z0-9._%+'&/=~-]+@[a-z0-9](?:[a-z0-9-]*\.)+[a-z0-9-]{2,24}", re.IGNORECASE
)
_MOBILE = re.compile(r"(?:\(?(?:\+|00)?86\)?[- ]?)?1[3-9]\d([- ]?)\d{4}\1\d{4}")
_LANDLINE = re.compile(
    r"(?:(?:\+|00)?86[- ]?)?\(?0\d{2,3}\)?[- ]?[2-9]\d{2,3}[- ]?\d{4}(?:(?:转|ext\.?|[-x*#])"
    r"\s*\d{1,6})?|[48]00[- ]?\d{3}[- ]?\d{4}|[48]00[- ]?\d{4}[- ]?\d{3}"
)
_PHONE = re.compile(
    r"(?:tel:)?\+?[(]?\d[\d ().\-/]{5,20}\d(?:\s*(?:x|ext\.?|extension|#)\s*\d{1,6})?",
    re.IGNORECASE,
)
_DATE = re.compile(
    r"(?:\d{4}([-/.])\d{1,2}\1\d{1,2}|\d{1,2}([-/.])\d{1,2}\2(?:\d{4}|\d{2})"
    r"|\d{4}年\d{1,2}月(?:\d{1,2}日?)?|\d{1,2}月\d{1,2}日|(?:19|20)\d{2}[-/.年](?:0?[1-9]|1[0-2])月?"
    r"|\d{1,2}[ -](?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?,?[ -]\d{2,4}"
    r"|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.? \d{1,2}(?:st|nd|rd|th)?"
    r",? \d{4})(?:[ T]+\d{1,2}:\d{2}(?::\d{2})?(?:\.\d+)?(?: ?[ap]m)?"
    r"(?: ?(?:z|utc|[+-]\d{2}:?\d{2}))?)?"
    r"|\d{1,2}:\d{2}(?::\d{2})?",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"[-+(]?\s*(?:[$€£¥￥₹]|usd|cny|rmb|eur|us\$)?\s*[-+]?(?:\d{1,3}(?:[, ]\d{3})+|\d+)"
    r"(?:[.,]\d+)?(?:e[-+]?\d+)?\s*\)?\s*(?:%|[a-z]{1,4}|[$€£¥₹]|万元?|亿元?|元|折|天|个月|月|年|次|件|个|台|套|吨|人|岁|分|万|倍|㎡|平米?)?",
    re.IGNORECASE,
)
_SSN = re.compile(r"(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}")
_CODE = re.compile(r"(?=[^\d]*\d)(?=.*[A-Za-z])[A-Za-z0-9][A-Za-z0-9_\-/.#]{2,39}")
_URL = re.compile(
    r"(?:https?://|ftp://|www\.)\S+|[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:com|cn|net|org|io|edu|gov)(?:/\S*)?",
    re.IGNORECASE,
)
_HAN = re.compile(r"[\u3400-\u9fff]")
_DIGIT = re.compile(r"\d")
_NOT_DIGIT = re.compile(r"\D+")
_SPLIT_MANY = re.compile(r"\s*[;；,，、/|]\s*|\s{2,}")
_LONGEST = 240


def clean(cell: str) -> str:
    """The cell without outer blanks and quotes, compatibility forms folded, at most 240 long."""
    text = cell[:_LONGEST]
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return text.strip(" \t\r\n\u3000\u200b\ufeff'\"`")


def look(cell: str) -> Cell:
    """The look of a cell, by layout and check digits first, by word lists last."""
    text = clean(cell)
    if text.lower() in _BLANK:
        return Cell.EMPTY
    if len(cell) > 120:
        return Cell.TEXT
    if "@" in text and (kind := _email(text)):
        return kind
    if _DIGIT.search(text) and (kind := _numeric(text)):
        return kind
    if _URL.fullmatch(text):
        return Cell.URL
    return _worded(text)


def _email(text: str) -> Cell | None:
    parts = [part.strip("<> ") for part in _SPLIT_MANY.split(text) if part]
    if parts and all(_EMAIL.fullmatch(part) for part in parts):
        return Cell.EMAIL
    if text.endswith(">") and "<" in text and _EMAIL.fullmatch(text[text.rfind("<") + 1 : -1]):
        return Cell.EMAIL
    return None


def _numeric(text: str) -> Cell | None:
    if text[-1] == "." and text[:-1].isdigit():
        return Cell.NUMBER
    if text.endswith(".0") and text[:-2].isdigit():
        text = text[:-2]  # a number that a spreadsheet wrote as a float
    if _DATE.fullmatch(text):
        return Cell.DATE
    digits = _NOT_DIGIT.sub("", text)
    if (kind := _identifier(text, digits)) is not None:
        return kind
    if kind := _phone(text, digits):
        return kind
    if text.isdigit():
        return Cell.DIGITS if 6 <= len(text) <= 20 else Cell.NUMBER
    if _NUMBER.fullmatch(text):
        return Cell.NUMBER
    if _CODE.fullmatch(text):
        return (
            Cell.IBAN if text[:2].isalpha() and 15 <= len(text) <= 34 and iban(text) else Cell.CODE
        )
    return None


def _identifier(text: str, digits: str) -> Cell | None:
    compact = text.replace(" ", "")
    if len(compact) == 18:
        if resident_id(compact):
            return Cell.RESIDENT_ID
        if credit_code(compact):
            return Cell.CREDIT_CODE
    if _SSN.fullmatch(text):
        return Cell.SSN
    if (
        len(digits) == 18
        and birth_date(digits[6:14])
        and compact.isdigit()
        and digits[0] in "123456"
    ):
        return Cell.RESIDENT_ID if digits[:2] >= "11" else None
    bare = text.replace("-", "").replace(" ", "")
    if 13 <= len(bare) <= 19 and bare.isdigit() and bare[0] in "3456" and luhn(bare):
        return Cell.CARD
    if (
        15 <= len(compact) <= 34
        and compact[:2].isalpha()
        and compact[2:4].isdigit()
        and iban(compact)
    ):
        return Cell.IBAN
    return None


def _phone(text: str, digits: str) -> Cell | None:
    if not 7 <= len(digits) <= 26:
        return None
    parts = [part for part in _SPLIT_MANY.split(text) if part]
    if parts and len(parts) <= 3 and all(len(part) >= 7 for part in parts):
        if all(_MOBILE.fullmatch(part) for part in parts):
            return Cell.MOBILE
        if all(_MOBILE.fullmatch(part) or _landline(part) for part in parts):
            return Cell.PHONE
    head = re.split(r"x|ext|#", text, maxsplit=1, flags=re.IGNORECASE)[0]
    count = len(_NOT_DIGIT.sub("", head))
    if not 7 <= count <= 15 or not _PHONE.fullmatch(text):
        return None
    marks = sum(head.count(mark) for mark in " ()-./")
    if (
        text[0] == "+"
        or (marks >= 2 and _phone_groups(head))
        or (marks == 1 and "-" in head and count == 7 and _groups(head) == [3, 4])
    ):
        return Cell.PHONE
    return None


def _landline(text: str) -> bool:
    return (any(mark in text for mark in "-() 转") or text[0] == "0") and bool(
        _LANDLINE.fullmatch(text)
    )


def _groups(text: str) -> list[int]:
    return [len(group) for group in re.findall(r"\d+", text)]


def _phone_groups(text: str) -> bool:
    groups = _groups(text)
    return (
        2 <= len(groups) <= 6
        and groups[-1] >= 2
        and max(groups) <= 8
        and "," not in text
        and ". " not in text
    )


def _worded(text: str) -> Cell:
    if _HAN.search(text):
        if is_org_zh(text):
            return Cell.ORG
        if is_address_zh(text):
            return Cell.ADDRESS
        if is_place(text):
            return Cell.PLACE
        if is_person_zh(text):
            return Cell.PERSON
        return Cell.WORD if len(text) <= 8 else Cell.TEXT
    if is_org_latin(text):
        return Cell.ORG
    if is_address_latin(text):
        return Cell.ADDRESS
    if is_place(text):
        return Cell.PLACE
    if is_person_latin(text):
        return Cell.PERSON
    if which := single_name(text):
        return Cell.GIVEN if which == "given" else Cell.FAMILY
    return Cell.WORD if len(text) <= 30 and text.count(" ") <= 2 else Cell.TEXT
