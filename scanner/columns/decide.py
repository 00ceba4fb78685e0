"""The kind of a column from its profile and its header's concept."""

from __future__ import annotations

from dataclasses import dataclass

from scanner.columns.cells import Cell
from scanner.columns.lexicon import Concept
from scanner.columns.profile import Profile
from scanner.model.rule import FieldKind, Role

_ROLES = {
    FieldKind.COMPANY: Role.IDENTITY,
    FieldKind.PERSON: Role.IDENTITY,
    FieldKind.NATIONAL_ID: Role.IDENTITY,
    FieldKind.ACCOUNT: Role.IDENTITY,
    FieldKind.PHONE: Role.CONTACT,
    FieldKind.EMAIL: Role.CONTACT,
    FieldKind.ADDRESS: Role.CONTACT,
    FieldKind.TEXT: Role.DEEP,
}
_PI = {
    FieldKind.PERSON: "C",
    FieldKind.PHONE: "C",
    FieldKind.EMAIL: "C",
    FieldKind.ADDRESS: "C",
    FieldKind.NATIONAL_ID: "C",
}
_NOT_INDEXED = frozenset(
    {FieldKind.DATE, FieldKind.NUMBER, FieldKind.CATEGORY, FieldKind.PLACE, FieldKind.EMPTY}
)
# Kinds of content that a header of these concepts may not overrule.
_PLAIN = frozenset({FieldKind.NUMBER, FieldKind.CATEGORY, FieldKind.TEXT, FieldKind.PLACE})


@dataclass(frozen=True, slots=True)
class Verdict:
    """The decision about one column."""

    kind: FieldKind
    role: Role
    indexed: bool
    strong: bool
    pi: str
    confidence: float
    look: str
    share: float
    by_header: bool


@dataclass(frozen=True, slots=True)
class _Seen:
    kind: FieldKind
    share: float
    look: str


def decide(concept: Concept | None, stats: Profile) -> Verdict:
    """The kind, role and standing of a column. The header is a prior; cells can overrule it."""
    if not stats.count:
        role = concept.role if concept else Role.NONE
        return Verdict(FieldKind.EMPTY, role, False, False, "none", 1.0, "", 0.0, False)
    seen = _by_content(stats, concept)
    kind, by_header = _settle(seen, concept, stats)
    role = _role(kind, concept, by_header)
    strong = _strong(kind, concept, stats)
    pi = _pi(kind, concept, by_header, stats)
    indexed = kind not in _NOT_INDEXED and stats.length >= 2
    if concept is not None and not concept.indexed and kind is not FieldKind.ACCOUNT:
        indexed = indexed and kind not in (FieldKind.TEXT, FieldKind.CATEGORY)
    if kind is FieldKind.TEXT and role is not Role.DEEP and stats.length < 4:
        indexed = False
    confidence = min(0.99, 0.5 * seen.share + (0.45 if by_header else 0.0) + 0.05)
    if not by_header:
        confidence = min(0.97, seen.share * (1.0 if seen.kind is not FieldKind.TEXT else 0.6))
    return Verdict(
        kind, role, indexed, strong, pi, round(confidence, 2), seen.look, seen.share, by_header
    )


