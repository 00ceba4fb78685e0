"""The additive score: every term a weight and a printable reason; the label it leads to."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scanner.detect._lists.evidence import Evidence
from scanner.messages import message
from scanner.model.rule import FieldKind

CUSTOMER, CONTACT, NONE = "customer_list", "contact_list", "none"
_BASE = -3.2
_THRESHOLD = 0.5
_LEAST_RECORDS = 3
_LEAST_COMMERCIAL = 1


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a table is, how sure (0 to 1), and the terms of the score as sentences."""

    label: str
    score: float
    reasons: tuple[str, ...]


# What speaks against a customer list and not against a list of contacts.
_NO_MATTER = frozenset({"list-short", "list-no-reach", "list-invoice"})

Term = tuple[float, str, int]  # weight, message key, count


def judge(evidence: Evidence) -> Verdict:
    """The verdict over one table."""
    terms = [*_for(evidence), *_against(evidence)]
    total = _BASE + sum(weight for weight, _key, _count in terms)
    score = 1.0 / (1.0 + math.exp(-total))
    label = _label(evidence, score, terms)
    reasons = [message("detect", "list-base", weight=f"{_BASE:+.1f}")]
    reasons += [
        message("detect", key, weight=f"{weight:+.1f}", count=count)
        for weight, key, count in terms
        if weight
    ]
    return Verdict(label, round(score, 3), tuple(reasons))


def _for(seen: Evidence) -> list[Term]:
    persons, firms = seen.kind(FieldKind.PERSON), seen.kind(FieldKind.COMPANY)
    terms: list[Term] = []
    if persons or firms:
        terms.append((2.0 if persons and firms else 1.6, "list-identity", persons + firms))
    for kind, weight, key in (
        (FieldKind.EMAIL, 0.9, "list-email"),
        (FieldKind.PHONE, 0.9, "list-phone"),
        (FieldKind.ADDRESS, 0.5, "list-address"),
        (FieldKind.NATIONAL_ID, 0.5, "list-id"),
    ):
        if count := seen.kind(kind):
            terms.append((weight, key, count))
    if seen.chats:
        terms.append((0.5, "list-chat", seen.chats))
    if seen.named:
        terms.append((1.6, "list-named", 1))
    elif seen.keyed:
        terms.append((1.1 if seen.identity else 1.6, "list-keyed", 1))
    elif words := seen.flag("customer"):
        terms.append((0.5, "list-words", words))
    terms += _titles(seen)
    commercial = seen.flag("commercial")
    weight = 0.5 * commercial + 0.25 * max(0, seen.deep - commercial)
    if weight:
        terms.append((min(1.5, weight), "list-commercial", max(commercial, seen.deep)))
    if seen.records >= 10:
        terms.append((0.6 if seen.records >= 50 else 0.3, "list-records", seen.records))
    return terms


def _titles(seen: Evidence) -> list[Term]:
    named = [
        key
        for key, classes in (
            ("list-file", seen.file),
            ("list-sheet", seen.sheet),
            ("list-title", seen.title),
        )
        if "customer" in classes
    ]
    first = 2.0 if seen.identity or seen.keyed else 1.5
    terms = [(first if place == 0 else 0.5, key, 1) for place, key in enumerate(named)]
    if named and (seen.named or seen.keyed or seen.flag("customer")):
        terms.append((0.7, "list-agrees", 1))
    return terms


_NEGATIVE = (
    ("staff", 1.3, 4.0, "list-staff"),
    ("public", 0.9, 2.7, "list-public"),
    ("bibliography", 1.2, 3.6, "list-bibliography"),
    ("event", 1.2, 3.6, "list-event"),
    ("invoice", 0.8, 1.6, "list-invoice"),
    ("log", 0.7, 2.1, "list-log"),
    ("lottery", 3.0, 3.0, "list-lottery"),
    ("student", 1.2, 3.6, "list-student"),
    ("supplier", 1.2, 2.4, "list-supplier"),
    ("medical", 0.8, 1.6, "list-medical"),
)


def _against(seen: Evidence) -> list[Term]:
    terms: list[Term] = []
    for name, each, most, key in _NEGATIVE:
        if count := seen.flag(name):
            terms.append((-min(most, each * count), key, count))
    for name, weight in (("staff", 1.5), ("public", 1.2), ("other", 1.2)):
        classes = seen.file | seen.sheet | seen.title
        if name in classes and not (name != "staff" and "customer" in classes):
            terms.append((-weight, f"list-title-{name}", 1))
    if not seen.identity and not seen.keyed:
        terms.append((-1.0, "list-nobody", 0))
    elif not seen.reach and not seen.kind(FieldKind.ADDRESS):
        terms.append((-0.3, "list-no-reach", 0))
    if seen.records < 5:
        terms.append((-2.5 if seen.records < _LEAST_RECORDS else -0.5, "list-short", seen.records))
    return terms


def _purpose(seen: Evidence) -> bool:
    """True where something says that these are customers, not only people with telephones."""
    told = seen.named or seen.keyed or seen.flag("customer") > 0
    titled = "customer" in seen.file | seen.sheet | seen.title
    return told or titled or seen.flag("commercial") >= _LEAST_COMMERCIAL


def _label(seen: Evidence, score: float, terms: list[Term]) -> str:
    if seen.records < 2:
        return NONE
    if score >= _THRESHOLD and (seen.identity or seen.keyed or seen.reach) and _purpose(seen):
        return CUSTOMER
    against = [key for weight, key, _count in terms if weight < 0]
    about_others = [key for key in against if key not in _NO_MATTER]
    if not (seen.identity and seen.reach) or seen.records < _LEAST_RECORDS:
        return NONE
    return NONE if about_others else CONTACT
