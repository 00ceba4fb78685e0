"""Findings judged out of a registry: the scenarios again, their facts not typed in but looked up."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from scanner.home import open_home
from scanner.judge.burden import burden_notes
from scanner.judge.explain import explain
from scanner.judge.judge import judge_finding
from scanner.judge.pack import load_pack
from scanner.model.document import Document, Provenance, Readers
from scanner.model.examined import Examined
from scanner.model.finding import Finding, Method
from scanner.model.incident import Event, Incident, Severity
from scanner.model.outcome import Outcome
from scanner.model.rule import Column, DatasetSpec, FieldKind, Role
from scanner.registry.dossier import Dossier
from scanner.registry.publicity import Publicity
from scanner.registry.registry import Registry

PACK = load_pack("CN")
BANNED = re.compile(
    r"\b(stole|guilty|violated|infringed)\b|窃取|泄密者|已构成|违法|有罪", re.IGNORECASE
)
AT = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)
SPEC = DatasetSpec(
    "crm",
    (
        Column("org", FieldKind.COMPANY, Role.IDENTITY),
        Column("contact", FieldKind.PERSON, Role.CONTACT, pi="C"),
        Column("mobile", FieldKind.PHONE, Role.CONTACT, strong=True, pi="C"),
        Column("habit", FieldKind.TEXT, Role.DEEP),
    ),
)
SIGNED = {"status": "met", "assessor": "counsel-1", "evidence": ["EV-1"]}
MEASURES = [
    {"code": code, "scope": "class", "start": "2025-01-01", "evidence": ["EV-2"]}
    for code in ("M1", "M2", "M4", "M5")
]
BASE = {
    "title": "华东客户",
    "level": "ordinary",
    "owner_kind": "own",
    "conditions": {"secrecy": SIGNED, "value": SIGNED, "measures": MEASURES},
    "approved_locations": ["/srv/crm"],
    "authorised": [{"role": "sales", "actions": ["read"]}],
}
ORGANISATION = """
parties:
  - {id: us, kind: self, domains: [corp.example]}
  - {id: rival, kind: competitor, domains: [rival.example], linked_persons: [li]}
  - {id: proc, kind: processor, domains: [proc.example]}
  - {id: maker, kind: supplier, domains: [maker.example]}
  - {id: labour, kind: authority, domains: [labour.gov.example]}
  - {id: client, kind: customer, domains: [client.example]}
  - {id: giver, kind: third_party_owner, domains: [giver.example]}
persons:
  - {id: ann, roles: [sales], status: active, accounts: [ann@corp.example], private_addresses: [ann@home.example]}
  - {id: li, roles: [sales], notice_from: 2026-05-20, accounts: [li@corp.example], private_addresses: [li@home.example]}
  - {id: bo, roles: [clerk], status: active, accounts: [bo@corp.example]}
  - {id: boss, roles: [sales], relation: director_or_senior, status: active, accounts: [boss@corp.example]}
  - {id: sworn, roles: [sales], status: active, accounts: [sworn@corp.example], agreements: [emp]}
  - {id: old, roles: [sales], left_on: 2026-01-31, accounts: [old@corp.example], private_addresses: [old@home.example]}
agreements:
  - {id: nda, kind: processing, parties: [us, proc], datasets: [crm], from: 2026-01-01, to: 2026-06-30, max_records: 20000, channels: [mail]}
  - {id: emp, kind: employment, parties: [us, sworn], from: 2026-01-01, to: 2026-06-30}
rules:
  - {id: R2, applies_to: [clerk], allowed_channels: [paper], acknowledged_by: [bo]}
  - {id: R1, datasets: [crm], allowed_channels: [crm], allowed_places: [/srv/crm, internal_everyone], published_on: 2025-01-01}
authorisations:
  - {id: T1, dataset: crm, person: ann, ticket: RW-7, max_records: 50, channels: [mail], from: 2026-06-01, to: 2026-06-02}
