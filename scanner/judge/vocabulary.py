"""The facts that law packs and people may use: their names and what values they take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Value = str | bool | int | float
Facts = Mapping[str, Value]

UNKNOWN = "unknown"
"""Written for a fact, the same as leaving it out."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact: `values` where it is one of a list; else `kind` says truth, count or share."""

    kind: str
    values: tuple[str, ...] = ()

    def problem(self, value: object) -> str:
        """Why `value` is none of this fact's values; empty where it is one."""
        if self.kind == "choice":
            return "" if value in self.values else f"must be one of {', '.join(self.values)}"
        if self.kind == "truth":
            return "" if isinstance(value, bool) else "must be true or false"
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return "must be a number"
        if self.kind == "count":
            whole = isinstance(value, int) and value >= 0
            return "" if whole else "must be a whole number, 0 or more"
        return "" if 0 <= value <= 1 else "must be a share between 0 and 1"


def _choice(words: str) -> Fact:
    return Fact("choice", tuple(words.split()))


_TRUTH = Fact("truth")
_COUNT = Fact("count")

FACTS: dict[str, Fact] = {
    "match.level": _choice("none incidental partial substantial identical"),
    "match.nonpublic": _COUNT,
    "match.deep": _COUNT,
    "match.foreign_records": _COUNT,
    "match.coverage": Fact("share"),
    "recipient.class": _choice(
        "none internal_authorised internal_unauthorised external_authorised "
        "external_unauthorised unknown_external competitor public own_personal own_removable "
        "customer_self owner_of_data authority_or_counsel"
    ),
    "recipient.linked_to_actor": _TRUTH,
    "location.class": _choice(
        "approved internal_restricted internal_everyone unapproved own_removable own_personal "
        "public_internet"
    ),
    "location.acl_ok": _TRUTH,
    "event.kind": _choice("send store share copy print publish at_rest"),
    "event.bulk": _TRUTH,
    "actor.authorisation": _choice("authorised unauthorised"),
    "actor.status": _choice("active notice_period left"),
    "rule.applies": _TRUTH,
    "rule.allows_channel": _TRUTH,
    "protection.required_missing": _TRUTH,
    "protection.encrypted": _TRUTH,
    "purpose.approved": _TRUTH,
    "approval.valid": _TRUTH,
    "approval.covers_event": _TRUTH,
    "dataset.status": _choice("ts_supported ts_unproven ts_not_supported"),
    "dataset.confidential": _TRUTH,
    "dataset.owner": _choice("own third_party joint"),
    "dataset.promise": _TRUTH,
    "dataset.level": _choice("core ordinary internal"),
}
"""Every fact that may be given, in the order in which people are asked for it."""

SHARE = "match.nonpublic_share"
DERIVED: dict[str, Fact] = {SHARE: Fact("share")}
"""Facts that are worked out and never given: the share of the dataset's records that stand here
and are not public. Without a closer figure it is match.coverage where a nonpublic record is
among the matched ones."""

ALL: dict[str, Fact] = {**FACTS, **DERIVED}


def checked(facts: Mapping[str, object]) -> dict[str, Value]:
    """The known facts of a mapping, unknown ones left out.

    Raises ValueError naming the fact where there is no such fact or value.
    """
    known: dict[str, Value] = {}
    for name, value in facts.items():
        fact = FACTS.get(name)
        if fact is None:
            raise ValueError(f"there is no fact {name!r}")
        if value is None or value == UNKNOWN:
            continue
        if problem := fact.problem(value):
            raise ValueError(f"{name}: {problem}")
        known[name] = value  # type: ignore[assignment]
    return known


def completed(facts: Facts) -> dict[str, Value]:
    """The facts with the derived ones added."""
    full = dict(facts)
    if SHARE not in full and full.get("match.nonpublic", 0):
        coverage = full.get("match.coverage")
        if coverage is not None:
            full[SHARE] = coverage
    elif full.get("match.nonpublic") == 0:
        full[SHARE] = 0.0
    return full
