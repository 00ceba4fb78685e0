"""A value made unreadable enough to show: 138****78, z***@corp.example, 欧***, 上海***公司."""

from __future__ import annotations

import re

from scanner.model.rule import FieldKind

_STARS = "***"
_TAILS = re.compile(
    r"(?:集团|(?:股份|责任)?有限)?(?:公司|企业|厂|店|中心|事务所|医院|学校|银行)$"
    r"|(?:[\s,]+(?:co|ltd|limited|inc|llc|corp|corporation|company|gmbh|ag|plc|sa|srl|bv|pty)\.?)+$",
    re.IGNORECASE,
)
_SHOWN_TAIL = re.compile(r"(?:公司|企业|厂|店|中心|事务所|医院|学校|银行)$|[A-Za-z]+\.?$")


def mask(value: str, kind: FieldKind) -> str:
    """The value with at most a quarter of what tells it apart left readable."""
    value = " ".join(value.split())
    if not value:
        return ""
    if kind is FieldKind.EMAIL and "@" in value:
        local, _, domain = value.rpartition("@")
        return f"{local[:1]}{_STARS}@{domain}"
    if kind in {FieldKind.PHONE, FieldKind.NATIONAL_ID, FieldKind.ACCOUNT}:
        return _number(value)
    if kind is FieldKind.PERSON:
        return value[:1] + _STARS
    if kind is FieldKind.COMPANY:
        return _company(value)
    if kind is FieldKind.ADDRESS:
        return value[: min(3, len(value) // 3)] + _STARS
    if kind in {FieldKind.PLACE, FieldKind.CATEGORY, FieldKind.DATE}:
        return value[:1] + _STARS
    return f"[{kind.value}:{len(value)}]"


def _number(value: str) -> str:
    """Three characters before and two after the stars; fewer of a short number."""
    plain = "".join(char for char in value if char.isalnum())
    if len(plain) < 8:
        return plain[:1] + _STARS
    return f"{plain[:3]}****{plain[-2:]}"


def _company(value: str) -> str:
    tail = _TAILS.search(value)
    core = value[: tail.start()] if tail else value
    shown = _SHOWN_TAIL.search(value) if tail else None
    head = core[: min(2, len(core) // 2)] if not core[:1].isascii() else core[:1]
    if shown is None:
        return head + _STARS
    gap = " " if shown[0].isascii() else ""
    return f"{head}{_STARS}{gap}{shown[0]}"