"""


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    folder = tmp_path_factory.mktemp("home")
    registry = Registry.open(open_home(folder))
    registry.add(SPEC, records=10_000)
    path = folder / "org.yaml"
    path.write_text(ORGANISATION, encoding="utf-8")
    registry.load([path], today=date(2026, 6, 1))
    return registry


def found(records=10_000, **more):
    figures = {
        "nonpublic": records,
        "deep": records,
        "dataset_records": 10_000,
        "units": records,
        "containment": 1.0,
        "field_depth": 1.0,
        "field_counts": tuple((column.name, records) for column in SPEC.columns),
        **more,
    }
    return Finding(Method.EXACT, "crm", records, **figures)


def judged(registry, finding, *, dossier=None, publicity=None, readers=Readers.UNKNOWN,
           path="/tmp/x.csv", at=AT, **event):  # fmt: skip
    designation = registry.designation("crm", at)
    text = {**BASE, **(dossier or {})}
    entry = replace(designation.entry, dossier=Dossier.model_validate(text), publicity=publicity)
    document = Document(path, provenance=Provenance(readers=readers))
    act = Event(at, **event)
    return judge_finding(finding, replace(designation, entry=entry), act, document, PACK)


def mail(to, sender="ann@corp.example"):
    return {"kind": "send", "sender": sender, "actor": sender, "recipients": (to,)}


def short(judgement):
    return " ".join(
        f"{state.id}:{''.join(t[-1] for t in state.triggers)}:{state.state[:3]}"
        for state in judgement.obligations
    )


ALL_PUBLIC = Publicity(150, ("pub",), 200, 1.0, 1.0, 1.0, 0.0, 0.75, "not_met", "public", False, "2026-05-01")  # fmt: skip
UNPROVEN = {"conditions": {"measures": MEASURES}}
NO_RULE_NO_MEASURE = {
    "conditions": {"secrecy": SIGNED, "value": SIGNED, "measures": []},
    "confidential_basis": [],
}
LATE = [{"code": "M1", "scope": "dataset", "start": "2026-06-02", "evidence": ["EV-2"]}]
CLAUSE = [{"code": "M1", "scope": "dataset", "start": "2026-05-31", "evidence": ["EV-2"]}]

CASES = {
    "S01": (found(nonpublic=0, deep=0), {"dossier": {"confidential_basis": [], "conditions": {}}, "publicity": ALL_PUBLIC, **mail("x@nowhere.example")},
            ("ts_not_supported", "", "", "medium", "none")),
    "S02": (found(), {"dossier": NO_RULE_NO_MEASURE, **mail("x@rival.example")},
            ("ts_not_supported", "", "", "critical", "none")),
    "S02b": (found(), {"dossier": {"conditions": {**BASE["conditions"], "measures": CLAUSE}}, **mail("x@rival.example")},
             ("ts_supported", "", "O1:a:pot O2:a:pot O4:a:ind O5:c:pot", "critical", "critical")),
    "S02c": (found(), {"dossier": {"conditions": {**BASE["conditions"], "measures": LATE}}, **mail("x@rival.example")},
             ("ts_not_supported", "", "", "critical", "none")),
    "S03c": (found(), {"at": datetime(2026, 7, 1, tzinfo=UTC), **mail("x@proc.example")},
             ("ts_supported", "", "O1:a:pot O2:a:pot O5:c:pot", "critical", "critical")),
    "S05": (found(), mail("ann@home.example"),
            ("ts_supported", "", "O1:a:pot O2:r:ris O3:c:pot O5:b:pot", "critical", "critical")),
    "S05b": (found(40), mail("ann@home.example"),
             ("ts_supported", "X6", "", "none", "none")),
    "S05c": (found(40), mail("li@home.example", "li@corp.example"),
             ("ts_supported", "", "O1:a:pot O2:r:ris O3:c:pot O4:b:ind O5:b:pot", "high", "high")),
    "S06": (found(), {"dossier": {**UNPROVEN, "owner_kind": "third_party", "promise_agreement": "P"}, **mail("x@maker.example")},
            ("ts_unproven", "", "O1:a:pot O2:a:pot O5:c:pot", "critical", "critical")),
    "S07": (found(30), mail("x@rival.example", "li@corp.example"),
            ("ts_supported", "", "O1:a:pot O2:a:pot O4:abc:ind O5:c:pot", "critical", "critical")),
    "S08": (found(field_depth=0.97), mail("x@unknown.example"),
            ("ts_supported", "", "O1:a:pot O2:a:pot O5:c:pot", "critical", "critical")),
    "S09": (found(), {"readers": Readers.EVERYONE},
            ("ts_unproven", "", "O5:a:pot", "high", "high")),
    "S10": (found(), {"readers": Readers.PUBLIC},
            ("ts_supported", "", "O1:a:pot O2:ab:pot O5:a:pot", "critical", "critical")),
    "S11": (found(3000), {"path": "/srv/crm/x.csv", "kind": "copy", "actor": "bo@corp.example", "recipient_class": "internal_unauthorised"},
            ("ts_supported", "", "O1:ab:pot O3:a:pot", "high", "high")),
    "S12": (found(), {"path": "/srv/crm/list.xlsx", "readers": Readers.GROUP},
            ("ts_supported", "X7", "", "none", "none")),
    "S13": (found(200), mail("old@home.example"),
            ("ts_supported", "", "O1:a:pot O2:a:pot O5:c:pot", "critical", "critical")),
    "S14": (found(200), mail("x@labour.gov.example"),
            ("ts_supported", "X4", "", "none", "none")),
    "S15": (found(1, nonpublic=1, deep=0, containment=0.5), mail("x@unknown.example"),
            ("ts_supported", "X5", "", "none", "none")),
    "S16": (found(400, deep=0), {"dossier": UNPROVEN, **mail("x@maker.example")},
            ("ts_unproven", "", "O1:a:pot O2:a:pot O5:c:pot", "high", "high")),
    "S17": (found(nonpublic=0, deep=0), {"publicity": ALL_PUBLIC, **mail("x@maker.example")},
            ("ts_not_supported", "", "O1:a:pot O5:c:pot", "medium", "medium")),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_scenario_out_of_the_registry(registry, name):
    finding, how, (status, exemption, duties, exposure, legal) = CASES[name]
    judgement = judged(registry, finding, **how)
    assert judgement.trade_secret_status == status
    assert judgement.exemption == exemption
    assert short(judgement) == duties
    assert (judgement.exposure, judgement.legal) == (exposure, legal)
    assert judgement.facts_to_establish
    assert judgement.reportable is not bool(exemption)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_scenario_can_be_told(registry, name, lang):
    finding, how, (_, exemption, _, _, _) = CASES[name]
    judgement = judged(registry, finding, **how)
    incident = Incident(
        Document("/tmp/x.csv"),
        Examined("a.csv", "csv", 1, "", Outcome()),
        finding,
        Event(AT),
        judgement,
        dataset_title="华东客户",
    )
    lines = explain(incident, lang)
    text = "\n".join(lines)
    assert "/tmp/x.csv!a.csv" in lines[0]
    assert lines[-1] == getattr(PACK.file.wording["legal_note"], lang)
    for state in judgement.obligations:
        for trigger in state.triggers:
            assert f"({trigger}" in text or f"（{trigger}" in text
    if exemption:
        assert exemption in text
    assert "home.example" not in text
    assert not BANNED.search(text)
    if lang == "zh":
        assert "反不正当竞争法（2025）第39条（未经核实）" in text
        assert "AUCL" not in text
    else:
        assert "AUCL 2025 art. 39 (unverified)" in text


def test_an_agreement_in_force_covers_what_fits_it(registry):
    """S03: the processor's NDA; each single misfit takes the cover away and is named."""
    fits = judged(registry, found(), **mail("x@proc.example"))
    assert dict(fits.facts)["recipient.class"] == "external_authorised"
    cases = {
        "volume": {"finding": found(20_001, dataset_records=50_000)},
        "date": {"at": datetime(2025, 12, 31, tzinfo=UTC)},
        "channel": {"kind": "share"},
    }
    for misfit, how in cases.items():
        finding = how.pop("finding", found())
        event = {**mail("x@proc.example"), **how}
        facts = dict(judged(registry, finding, **event).facts)
        assert (facts["recipient.class"], facts["misfit"]) == ("external_unauthorised", misfit)
    facts = dict(judged(registry, found(), **mail("x@maker.example")).facts)
    assert facts["misfit"] == "no_agreement"


