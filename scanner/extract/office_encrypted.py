"""Encrypted Office documents: opened with the passwords given, else told to be encrypted."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import cache
from types import SimpleNamespace
from typing import Any

from scanner.extract import _compound, _olekind
from scanner.extract.base import Blob, Budget, Format
from scanner.model.content import Gap, Piece
from scanner.model.errors import Unread

# What Office itself uses where a workbook is only protected against changes.
_BUILT_IN = "VelvetSweatshop"


def claims(head: bytes, blob: Blob, name: str) -> int:
    """95 for a compound file that holds an encrypted or rights-managed package."""
    return 95 if _olekind.kind(head, blob) == "locked" else 0


def read(blob: Blob, name: str, budget: Budget) -> Iterator[Piece]:
    """The pieces of the document inside; Unread("encrypted") where no password opens it."""
    data = decrypted(blob.all(budget), budget)
    if data is None:
        with _compound.opened(blob, budget) as ole:
            yield from _compound.properties(ole)
        yield Gap("encrypted", "", "no password given opens it")
        return
    yield from read_as_found(data, name, budget)


def decrypted(data: bytes, budget: Budget) -> bytes | None:
    """The document without its encryption, None where no password opens it."""
    msoffcrypto = _library()
    for password in (_BUILT_IN, *budget.limits.passwords):
        out = io.BytesIO()
        try:
            file = msoffcrypto.OfficeFile(io.BytesIO(data))
            file.load_key(password=password)
            file.decrypt(out)
        except Exception:  # noqa: BLE001, S112  a wrong password, or a hostile header
            continue
        if out.getbuffer().nbytes:
            return out.getvalue()
    return None


@cache
def _library() -> Any:
    """The library, told to keep what it decrypts in memory: no file may be made here."""
    import msoffcrypto  # type: ignore[import-untyped]
    from msoffcrypto.format import doc97, ppt97, xls97  # type: ignore[import-untyped]

    for module in (doc97, ppt97, xls97):
        module.tempfile = SimpleNamespace(TemporaryFile=io.BytesIO)
    return msoffcrypto


def read_as_found(data: bytes, name: str, budget: Budget) -> Iterator[Piece]:
    """The pieces of bytes by the format they are of; raises Unread("encrypted") for none."""
    from scanner.extract._choose import claims as claimed

    budget.spend_bytes(len(data))
    blob = Blob.of(data)
    found = [form for _, form in claimed(blob, name) if form.name != FORMAT.name]
    if not found:
        raise Unread("encrypted", "what was decrypted is no document")
    yield from found[0].read(blob, name, budget)


FORMAT = Format("office_encrypted", claims, read)
