"""A document: one thing to examine, and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Channel(StrEnum):
    """By which way the document was seen."""

    DISK = "disk"
    WATCH = "watch"
    MAIL = "mail"
    CHECK = "check"


class Readers(StrEnum):
    """Who can read the document where it lies."""

    PRIVATE = "private"
    GROUP = "group"
    EVERYONE = "everyone"
    PUBLIC = "public"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Provenance:
    """Owner, readers and times of a document. Times carry a zone."""

    channel: Channel = Channel.DISK
    owner: str = ""
    readers: Readers = Readers.UNKNOWN
    modified_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Document:
    r"""One file or message to examine.

    `uri` is a path or URI as shown to people: printable, with bytes that are no text escaped as
    \xNN. `path` holds the raw bytes of a local path, or None where the bytes come another way.
    `size` is in bytes, -1 where unknown. `signature` changes when the content may have changed
    (size, mtime, ctime, inode), empty where the source has none.
    """

    uri: str
    path: bytes | None = None
    size: int = -1
    provenance: Provenance = field(default_factory=Provenance)
    signature: str = ""


MEMBER = "!"
"""Stands between a container and its member in shown paths: a.zip!b/list.xlsx."""


def member_path(uri: str, inner: str) -> str:
    """The shown path of a member; `inner` is empty for the document itself."""
    return f"{uri}{MEMBER}{inner}" if inner else uri