def test_the_worst_recipient_counts(registry):
    event = {**mail(""), "recipients": ("ann@corp.example", "x@client.example", "y@rival.example")}
    assert dict(judged(registry, found(), **event).facts)["recipient.class"] == "competitor"


def test_leave_for_oneself_does_not_extend_to_others(registry):
    """A remote-work ticket never covers a competitor, an unknown address or a larger volume."""
    for address in ("x@rival.example", "x@unknown.example", "x@maker.example", "old@home.example"):
        judgement = judged(registry, found(40), **mail(address))
        assert judgement.exemption == ""
        assert dict(judgement.facts)["approval.covers_event"] == "false"
    assert judged(registry, found(51), **mail("ann@home.example")).exemption == ""
    late = datetime(2026, 6, 3, tzinfo=UTC)
    assert judged(registry, found(40), at=late, **mail("ann@home.example")).exemption == ""


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("Ann <ANN@corp.example>", "internal_authorised"),
        ("bo@corp.example", "internal_unauthorised"),
        ("someone@sub.corp.example", "internal_unauthorised"),
        ("x@corp.example.evil.example", "unknown_external"),
        ("x@notcorp.example", "unknown_external"),
        ("old@corp.example", "external_unauthorised"),
        ("x@client.example", "customer_self"),
        ("x@giver.example", "owner_of_data"),
        ("bo", "unknown_external"),
    ],
)
def test_classes_of_recipients(registry, address, kind):
    facts = dict(judged(registry, found(), **mail(address)).facts)
    assert facts["recipient.class"] == kind


