"""What class of place a document lies at, as far as the dossier and the registry know it."""

from __future__ import annotations

from dataclasses import dataclass

from scanner.model.document import Document, Readers
from scanner.registry.designation import Designation
from scanner.registry.organisation import Location


@dataclass(frozen=True, slots=True)
class Place:
    """Class (empty where unknown), whether the right people read it, and encryption, if known."""

    kind: str = ""
    acl_ok: bool | None = None
    encrypted: bool | None = None


def place_of(document: Document, designation: Designation | None) -> Place:
    """The place of a document: the longest known prefix, else who can read it.

    Where the dossier lists its approved places, any other one is not approved.
    """
    readers = document.provenance.readers
    row = _longest(document.uri, designation)
    approved = _approved(document.uri, designation)
    if row is not None and len(row.prefix) >= len(approved):
        return Place(row.place, _acl_ok(readers), row.encrypted)
    if approved:
        return Place("approved", _acl_ok(readers))
    if readers is Readers.EVERYONE:
        return Place("internal_everyone", False)
    if readers is Readers.PUBLIC:
        return Place("public_internet", False)
    if _has_list(designation):
        return Place("unapproved", _acl_ok(readers))
    return Place()


def begins(uri: str, prefix: str) -> bool:
    """True where a path or URI is the place `prefix` or lies below it."""
    uri, prefix = uri.replace("\\", "/"), prefix.replace("\\", "/")
    if prefix.endswith("/"):
        return uri.startswith(prefix) or uri == prefix[:-1]
    return uri == prefix or (uri.startswith(prefix) and uri[len(prefix)] in "/!")


def _longest(uri: str, designation: Designation | None) -> Location | None:
    rows = designation.organisation.locations if designation else ()
    return max((row for row in rows if begins(uri, row.prefix)), key=_length, default=None)


def _length(row: Location) -> int:
    return len(row.prefix)


def _approved(uri: str, designation: Designation | None) -> str:
    dossier = designation.entry.dossier if designation else None
    prefixes = dossier.approved_locations if dossier else ()
    return max((one for one in prefixes if begins(uri, one)), key=len, default="")


def _has_list(designation: Designation | None) -> bool:
    dossier = designation.entry.dossier if designation else None
    return bool(dossier and dossier.approved_locations)


def _acl_ok(readers: Readers) -> bool | None:
    if readers in (Readers.PRIVATE, Readers.GROUP):
        return True
    return None if readers is Readers.UNKNOWN else False
