"""Personal information in a finding: stands apart from the status as a trade secret."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scanner.judge.packfile import PersonalFile
from scanner.model.finding import Finding
from scanner.model.rule import Column

CLASSES = ("A", "B", "C")
_SENSITIVE = "sensitive"


@dataclass(frozen=True, slots=True)
class Personal:
    """How many people at most stand in it, which classes, and the ratio to the thresholds."""

    persons: int = 0
    categories: tuple[str, ...] = ()
    ratio: float = 0.0


def ratio(counts: dict[str, int], file: PersonalFile) -> float:
    """Counts over the pack's divisors, added up over the classes."""
    return sum(counts.get(name, 0) / divisor for name, divisor in file.divisors.items())


def overlay(finding: Finding, columns: Sequence[Column], file: PersonalFile) -> Personal:
    """The personal information among the matched records.

    A record counts once, in the strictest class that stood in it; how the classes overlap
    between records is not known, so the count of a milder class is what exceeds the stricter.
    """
    found = dict(finding.field_counts)
    by_class: dict[str, int] = {}
    for column in columns:
        count = found.get(column.name, 0)
        if column.pi != "none" and count:
            by_class[column.pi] = max(by_class.get(column.pi, 0), count)
    persons = min(max(by_class.values(), default=0), finding.records)
    strict = {**by_class, "A": max(by_class.get("A", 0), by_class.get(_SENSITIVE, 0))}
    counted: dict[str, int] = {}
    taken = 0
    for name in CLASSES:
        here = min(strict.get(name, 0), finding.records)
        counted[name] = max(0, here - taken)
        taken = max(taken, here)
    return Personal(persons, tuple(sorted(by_class)), round(ratio(counted, file), 6))
