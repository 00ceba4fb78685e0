"""A finding on its way out, judged for each recipient and each record.

A statement to a customer may hold that customer's own rows and no others; a mail to five people
is as grave as its worst recipient. What one recipient may have is worked out here, from the
organisation and from the dataset's own records, and handed to the law engine as facts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from scanner.judge.judge import judge_finding
from scanner.judge.obligations import decide
from scanner.judge.pack import Pack
from scanner.judge.recipients import (
    Recipient,
    domain_of,
    fit,
    one,
    party_of,
    person_of,
    plain,
)
from scanner.judge.vocabulary import FACTS, Value
from scanner.model.document import Document
from scanner.model.finding import Finding, pack_ids, unpack_ids
from scanner.model.incident import Event, Judgement, ObligationState, Severity
from scanner.registry.designation import Designation
from scanner.registry.organisation import Organisation, Party
from scanner.run.sending_facts import recipient_facts

OwnRecords = Callable[[str, str, Party | None], frozenset[int] | None]
"""Dataset, address and party to the records that are the recipient's own; None: cannot be told."""

_RANK = {severity: rank for rank, severity in enumerate(Severity)}
_STATES = {"indicator": 0, "risk": 1, "potential": 2}
_PLAIN_KINDS = {
    "self": "internal_authorised",
    "competitor": "competitor",
    "public": "public",
    "authority": "authority_or_counsel",
    "counsel": "authority_or_counsel",
}


@dataclass(frozen=True, slots=True)
class ForRecipient:
    """What one recipient makes of a finding.

    `own` and `foreign` are the records of the recipient and of others, None where that cannot be
    told. `misfits` are codes of what no agreement covers.
    """

    address: str
    recipient_class: str
    judgement: Judgement = field(repr=False)
    party: str = ""
    own: frozenset[int] | None = field(default=None, repr=False)
    foreign: frozenset[int] | None = field(default=None, repr=False)
    misfits: tuple[str, ...] = ()


def merged(findings: Sequence[Finding]) -> Finding:
    """One finding for the findings of one dataset in several parts of a message.

    What is spread over ten attachments is as much as what stands in one.
    """
    first = findings[0]
    records = {record for part in findings for record in unpack_ids(part.record_ids)}
    nonpublic = {record for part in findings for record in unpack_ids(part.nonpublic_ids)}
    counts: dict[str, int] = {}
    for part in findings:
        for name, count in part.field_counts:
            counts[name] = counts.get(name, 0) + count
    units = sum(part.units for part in findings)
    return replace(
        first,
        records=len(records),
        nonpublic=len(nonpublic),
        deep=min(sum(part.deep for part in findings), len(records)),
        units=units,
        containment=min(1.0, len(records) / units) if units else 0.0,
        field_depth=max(part.field_depth for part in findings),
        canaries=max(part.canaries for part in findings),
        field_counts=tuple((name, min(n, len(records))) for name, n in counts.items()),
        record_ids=pack_ids(records),
        nonpublic_ids=pack_ids(nonpublic),
    )


def without(finding: Finding, records: frozenset[int]) -> Finding:
    """A finding without some of its records."""
    left = frozenset(unpack_ids(finding.record_ids)) - records
    nonpublic = frozenset(unpack_ids(finding.nonpublic_ids)) - records
    return replace(
        finding,
        records=len(left),
        nonpublic=len(nonpublic),
        deep=min(finding.deep, len(left)),
        record_ids=pack_ids(left),
        nonpublic_ids=pack_ids(nonpublic),
    )


def judge_sending(
    finding: Finding,
    designation: Designation | None,
    organisation: Organisation,
    event: Event,
    document: Document,
    pack: Pack,
    own_records: OwnRecords,
    *,
    encrypted: bool | None = None,
    lapsed: Callable[[str], bool] = lambda party: False,
) -> list[ForRecipient]:
    """The judgement for each recipient of an event, in their order.

    `lapsed` says whether an agreement with a party is no longer in force; it only names a misfit.
    `encrypted` is True where the content travels under a key of the company's, None where nobody
    said (what could be read without a key then counts as clear).
    """
    told = []
    for address in event.recipients:
        alone = replace(event, recipients=(address,), recipient_class="")
        if designation is None or not finding.dataset_id:
            kind = _unregistered_kind(organisation, event, address)
            judged = judge_finding(
                finding, None, replace(alone, recipient_class=kind), document, pack
            )
            told.append(ForRecipient(address, kind, judged))
        else:
            told.append(
                _registered(
                    finding, designation, alone, document, pack, own_records, encrypted, lapsed
                )
            )
    return told


def worst(judged: Sequence[ForRecipient]) -> ForRecipient:
    """The recipient that is gravest: by exposure, then legal severity, then duties touched."""
    return max(
        judged,
        key=lambda item: (
            not item.judgement.exemption,
            _RANK[item.judgement.exposure],
            _RANK[item.judgement.legal],
            len(item.judgement.obligations),
        ),
    )


