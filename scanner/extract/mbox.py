"""Mailboxes of the mbox kind: each message a child, read one at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.extract import eml
from scanner.extract._inline import child_of
from scanner.extract._pulled import buffered
from scanner.extract.base import Blob, Budget, Format
from scanner.model.content import Gap, Piece

_SEPARATOR = re.compile(rb"From \S.{0,300}?\d{1,2}:\d\d.{0,100}?\d{4}|From - ")
_QUOTED = re.compile(rb"^>(>*From )", re.MULTILINE)
LINE = 1 << 20


def _claims(head: bytes, blob: Blob, name: str) -> int:
    first, _, rest = head.partition(b"\n")
    if not first.startswith(b"From ") or not _SEPARATOR.match(first):
        return 40 if first.startswith(b"From ") and eml.FORMAT.claims(rest, blob, "") else 0
    return 92 if eml.FORMAT.claims(rest, blob, "") >= 65 else 50


def _read(blob: Blob, name: str, budget: Budget) -> Iterator[Piece]:
    stream = buffered(blob.stream())
    held: list[bytes] = []
    number, size, blank, cut = 0, 0, True, False
    while True:
        line = stream.readline(LINE)
        if not line or (blank and line.startswith(b"From ") and _SEPARATOR.match(line)):
            if size:
                number += 1
                yield child_of(_QUOTED.sub(rb"\1", b"".join(held)), f"message {number}.eml")
            if cut:
                yield Gap("limit:bytes", f"message {number}", "longer than one member may be")
            held, size, cut = [], 0, False
            if not line:
                return
            blank = False
            continue
        budget.check_time()
        blank = not line.strip(b"\r\n")
        if size + len(line) > budget.limits.member_bytes:
            cut = True
            continue
        held.append(line)
        size += len(line)


FORMAT = Format("mbox", _claims, _read, ("mbox", "mbx"), True)
