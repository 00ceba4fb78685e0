"""What every report is: a name, a file ending, a function that writes it.

Each module of scanner.report offers one as REPORT; the folder is the list of formats.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from scanner import report
from scanner.catalogue import offers
from scanner.model.chain import canonical
from scanner.model.errors import ReportError
from scanner.model.recorded import INCIDENT_COLUMNS, Reading, Row

MASKED = "masked"
COUNSEL = "counsel"
PROFILES = (MASKED, COUNSEL)

# The cells that name persons; lists are joined by `;`.
PERSON_COLUMNS = ("owner_account", "actor", "sender", "recipients")
_PERSONS = tuple(INCIDENT_COLUMNS.index(name) for name in PERSON_COLUMNS)


@lru_cache(maxsize=4096)
def _pseudonym(key: bytes, who: str) -> str:
    _, at, domain = who.rpartition("@")
    code = hmac.digest(key, who.casefold().encode(), "sha256").hex()
    return f"p-{code[:12]}{at}{domain if at else ''}"


@dataclass(frozen=True, slots=True)
class Profile:
    """Whom a report is for: `masked` shows persons as pseudonyms, `counsel` by their names.

    The same person has the same pseudonym in every report of one home (`key`). Customers' values
    are masked in both.
    """

    name: str = MASKED
    key: bytes = field(default=b"", repr=False)

    def person(self, who: str) -> str:
        """The person as the profile shows it; of a mail address the domain stays."""
        return who if self.name == COUNSEL or not who else _pseudonym(self.key, who)

    def persons(self, who: str) -> str:
        """The persons of a list cell."""
        return ";".join(self.person(one) for one in who.split(";")) if who else ""

    def row(self, row: Row) -> Row:
        """The cells of an incident as the profile shows them."""
        if self.name == COUNSEL:
            return row
        cells = list(row)
        for place in _PERSONS:
            if cells[place]:
                cells[place] = self.persons(cells[place])
        return tuple(cells)

    def signed(self, told: dict[str, Any]) -> dict[str, Any]:
        """An anchor with a code, under the home's key, over what it tells."""
        code = hmac.digest(self.key, canonical(told).encode(), "sha256").hex()
        return {**told, "mac": code}


def profile(name: str, key: bytes, reason: str = "") -> Profile:
    """The profile of that name. `counsel` needs a reason, which the caller logs in custody."""
    if name not in PROFILES:
        raise ReportError(f"there is no profile {name!r}: choose one of {', '.join(PROFILES)}")
    if name == COUNSEL and not reason.strip():
        raise ReportError(
            "the profile counsel names persons: give a reason with --reason, it goes into the "
            "custody log"
        )
    return Profile(name, key)


@dataclass(frozen=True, slots=True)
class Written:
    """What was written. `head_hash` is the last hash of a chained report, else empty."""

    files: tuple[Path, ...]
    rows: int
    sha256: str
    head_hash: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """One format. `companions` gives the files it writes beside its own."""

    name: str
    suffix: str
    write: Callable[[Path, Reading, Profile], Written]
    companions: Callable[[Path], tuple[Path, ...]] = lambda _path: ()


def reports() -> dict[str, Report]:
    """Every report by its name."""
    return {found.name: found for found in offers(report, "REPORT")}


def report_named(name: str) -> Report:
    """The report of that name. Raises ReportError."""
    known = reports()
    if name not in known:
        raise ReportError(f"there is no report {name!r}: choose one of {', '.join(sorted(known))}")
    return known[name]