def together(judged: Sequence[ForRecipient]) -> Judgement:
    """One judgement for all recipients: the worst one's, with the duties that any touched."""
    gravest = worst(judged).judgement
    duties: dict[str, ObligationState] = {}
    for item in judged:
        for duty in item.judgement.obligations:
            before = duties.get(duty.id)
            if before is None:
                duties[duty.id] = duty
                continue
            graver = max(before, duty, key=lambda one: _STATES[one.state])
            triggers = tuple(sorted({*before.triggers, *duty.triggers}))
            duties[duty.id] = replace(graver, triggers=triggers)
    return replace(
        gravest,
        obligations=tuple(duties[name] for name in sorted(duties)),
        acts=_joined(item.judgement.acts for item in judged),
        facts_to_establish=_joined(
            (gravest.facts_to_establish, *(item.judgement.facts_to_establish for item in judged))
        ),
        legal=max((item.judgement.legal for item in judged), key=lambda one: _RANK[one]),
    )


def _joined(parts: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for part in parts for name in part))


def _registered(
    finding: Finding,
    designation: Designation,
    event: Event,
    document: Document,
    pack: Pack,
    own_records: OwnRecords,
    encrypted: bool | None,
    lapsed: Callable[[str], bool],
) -> ForRecipient:
    address = event.recipients[0]
    found = one(address, designation, event, finding)
    split = _split(finding, found, address, designation, own_records)
    kind, misfits = _settled(found, split, designation, event, finding, address)
    if "no_agreement" in misfits and found.party is not None and lapsed(found.party.id):
        misfits = tuple("date" if code == "no_agreement" else code for code in misfits)
    seen = split.others if split.foreign else finding
    judged = judge_finding(seen, designation, replace(event, recipient_class=kind), document, pack)
    changed = recipient_facts(split.foreign, designation, event, found, kind, encrypted, seen)
    return ForRecipient(
        address,
        kind,
        _rejudged(judged, changed, pack, misfits),
        found.party.id if found.party else "",
        split.own,
        split.foreign,
        misfits,
    )


@dataclass(frozen=True, slots=True)
class _Split:
    """A finding divided into the recipient's own records and those of others."""

    own: frozenset[int] | None
    foreign: frozenset[int] | None
    others: Finding = field(repr=False)


def _split(
    finding: Finding,
    found: Recipient,
    address: str,
    designation: Designation,
    own_records: OwnRecords,
) -> _Split:
    ids = frozenset(unpack_ids(finding.record_ids))
    if found.kind == "owner_of_data":
        return _Split(ids, frozenset(), finding)
    if found.kind not in ("customer_self", "unknown_external") or not ids:
        return _Split(None, None, finding)
    own = own_records(designation.id, plain(address), found.party)
    if own is None:
        return _Split(None, None, finding)
    foreign = ids - own
    if not foreign:
        return _Split(ids, foreign, finding)
    return _Split(ids & own, foreign, without(finding, own))


def _settled(
    found: Recipient,
    split: _Split,
    designation: Designation,
    event: Event,
    finding: Finding,
    address: str,
) -> tuple[str, tuple[str, ...]]:
    """The class of a recipient once it is known whose records these are."""
    if found.kind == "unknown_external" and split.foreign is not None and not split.foreign:
        return "customer_self", ()
    if found.kind == "customer_self" and split.foreign:
        if found.party is None:
            return "external_unauthorised", ("others",)
        misfits = fit(address, found.party, designation, event, finding)
        kind = "external_unauthorised" if misfits else "external_authorised"
        return kind, (*misfits, "others") if misfits else ()
    return found.kind, found.misfits


def _rejudged(
    judged: Judgement, changed: dict[str, Value | None], pack: Pack, misfits: tuple[str, ...]
) -> Judgement:
    """A judgement with some of its facts replaced, decided again."""
    before = dict(_read_facts(judged.facts))
    after = {name: value for name, value in {**before, **changed}.items() if value is not None}
    if after == before:
        return judged
    verdict = decide(after, pack)
    told = [(name, text) for name, text in judged.facts if name not in FACTS and name != "points"]
    shown = [(name, _text(verdict.facts[name])) for name in sorted(verdict.facts)]
    told = [pair for pair in told if pair[0] not in verdict.facts and pair[0] != "misfit"]
    told += [("misfit", code) for code in misfits]
    return replace(
        judged,
        obligations=verdict.obligations,
        acts=verdict.acts,
        third_party=verdict.third_party,
        exemption=verdict.exemption or "",
        exposure=verdict.exposure,
        legal=verdict.legal,
        facts_to_establish=verdict.questions,
        facts=(*shown, *told, ("points", str(verdict.points))),
    )


def _read_facts(shown: Iterable[tuple[str, str]]) -> Iterable[tuple[str, Value]]:
    """The facts of a judgement, back from their shown form."""
    for name, text in shown:
        fact = FACTS.get(name)
        if fact is None:
            continue
        if fact.kind == "truth":
            yield name, text == "true"
        elif fact.kind == "count":
            yield name, int(text)
        else:
            yield name, float(text) if fact.kind == "share" else text


def _text(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _unregistered_kind(organisation: Organisation, event: Event, address: str) -> str:
    """The class of a recipient of a list that nobody registered."""
    party = party_of(organisation, address)
    if party is not None:
        return _PLAIN_KINDS.get(party.kind, "external_unauthorised")
    person = person_of(organisation, event.actor or event.sender)
    private = person.private_addresses if person else ()
    if plain(address) in {one.casefold() for one in private}:
        return "own_personal"
    known = any(item.kind == "self" and item.domains for item in organisation.parties)
    same = domain_of(plain(address)) == domain_of(plain(event.sender))
    return "internal_authorised" if same and not known and event.sender else "unknown_external"
