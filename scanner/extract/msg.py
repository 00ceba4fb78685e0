"""Outlook messages (.msg): properties, recipients, body in each of its forms, attachments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scanner.extract import _compound, _mapi
from scanner.extract._inline import child_of, inline
from scanner.extract.base import Blob, Budget, Format
from scanner.model.content import Gap, Piece

_DEEPEST = 20


def _claims(head: bytes, blob: Blob, name: str) -> int:
    if not head.startswith(_compound.MAGIC):
        return 0
    return 95 if _compound.mentions(blob, "__properties_version1.0") else 0


def _read(blob: Blob, name: str, budget: Budget) -> Iterator[Piece]:
    ole = _compound.opened(blob, budget)
    try:
        yield from _Storage(ole, [], budget, _folders(ole)).message("", 0)
    finally:
        ole.close()


def _folders(ole: Any) -> dict[tuple[str, ...], list[str]]:
    """What stands directly in each storage."""
    found: dict[tuple[str, ...], list[str]] = {}
    for path in ole.listdir(streams=True, storages=True):
        found.setdefault(tuple(path[:-1]), []).append(path[-1])
    return found


class _Storage:
    """The storage of a message inside a compound file."""

    def __init__(
        self, ole: Any, path: list[str], budget: Budget, folders: dict[tuple[str, ...], list[str]]
    ) -> None:
        self._ole = ole
        self._path = path
        self._budget = budget
        self._folders = folders
        self._inner = folders.get(tuple(path), [])

    def _bag(self, path: list[str], header: int) -> _mapi.Bag:
        values: dict[int, tuple[int, bytes]] = {}
        for name in self._folders.get(tuple(path), ()):
            if name.startswith("__substg1.0_") and len(name) == 20:
                try:
                    number, kind = int(name[12:16], 16), int(name[16:20], 16)
                except ValueError:
                    continue
                values[number] = (kind, _compound.stream(self._ole, [*path, name]))
        fixed = _compound.stream(self._ole, [*path, "__properties_version1.0"])[header:]
        return _mapi.Bag(values, _mapi.fixed_values(fixed))

    def message(self, locator: str, depth: int) -> Iterator[Piece]:
        """The pieces of the message; `locator` stands before those of a message inside another."""
        self._budget.check_time()
        bag = self._bag(self._path, 24 if self._path else 32)
        people = [
            self._bag([*self._path, one], 8)
            for one in self._inner
            if one.startswith("__recip_version1.0_")
        ]
        for person in people:
            person.codepage = bag.codepage
        yield from _mapi.pieces(bag, people, locator, self._budget)
        for number, one in enumerate(
            (one for one in self._inner if one.startswith("__attach_version1.0_")), 1
        ):
            yield from self._attachment([*self._path, one], number, bag.codepage, locator, depth)

    def _attachment(
        self, path: list[str], number: int, codepage: str, locator: str, depth: int
    ) -> Iterator[Piece]:
        bag = self._bag(path, 8)
        bag.codepage = codepage
        name = bag.text(0x3707) or bag.text(0x3704) or bag.text(0x3001) or f"attachment {number}"
        data = bag.raw(0x3701)
        inner = [*path, "__substg1.0_3701000D"]
        if data:
            yield child_of(data, name)
        elif self._ole.exists([*inner, "__properties_version1.0"]):
            where = f"{locator} attachment {number}".strip()
            if depth >= _DEEPEST:
                yield Gap("limit:depth", where)
                return
            yield from _Storage(self._ole, inner, self._budget, self._folders).message(
                where, depth + 1
            )
        elif self._ole.exists(inner):
            yield from self._object(inner, name)
        yield from _mapi.rest(bag, f"{locator} attachment {number} properties".strip())

    def _object(self, inner: list[str], name: str) -> Iterator[Piece]:
        found = list(_compound.objects(self._ole, inner))
        yield from found
        if found:
            return
        for path in self._ole.listdir(streams=True, storages=False):
            if path[: len(inner)] == inner and (data := _compound.stream(self._ole, path)):
                last = path[-1] if path[-1].isprintable() else "object"
                yield from inline(data, f"{name} {last}", f"attachment {name}", self._budget)


FORMAT = Format("msg", _claims, _read, ("msg", "oft"))