def _by_content(stats: Profile, concept: Concept | None) -> _Seen:
    """What the cells alone say; the header only lowers the bar for its own kind."""
    told = concept.kind if concept else None

    def bar(kind: FieldKind, usual: float, eased: float) -> float:
        return eased if told is kind else usual

    tests = (
        (FieldKind.EMAIL, (Cell.EMAIL,), 0.5, 0.2),
        (FieldKind.NATIONAL_ID, (Cell.RESIDENT_ID, Cell.CREDIT_CODE, Cell.SSN), 0.5, 0.2),
        (FieldKind.PHONE, (Cell.MOBILE, Cell.PHONE), 0.5, 0.25),
        (FieldKind.ACCOUNT, (Cell.CARD, Cell.IBAN), 0.6, 0.3),
        (FieldKind.DATE, (Cell.DATE,), 0.6, 0.4),
        (FieldKind.ADDRESS, (Cell.ADDRESS,), 0.5, 0.15),
        (FieldKind.COMPANY, (Cell.ORG,), 0.4, 0.2),
        (FieldKind.PERSON, (Cell.PERSON,), 0.5, 0.2),
        (FieldKind.PERSON, (Cell.GIVEN, Cell.FAMILY, Cell.PERSON), 0.65, 0.3),
        (FieldKind.PLACE, (Cell.PLACE,), 0.5, 0.2),
    )
    for kind, looks, usual, eased in tests:
        share = stats.share(*looks)
        if share < bar(kind, usual, eased):
            continue
        if kind is FieldKind.PERSON and not _names_differ(stats, told):
            continue
        return _Seen(kind, share, looks[0].value)
    if stats.nanp >= 0.9 and stats.variety >= 0.8 and stats.count >= 5:
        return _Seen(FieldKind.PHONE, stats.nanp, Cell.PHONE.value)
    numeric = stats.share(Cell.NUMBER, Cell.DIGITS)
    if numeric >= 0.7:
        return _Seen(FieldKind.NUMBER, numeric, Cell.NUMBER.value)
    if stats.share(Cell.CODE, Cell.DIGITS) >= 0.6 and stats.variety >= 0.6:
        return _Seen(FieldKind.ACCOUNT, stats.share(Cell.CODE, Cell.DIGITS), Cell.CODE.value)
    if _few(stats):
        return _Seen(FieldKind.CATEGORY, 1.0 - stats.variety, Cell.WORD.value)
    return _Seen(FieldKind.TEXT, stats.share(Cell.WORD, Cell.TEXT), Cell.TEXT.value)


def _names_differ(stats: Profile, told: FieldKind | None) -> bool:
    """False where few words are repeated all over: a category that looks like names."""
    if told in (FieldKind.PERSON, FieldKind.COMPANY):
        return True
    return stats.variety >= 0.35 or stats.count < 4