def test_a_document_whose_place_nobody_knows_is_still_reported(registry):
    judgement = judged(registry, found(), dossier={"approved_locations": []})
    assert judgement.reportable
    assert short(judgement) == "O1:a:pot"  # the rule names other places
    assert judgement.exposure is Severity.HIGH
    assert "location.class" in judgement.facts_to_establish


@pytest.mark.parametrize(
    ("path", "readers", "kind", "acl_ok"),
    [
        ("/srv/crm/a.xlsx", Readers.PRIVATE, "approved", "true"),
        ("/srv/crm", Readers.GROUP, "approved", "true"),
        ("/srv/crm/a.zip!b.csv", Readers.UNKNOWN, "approved", None),
        ("/srv/crm/a.xlsx", Readers.EVERYONE, "approved", "false"),
        ("/srv/crm2/a.xlsx", Readers.PRIVATE, "unapproved", "true"),
        ("/tmp/a.xlsx", Readers.UNKNOWN, "unapproved", None),
        ("/tmp/a.xlsx", Readers.EVERYONE, "internal_everyone", "false"),
        ("/tmp/a.xlsx", Readers.PUBLIC, "public_internet", "false"),
    ],
)
def test_classes_of_places(registry, path, readers, kind, acl_ok):
    facts = dict(judged(registry, found(), path=path, readers=readers).facts)
    assert (facts["location.class"], facts.get("location.acl_ok")) == (kind, acl_ok)


def test_without_a_dossier_the_report_is_still_useful(registry):
    designation = registry.designation("crm", AT)
    document = Document("/x", provenance=Provenance(readers=Readers.EVERYONE))
    judgement = judge_finding(found(), designation, Event(AT), document, PACK)
    assert judgement.trade_secret_status == "ts_unproven"
    assert judgement.exposure is Severity.HIGH
    assert "dataset.confidential" in judgement.facts_to_establish


def test_a_list_that_nobody_registered(registry):
    lines = Finding(Method.CUSTOMER_LIST, "", 500, label="customer_list", score=0.9)
    severities = {}
    for readers in (Readers.PRIVATE, Readers.EVERYONE, Readers.PUBLIC):
        document = Document("/x", provenance=Provenance(readers=readers))
        judgement = judge_finding(lines, None, Event(AT), document, PACK)
        severities[readers] = judgement.exposure
        assert judgement.trade_secret_status == ""
        assert judgement.legal is Severity.NONE
        unknown = () if readers is not Readers.PRIVATE else ("location.class",)
        assert judgement.facts_to_establish == ("register_or_dismiss", *unknown)
        assert judgement.reportable
        incident = Incident(
            document, Examined("", "csv", 1, "", Outcome()), lines, Event(AT), judgement
        )
        assert "500" in explain(incident, "zh")[0]
    assert list(severities.values()) == [Severity.MEDIUM, Severity.MEDIUM, Severity.CRITICAL]


def test_personal_information_stands_apart_from_the_status(registry):
    finding, how, _ = CASES["S01"]
    judgement = judged(registry, finding, **how)
    assert judgement.legal is Severity.NONE
    assert (judgement.pi_persons, judgement.pi_categories, judgement.pi_ratio) == (
        10_000,
        ("C",),
        2.0,
    )


def test_the_caller_may_know_better(registry):
    designation = registry.designation("crm", AT)
    entry = replace(designation.entry, dossier=Dossier.model_validate(BASE))
    event = Event(AT, **mail("x@client.example"))
    args = (found(60), replace(designation, entry=entry), event, Document("/m"), PACK)
    assert judge_finding(*args).exemption == ""
    assert judge_finding(*args, known={"match.foreign_records": 0}).exemption == "X1b"
    others = judge_finding(*args, known={"match.foreign_records": 3})
    assert short(others) == "O1:a:pot O2:a:pot O5:c:pot"


def test_the_same_again_gives_the_same(registry):
    """Property (vi)."""
    for finding, how, _ in CASES.values():
        assert judged(registry, finding, **how) == judged(registry, finding, **how)


