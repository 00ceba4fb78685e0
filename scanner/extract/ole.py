"""Compound files that no other reader knows (Visio, Publisher, Project, ...): what can be seen."""

from __future__ import annotations

from collections.abc import Iterator

from scanner.extract import _compound
from scanner.extract._raw import strings
from scanner.extract.base import Blob, Budget, Format
from scanner.model.content import Gap, Kind, Piece, Segment

_LOCKED = ("\x09DRMContent", "EncryptedPackage", "EncryptionInfo", "\x06DataSpaces")
_CHARS = 8 << 20


def _claims(head: bytes, blob: Blob, name: str) -> int:
    return 45 if head.startswith(_compound.MAGIC) else 0


def _read(blob: Blob, name: str, budget: Budget) -> Iterator[Piece]:
    ole = _compound.opened(blob, budget)
    try:
        yield from _compound.properties(ole)
        yield from _compound.objects(ole, [])
        locked = False
        for path in ole.listdir(streams=True, storages=False):
            budget.check_time()
            locked = locked or any(part in _LOCKED for part in path)
            if path[-1].startswith("\x05"):
                continue
            texts = strings(_compound.stream(ole, path)[:_CHARS])
            if texts:
                where = "/".join(part.strip() for part in path if part.isprintable())
                yield Segment("\n".join(texts), f"stream {where}", Kind.RAW)
        yield Gap("encrypted") if locked else Gap("unsupported", "", "only its strings were read")
    finally:
        ole.close()


FORMAT = Format("ole", _claims, _read, ("vsd", "pub", "mpp", "msi", "wps"))