def _few(stats: Profile) -> bool:
    if stats.length > 20:
        return False
    if stats.count < 8:
        return stats.distinct <= 2 and stats.count > 3
    return stats.distinct <= max(3, stats.count // 5) and stats.distinct <= 40


def _settle(seen: _Seen, concept: Concept | None, stats: Profile) -> tuple[FieldKind, bool]:
    """The final kind, and whether the header had a say in it."""
    if concept is None:
        return seen.kind, False
    told = concept.kind
    if seen.kind is told:
        return told, True
    if told is FieldKind.PHONE and _could_be_phone(stats):
        return told, True
    if concept.name in ("customer", "company"):
        return _named(seen, stats, concept.name == "customer")
    if told is FieldKind.PERSON and seen.kind in (FieldKind.TEXT, FieldKind.CATEGORY):
        short = stats.length <= 30 and stats.share(Cell.NUMBER, Cell.DIGITS, Cell.URL) < 0.3
        return (told, True) if short else (seen.kind, False)
    if told is FieldKind.NATIONAL_ID and seen.kind in (FieldKind.NUMBER, FieldKind.ACCOUNT):
        return (told, True) if stats.signs >= 6 and stats.variety >= 0.5 else (seen.kind, True)
    if told is FieldKind.ACCOUNT:
        return _numbered(seen, stats)
    if concept.name == "row_number" and seen.kind is FieldKind.NUMBER:
        return FieldKind.NUMBER, True
    if told is FieldKind.ADDRESS and seen.kind in (FieldKind.TEXT, FieldKind.PLACE):
        return told, True
    if told is FieldKind.PLACE and seen.kind in _PLAIN | {FieldKind.PERSON}:
        return told, True
    if told is FieldKind.CATEGORY and seen.kind in (FieldKind.TEXT, FieldKind.PERSON):
        return (FieldKind.CATEGORY if _few(stats) or stats.count < 8 else FieldKind.TEXT), True
    if told is FieldKind.TEXT and seen.kind in (
        FieldKind.CATEGORY,
        FieldKind.PERSON,
        FieldKind.PLACE,
    ):
        return (FieldKind.CATEGORY if _few(stats) else FieldKind.TEXT), True
    if told is FieldKind.DATE and seen.kind is FieldKind.NUMBER:
        return FieldKind.DATE, True
    return seen.kind, seen.kind in _PLAIN


def _could_be_phone(stats: Profile) -> bool:
    looks = stats.share(Cell.PHONE, Cell.MOBILE, Cell.DIGITS, Cell.SSN, Cell.CARD)
    return looks >= 0.4 or (stats.share(Cell.NUMBER) >= 0.5 and 5 <= stats.signs <= 16)


def _named(seen: _Seen, stats: Profile, customer: bool) -> tuple[FieldKind, bool]:
    """A column headed "customer" or "company": by content a company, a person, a number."""
    if seen.kind in (FieldKind.TEXT, FieldKind.CATEGORY, FieldKind.PLACE):
        if stats.length > 60:
            return seen.kind, False
        singles = stats.share(Cell.GIVEN, Cell.FAMILY, Cell.PERSON)
        if customer and stats.namelike >= 0.7 and stats.share(Cell.ORG) < 0.1:
            return FieldKind.PERSON, True
        if singles >= 0.3 and singles > 2 * stats.share(Cell.ORG):
            return FieldKind.PERSON, True
        return FieldKind.COMPANY, True
    if seen.kind is FieldKind.NUMBER and stats.variety >= 0.5 and stats.signs >= 4:
        return FieldKind.ACCOUNT, True
    return seen.kind, seen.kind in (FieldKind.PERSON, FieldKind.ACCOUNT)


def _numbered(seen: _Seen, stats: Profile) -> tuple[FieldKind, bool]:
    """A column headed as an account, customer or order number."""
    if seen.kind in (FieldKind.NUMBER, FieldKind.TEXT, FieldKind.CATEGORY, FieldKind.PERSON):
        coded = stats.share(Cell.NUMBER, Cell.DIGITS, Cell.CODE, Cell.CARD) >= 0.4
        if (coded or seen.kind is FieldKind.TEXT) and stats.signs >= 4 and stats.length <= 40:
            return FieldKind.ACCOUNT, True
    return seen.kind, seen.kind is FieldKind.NUMBER


def _role(kind: FieldKind, concept: Concept | None, by_header: bool) -> Role:
    if concept is not None and by_header:
        if concept.name == "row_number" and kind is FieldKind.ACCOUNT:
            return Role.IDENTITY
        if concept.name == "sales_person":
            return Role.DEEP
        if kind in (FieldKind.NUMBER, FieldKind.CATEGORY, FieldKind.TEXT, FieldKind.DATE):
            return concept.role if concept.role in (Role.TRANSACTION, Role.DEEP) else Role.NONE
        return concept.role
    if kind is FieldKind.ACCOUNT and concept is None:
        return Role.NONE
    return _ROLES.get(kind, Role.NONE)


def _strong(kind: FieldKind, concept: Concept | None, stats: Profile) -> bool:
    """True where one value alone tells which record it is."""
    if concept is not None and concept.name == "sales_person":
        return False
    if stats.count >= 5 and stats.variety < 0.5:
        return False
    if kind is FieldKind.EMAIL:
        return True
    if kind is FieldKind.PHONE:
        return stats.landline < 0.5 and stats.signs >= 9
    if kind is FieldKind.NATIONAL_ID:
        return stats.signs >= 8
    if kind is FieldKind.ACCOUNT:
        if concept is not None and concept.role is Role.TRANSACTION:
            return False
        if concept is None and stats.share(Cell.CARD, Cell.IBAN) < 0.5:
            return False
        return stats.signs >= (7 if stats.share(Cell.CODE) >= 0.5 else 10)
    return False


def _pi(kind: FieldKind, concept: Concept | None, by_header: bool, stats: Profile) -> str:
    if kind is FieldKind.NATIONAL_ID:
        return "none" if stats.share(Cell.CREDIT_CODE) >= 0.3 else "C"
    if kind is FieldKind.ACCOUNT:
        if concept is not None and concept.pi:
            return concept.pi
        if concept is not None and concept.role is Role.CONTACT:
            return "C"
        return "sensitive" if stats.share(Cell.CARD, Cell.IBAN) >= 0.5 else "none"
    if kind is FieldKind.DATE and concept is not None and by_header and concept.pi:
        return concept.pi
    return _PI.get(kind, "none")