def test_a_registered_document_counts_as_one_and_a_selection_by_its_names(registry):
    page = Finding(Method.DOCUMENT, "crm", 400, dataset_records=1000)
    facts = dict(judged(registry, page, **mail("x@rival.example")).facts)
    assert (facts["match.nonpublic"], facts["match.nonpublic_share"]) == ("1", "0.4")
    names = Finding(
        Method.SELECTION, "crm", 120, dataset_records=10_000,
        selection_universe=200_000, selection_universe_hits=130,
    )  # fmt: skip
    judgement = judged(registry, names, **mail("x@rival.example"))
    assert judgement.similarity == "partial"
    assert "edge_of_selection" in judgement.facts_to_establish
    assert dict(judgement.facts)["match.nonpublic"] == "120"


@pytest.mark.parametrize(
    ("name", "states"),
    [
        ("S07", {"measures": "held", "access": "held", "same": "held", "risk": "held"}),
        ("S02", {"measures": "open", "access": "held", "same": "held", "risk": "held"}),
        ("S09", {"measures": "partly", "access": "open", "same": "held", "risk": "partly"}),
        ("S15", {"measures": "held", "access": "held", "same": "open", "risk": "held"}),
    ],
)
def test_what_the_record_holds_for_the_burden(registry, name, states):
    finding, how, _ = CASES[name]
    event = Event(
        how.get("at", AT),
        **{k: how[k] for k in ("kind", "sender", "actor", "recipients") if k in how},
    )
    incident = Incident(
        Document("/x"), Examined("", "csv", 1, "", Outcome()), finding, event,
        judged(registry, finding, **how),
    )  # fmt: skip
    assert {note.id: note.state for note in burden_notes(incident)} == states


@pytest.mark.parametrize("name", ["EU", "US", "INT"])
def test_other_packs_judge_and_tell(registry, name):
    pack = load_pack(name)
    designation = registry.designation("crm", AT)
    entry = replace(designation.entry, dossier=Dossier.model_validate(BASE))
    event = Event(AT, **mail("x@rival.example"))
    judgement = judge_finding(
        found(30), replace(designation, entry=entry), event, Document("/m"), pack
    )
    assert judgement.pack.startswith(f"{name} ")
    assert judgement.pi_ratio == 0.0
    incident = Incident(
        Document("/m"), Examined("", "eml", 1, "", Outcome()), found(30), event, judgement
    )
    for lang in ("zh", "en"):
        text = "\n".join(explain(incident, lang))
        assert ("未经核实" if lang == "zh" else "unverified") in text
        assert not BANNED.search(text)
    assert ("72" in text) is (name == "EU")


def test_a_person_may_be_bound_whatever_the_dossier_says(registry):
    """Directors by law, others by their own contract or a rule they acknowledged, on that day."""

    def bound(sender, at=AT):
        judgement = judged(
            registry, found(), dossier=NO_RULE_NO_MEASURE, at=at, **mail("x@rival.example", sender)
        )
        facts = dict(judgement.facts)
        return facts["dataset.confidential"], facts.get("basis", ""), bool(judgement.obligations)

    assert bound("ann@corp.example") == ("false", "", False)
    assert bound("boss@corp.example") == ("true", "law", True)
    assert bound("sworn@corp.example") == ("true", "contract", True)
    assert bound("sworn@corp.example", datetime(2026, 7, 1, tzinfo=UTC)) == ("false", "", False)
    assert bound("bo@corp.example") == ("true", "rule", True)


def test_a_rule_for_some_people_applies_to_them_only(registry):
    def rule(sender):
        facts = dict(judged(registry, found(), **mail("x@rival.example", sender)).facts)
        return facts.get("protection.required_missing"), facts["rule.allows_channel"]

    assert rule("bo@corp.example")[1] == "false"
    designation = registry.designation("crm", AT)
    only = tuple(row for row in designation.organisation.rules if row.id == "R2")
    organisation = replace(designation.organisation, rules=only)
    narrowed = replace(designation, organisation=organisation)
    for sender, applies in (("bo@corp.example", "true"), ("ann@corp.example", "false"), ("", None)):
        event = Event(AT, **mail("x@rival.example", sender))
        facts = dict(judge_finding(found(), narrowed, event, Document("/m"), PACK).facts)
        assert facts.get("rule.applies") == applies


def test_where_a_message_lay_says_nothing_of_the_act(registry):
    """A message checked from a folder that everybody can read is no open share."""
    sent = judged(registry, found(), readers=Readers.EVERYONE, **mail("x@rival.example"))
    assert sent.trade_secret_status == "ts_supported"
    assert "location.class" not in dict(sent.facts)
    watched = judged(registry, found(), kind="store", location_class="internal_everyone")
    assert watched.trade_secret_status == "ts_unproven"
