"""Zip archives read without trust: every size counted, shared bytes and bombs refused.

    archive = Archive(blob, budget)
    for member in archive.members: archive.open(member)
    archive.gaps      what could not be read of the archive itself

Nothing is taken from what an archive declares but where to look. An archive without its directory
is read by the headers of its members; bytes that the directory leaves out are looked through too.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import BinaryIO, cast

from scanner.extract import _zipnames
from scanner.extract._inflate import inflated
from scanner.extract._zipcrypt import decrypted
from scanner.extract._zipstream import Pull, Range
from scanner.extract.base import Blob, Budget
from scanner.model.content import Gap
from scanner.model.errors import Unread

LOCAL = b"PK\x03\x04"
_CENTRAL = b"PK\x01\x02"
_END = b"PK\x05\x06"
_END64 = b"PK\x06\x06"
_FUDGE = 2  # bytes by which neighbours may overlap
_MAX32 = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Member:
    """One member as the archive declares it; `start` is where its local header stands."""

    name: str
    method: int
    flags: int
    packed: int
    size: int
    start: int
    crc: int
    time: int = 0
    extra: bytes = field(default=b"", repr=False)

    @property
    def folder(self) -> bool:
        """True for an entry that only names a folder."""
        return self.name.endswith("/") and self.packed <= 2

    @property
    def encrypted(self) -> bool:
        """True where a password is needed."""
        return bool(self.flags & 0x41)


class Archive:
    """The members of a zip archive in a blob, and how to read them."""

    def __init__(self, blob: Blob, budget: Budget) -> None:
        self.blob = blob
        self.budget = budget
        self.gaps: list[Gap] = []
        self.members = self._members()

    @cached_property
    def by_name(self) -> dict[str, Member]:
        """The members by their path without case; of several the last, as offices read them."""
        return {
            member.name.replace("\\", "/").lstrip("/").lower(): member for member in self.members
        }

    def find(self, name: str) -> Member | None:
        """The member of that path, case ignored."""
        return self.by_name.get(name.lstrip("/").lower())

    def open(self, member: Member) -> BinaryIO:
        """A stream of the member's bytes; raises Unread where they break, swell or need a key.

        One read gives what one step of unpacking gave, so that nothing is lost before a break.
        """
        return cast(BinaryIO, Pull(self.chunks(member)))

    def chunks(self, member: Member, count: bool = False) -> Iterator[bytes]:
        """The member's bytes piece by piece; `count` spends them of the budget."""
        start, packed = self._data(member)
        source = Range(self.blob, start, packed)
        raw = decrypted(source, member, self.budget) if member.encrypted else source.chunks()
        for chunk in inflated(raw, member, self.budget, lambda: source.taken):
            if count:
                self.budget.spend_bytes(len(chunk))
            self.budget.check_time()
            yield chunk
        if source.short:
            raise Unread("damaged", "cut off")

    def part(self, member: Member) -> bytes:
        """All bytes of a member counted against the budget, up to the limit of one member.

        Raises Unread where they are not whole.
        """
        held = bytearray()
        for chunk in self.chunks(member, count=True):
            held += chunk
            if len(held) > self.budget.limits.member_bytes:
                raise Unread("limit:bytes", "a part is larger than what is held in memory")
        return bytes(held)

    def _data(self, member: Member) -> tuple[int, int]:
        head = self.blob.at(member.start, 30)
        if len(head) < 30 or head[:4] != LOCAL:
            raise Unread("damaged", "no header where the directory says")
        names, extra = struct.unpack("<HH", head[26:30])
        return member.start + 30 + names + extra, member.packed

    def _members(self) -> list[Member]:
        try:
            found = self._directory()
        except (struct.error, ValueError):
            found = None
        if found is None:
            self.gaps.append(Gap("damaged", "directory", "missing"))
            return self._salvaged([(0, self.blob.size)])
        return found

    def _directory(self) -> list[Member] | None:
        tail = self.blob.tail(65557 + 20)
        place = tail.rfind(_END)
        if place < 0 or len(tail) - place < 22:
            return None
        at = self.blob.size - len(tail) + place
        disk, _, _, count, length, offset = struct.unpack("<HHHHII", tail[place + 4 : place + 20])
        if 0 < disk < 0xFFFF:
            self.gaps.append(Gap("volume", "directory", "a part of a split archive"))
        base = at - length - offset
        if _MAX32 in (length, offset) or count == 0xFFFF:
            wide = self._wide(at)
            if wide is not None:
                count, length, offset, base = wide
        begin = base + offset
        if begin < 0 or self.blob.at(begin, 4) not in (_CENTRAL, _END, _END64):
            begin, base = offset, 0
            if count and self.blob.at(begin, 4) != _CENTRAL:
                return None
        members = self._entries(begin, length, base, count)
        if members is None:
            return None
        return self._checked(members, begin, at)

    def _wide(self, at: int) -> tuple[int, int, int, int] | None:
        locator = self.blob.at(at - 20, 20) if at >= 20 else b""
        if locator[:4] != b"PK\x06\x07":
            return None
        for place in (struct.unpack("<Q", locator[8:16])[0], at - 20 - 56):
            record = self.blob.at(place, 56) if 0 <= place < self.blob.size else b""
            if record[:4] == _END64 and len(record) == 56:
                count, length, offset = struct.unpack("<QQQ", record[32:56])
                return count, length, offset, place - length - offset
        return None

    def _entries(self, begin: int, length: int, base: int, count: int) -> list[Member] | None:
        limit = self.budget.limits.members
        data = self.blob.at(begin, min(length, self.blob.size - begin, (limit + 1) * 1024))
        raw: list[tuple[bytes, Member]] = []
        at = 0
        while data[at : at + 4] == _CENTRAL and len(data) - at >= 46:
            if len(raw) > limit:
                self.gaps.append(Gap("limit:members", "directory", f"{count} members"))
                break
            fields = struct.unpack("<HHHHIIIHHHHHII", data[at + 8 : at + 46])
            flags, method, time, _, crc, packed, size, names, extras, notes = fields[:10]
            name = data[at + 46 : at + 46 + names]
            extra = data[at + 46 + names : at + 46 + names + extras]
            size, packed, start = _zipnames.wide(extra, size, packed, fields[13])
            made = Member("", method, flags, packed, size, start + base, crc, time, extra)
            raw.append((name, made))
            at += 46 + names + extras + notes
        if not raw and count:
            return None
        if len(raw) < count and not self.gaps:
            self.gaps.append(Gap("damaged", "directory", f"{count} members told, {len(raw)} found"))
        return _zipnames.named(raw)

    def _checked(self, members: list[Member], begin: int, end: int) -> list[Member]:
        """The members that share no bytes, and those that only their own headers tell of."""
        kept: list[Member] = []
        free: list[tuple[int, int]] = []
        reached = 0
        shared = 0
        second: list[Member] = []
        for member in sorted(members, key=lambda one: (one.start, -one.packed)):
            head = self.blob.at(member.start, 30) if member.start >= 0 else b""
            if head[:4] != LOCAL or len(head) < 30:
                kept.append(member)
                continue
            names, extra = struct.unpack("<HH", head[26:30])
            stop = member.start + 30 + names + extra + max(member.packed, 0)
            if member.start < reached - _FUDGE:
                shared += 1
                continue
            if member.start > reached + 30:
                free.append((reached, member.start))
            reached = max(reached, stop)
            kept.append(member)
            second += self._other_view(member, head)
        if begin > reached + 30:
            free.append((reached, begin))
        if end + 22 + 30 < self.blob.size:
            free.append((end + 22, self.blob.size))
        if shared:
            self.gaps.append(Gap("bomb:overlap", "directory", f"{shared} members share bytes"))
        hidden = second if shared else second + self._salvaged(free)
        if hidden:
            self.gaps.append(Gap("ambiguous", "directory", f"{len(hidden)} members outside of it"))
        order = {id(member): place for place, member in enumerate(members)}
        return sorted(kept, key=lambda one: order[id(one)]) + hidden

    def _other_view(self, member: Member, head: bytes) -> list[Member]:
        """The member as its own header has it, where that differs from the directory."""
        flags, method, time, _, crc, packed, size, _, _ = struct.unpack("<HHHHIIIHH", head[6:30])
        if flags & 8 or packed in (member.packed, 0, _MAX32):
            return [] if method == member.method else [_with(member, method, member.packed, crc)]
        room = self.blob.size - member.start
        return (
            [_with(member, method, packed, crc)]
            if packed < room and size >= 0 and time >= 0
            else []
        )

    def _salvaged(self, ranges: list[tuple[int, int]]) -> list[Member]:
        raw: list[tuple[bytes, Member]] = []
        for low, high in ranges:
            at = low
            while (at := self._next_local(at, high)) >= 0 and len(
                raw
            ) <= self.budget.limits.members:
                self.budget.check_time()
                made = self._from_local(at, high)
                if made is None:
                    at += 4
                    continue
                raw.append(made)
                at += 30 + len(made[0]) + max(made[1].packed, 0)
        return _zipnames.named(raw)

    def _next_local(self, at: int, high: int) -> int:
        while at < high:
            window = self.blob.at(at, min(1 << 20, high - at))
            place = window.find(LOCAL)
            if place >= 0:
                return at + place
            if len(window) < 4:
                return -1
            at += len(window) - 3
        return -1

    def _from_local(self, at: int, high: int) -> tuple[bytes, Member] | None:
        head = self.blob.at(at, 30)
        if len(head) < 30:
            return None
        version, flags, method, time, _, crc, packed, size, names, extras = struct.unpack(
            "<HHHHHIIIHH", head[4:30]
        )
        if version > 100 or names > 4096 or not names:
            return None
        name = self.blob.at(at + 30, names)
        extra = self.blob.at(at + 30 + names, extras)
        size, packed, _ = _zipnames.wide(extra, size, packed, 0)
        room = max(0, high - at - 30 - names - extras)
        if flags & 8 and not packed:  # sizes follow the data: read up to the next header
            following = self._next_local(at + 30 + names, high)
            packed = room if following < 0 else following - at - 30 - names - extras
            size = -1
        return name, Member(
            "", method, flags, packed, size, at, crc if size >= 0 else -1, time, extra
        )


def _with(member: Member, method: int, packed: int, crc: int) -> Member:
    return Member(
        member.name, method, member.flags, packed, -1, member.start, crc, member.time, member.extra
    )
