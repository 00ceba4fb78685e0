"""The fields of a record told in a line: person, company, phone, e-mail, address."""

from __future__ import annotations

import re

from scanner.columns.cells import Cell, look
from scanner.columns.names import is_person_latin

FIELD_COUNT = 5
_PERSON, _COMPANY, _PHONE, _EMAIL, _ADDRESS = range(FIELD_COUNT)

_MAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4}")
_NUMBER = re.compile(
    r"(?<![\w.])(?:(?:\(?(?:\+|00)?86\)?[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}"
    r"|\(?0\d{2,3}\)?[- ]?[2-9]\d{2,3}[- ]?\d{4}|400[- ]?\d{3,4}[- ]?\d{3,4}"
    r"|\+\d{1,3}[ .\-()\d]{7,18}\d|\(?\d{3}\)?[-. ]\d{3}[-. ]\d{4})(?![\d])"
    r"|(?<=[\u3400-\u9fff])1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d)"
)
_FIRM_ZH = re.compile(
    r"[\u3400-\u9fffA-Za-z（）()·]{2,24}?(?:有限责任公司|股份有限公司|有限公司|集团公司|分公司|集团|公司|"
    r"经营部|商行|事务所|合作社|医院|大学|学院|酒店|超市|厂)"
)
_FIRM_EN = re.compile(
    r"(?:[A-Z][\w&'.\-]*,? (?:& |and |of )?){1,5}(?:Inc|LLC|Ltd|Limited|GmbH|Corp|"
    r"Corporation|Co|PLC|AG|LLP|Company|Group|Holdings|Industries|Partners|Technologies|Solutions|"
    r"Systems|Trading|Logistics|Services)\b\.?"
)
_PAIR_EN = re.compile(
    r"[A-Z][a-z'’\-]+(?: [A-Z]\.)? (?:[A-Z][A-Za-z'’\-]+|(?:de|van|von) [A-Z][a-z]+)"
)
_SPLIT = re.compile(
    r"[\s,，;；、:：|()（）<>\[\]【】\"'“”。.!！=\-/]+"
    r"|联系人|联系电话|联系方式|电话|手机号码|手机号|手机|邮箱|地址|住址|住在|位于|客户|姓名|公司|的|是|在|为"
)
_ADDRESS_ZH = re.compile(
    r"[\u3400-\u9fff]{2,10}(?:省|市|区|县|镇|路|街|道)"
    r"[\u3400-\u9fffA-Za-z0-9\-]{2,40}?(?:号|室|楼|栋|座|层|幢|弄|村|单元)(?:[0-9A-Za-z\-]{1,8}(?:室|号|楼|层))?"
)
_ADDRESS_EN = re.compile(
    r"\d{1,6} (?:[A-Z][\w.'\-]* ){1,4}(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|"
    r"Lane|Ln|Drive|Dr|Court|Ct|Place|Way|Square|Terrace|Close)\b\.?"
)
_LEAD = re.compile(
    r"^(?:客户|联系人|姓名|顾客|会员|买家|收件人|收货人|经理|先生|女士|和|与|由|找|给)+"
)


def reaches(text: str) -> int:
    """How many e-mail addresses or telephone numbers stand in the text, whichever are more."""
    return max(len(_MAIL.findall(text)), len(_NUMBER.findall(text)))


def record_fields(text: str) -> list[str] | None:
    """The five fields, empty where missing; None without a name and a way to reach it."""
    mail, number = _MAIL.search(text), _NUMBER.search(text)
    if mail is None and number is None:
        return None
    row = [""] * FIELD_COUNT
    rest = text
    for place, match in ((_EMAIL, mail), (_PHONE, number)):
        if match is not None:
            row[place] = match[0]
            rest = rest.replace(match[0], " | ")
    rest = _take(rest, row, _ADDRESS, _ADDRESS_ZH, _ADDRESS_EN)
    rest = _take(rest, row, _COMPANY, _FIRM_ZH, _FIRM_EN)
    row[_PERSON] = _person(rest)
    return row if row[_PERSON] or row[_COMPANY] else None


def _take(text: str, row: list[str], place: int, *patterns: re.Pattern[str]) -> str:
    for pattern in patterns:
        if match := pattern.search(text):
            row[place] = _LEAD.sub("", match[0])
            return text[: match.start()] + " | " + text[match.end() :]
    return text


def _person(text: str) -> str:
    for match in _PAIR_EN.finditer(text):
        if is_person_latin(match[0]):
            return match[0]
    for piece in _SPLIT.split(text):
        word = _LEAD.sub("", piece or "")
        if 2 <= len(word) <= 7 and not word.isascii() and look(word) is Cell.PERSON:
            return word
    return ""
