import json
from datetime import date
from pathlib import Path

import pytest

from scanner.model.errors import DossierError
from scanner.model.rule import Column, FieldKind, Role
from scanner.registry.designation import SourceFigures
from scanner.registry.dossier import Dossier, load_dossier
from scanner.registry.draft import dossier_text, write_dossier
from scanner.registry.overrule import overrule, spec_for
from scanner.registry.publicity import Publicity

SAMPLE = """
dataset:
  id: DS-001
  title: 华东客户档案 / East China customers
  claim_kind: both
  level: core
  owner_kind: own
  secret_points: "trading habits, terms and decision makers of the records of region=east"
  confidential_basis: [rule, contract]
  fields:
    - {name: org, role: identity, pi: none}
    - {name: mobile, role: contact, pi: C, strong: true}
    - {name: habit, role: deep, claimed: true}
  conditions:
    secrecy:  {status: unproven, method: measured, proposal: proposed_met, source: [PUB], evidence: [EV-7], assessor: null}
    value:    {status: met, method: reviewed, assessor: counsel-1, as_of: 2026-03-01, evidence: [EV-3]}
    measures:
      - {code: M1, scope: class, start: 2024-02-01, evidence: [EV-1]}
      - {code: M4, scope: dataset, start: 2024-03-01, evidence: [EV-9-acl], observed: confirmed}
  authorised: [{role: sales_manager, actions: [read, export], max_records: 200, channels: [crm], purpose: account work}]
  review_due: 2027-03-01
"""
COLUMNS = (
    Column("org", FieldKind.COMPANY, Role.IDENTITY),
    Column("mobile", FieldKind.PHONE, Role.CONTACT),
    Column("habit", FieldKind.TEXT, Role.NONE),
)


def load(tmp_path: Path, text: str, **more) -> Dossier:
    path = tmp_path / "dossier.yaml"
    path.write_text(text, encoding="utf-8")
    return load_dossier(path, **more)


def test_the_sample_is_read(tmp_path):
    dossier = load(tmp_path, SAMPLE)
    assert dossier.id == "DS-001"
    assert [basis.kind for basis in dossier.confidential_basis] == ["rule", "contract"]
    assert [measure.code for measure in dossier.conditions.measures] == ["M1", "M4"]
    assert dossier.conditions.value.as_of == date(2026, 3, 1)
    assert dossier.review_due == date(2027, 3, 1)


def test_a_title_is_enough(tmp_path):
    dossier = load(tmp_path, "title: 客户\n")
    assert dossier.title == "客户"
    assert dossier.conditions.secrecy.status == "unproven"
    assert dossier.conditions.measures is None


def test_a_dossier_survives_being_stored(tmp_path):
    dossier = load(tmp_path, SAMPLE)
    stored = json.loads(json.dumps(dossier.model_dump(mode="json", exclude_defaults=True)))
    assert Dossier.model_validate(stored) == dossier


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("title: x\nlevl: core\n", [":2:", "levl", "no such key"]),
        ("titel: x\n", [":1:", "titel", "no such key"]),
        ("level: core\n", ["title", "must be given"]),
        ("title: ''\n", [":1:", "title"]),
        ("title: x\nlevel: secret\n", [":2:", "level", "'core'"]),
        ("title: x\nlevel: 机密\n", [":2:", "level"]),
        ("title: x\nlegal_hold: yes\n", [":2:", "legal_hold"]),
        ("title: x\nreview_due: soon\n", [":2:", "review_due", "2026-03-01"]),
        ("title: x\nreview_due: 2026-02-30\n", [":2:", "review_due"]),
        ("title: x\nconditions:\n  secrecy: {status: met}\n", [":3:", "conditions.secrecy", "named person"]),
        ("title: x\nconditions:\n  secrecy:\n    status: met\n    assessor: ''\n", [":3:", "named person"]),
        ("title: x\nconditions:\n  value: {status: not_met}\n", [":3:", "conditions.value", "named person"]),
        ("title: x\nconditions:\n  measures:\n    - {code: M8}\n", [":4:", "measures[1].code"]),
        ("title: x\nconditions:\n  measures:\n    - {code: M1, start: 2026-02-01, end: 2026-01-01}\n", [":4:", "end", "before it starts"]),
        ("title: x\nevidence:\n  - {id: E, kind: cost, made_at: 2026-07-01}\n", [":3:", "evidence[1].made_at", "future"]),
        ("title: x\nevidence:\n  - {id: E, kind: cost}\n  - {id: E, kind: log}\n", [":4:", "evidence[2].id", "twice"]),
        ("title: x\nevidence:\n  - {id: E, kind: gossip}\n", [":3:", "evidence[1].kind"]),
        ("title: x\nevidence:\n  - {id: E, kind: cost, sha256: abc}\n", [":3:", "sha256"]),
        ("title: x\ncolumns:\n  - {name: a, kind: fone}\n", [":3:", "columns[1].kind"]),
        ("title: x\ncolumns:\n  - {name: a}\n  - {name: a}\n", ["'a'", "twice"]),
        ("title: x\ncolumns: []\nfields: []\n", [":3:", "`columns` or `fields`"]),
        ("title: x\nmatch: {minimum_fields: 0}\n", [":2:", "match.minimum_fields"]),
        ("title: x\nconfidential_basis: [custom]\n", [":2:", "confidential_basis[1].kind"]),
        ("title: x\nconfidential_basis:\n  - {kind: rule, from: 2026-02-01, to: 2026-01-01}\n", [":3:", "before it starts"]),
        ("title: x\nreleased_at: 2026-01-01\n", ["released_reason"]),
        ("title: x\ntitle: y\n", [":2:", "'title'", "twice"]),
        ("dataset: {title: x}\npack: CN\n", [":2:", "pack", "no such key"]),
        ("dataset: [x]\n", [":1:", "dataset"]),
        ("- x\n", [":1:"]),
        ("", [":1:"]),
        ("title: [x\n", [":2:", "not valid YAML"]),
        ("title: 'x\n", ["not valid YAML"]),
        ("title: !!python/object:os.system x\n", [":1:", "tags"]),
        ("a: &a [x, x]\nb: &b [*a, *a]\n", [":1:", "aliases"]),
        ("title: x\n---\ntitle: y\n", [":2:", "second document"]),
        ("title: x\n<<: {level: core}\n", [":2:", "merge"]),
        ("? [a]\n: b\n", [":1:", "plain text"]),
        ("title: " + "[" * 60 + "]" * 60 + "\n", [":1:", "deeper"]),
        ("title: \x01\n", ["not valid YAML"]),
    ],
)  # fmt: skip
def test_a_wrong_dossier_is_refused_with_file_line_and_key(tmp_path, text, parts):
    with pytest.raises(DossierError) as caught:
        load(tmp_path, text, today=date(2026, 6, 1))
    told = str(caught.value)
    assert str(tmp_path / "dossier.yaml") in told
    assert "\n" not in told
    for part in parts:
        assert part in told


def test_a_file_that_cannot_be_read_is_refused(tmp_path):
    with pytest.raises(DossierError, match="cannot be read"):
        load_dossier(tmp_path / "none.yaml")
    path = tmp_path / "latin.yaml"
    path.write_bytes(b"title: x\nid: caf\xe9\n")
    with pytest.raises(DossierError, match=":2: not UTF-8"):
        load_dossier(path)
    path.write_bytes(b"#" * ((1 << 20) + 1))
    with pytest.raises(DossierError, match="larger than 1 MiB"):
        load_dossier(path)


def test_a_message_never_holds_what_stood_there(tmp_path):
    with pytest.raises(DossierError) as caught:
        load(tmp_path, "title: x\nlevel: 13800138000\nrecord_count: 王小明\n")
    assert "13800138000" not in str(caught.value)
    assert "王小明" not in str(caught.value)


def test_yes_and_no_are_text_and_a_bare_number_is_an_id(tmp_path):
    dossier = load(tmp_path, "title: no\nid: 7\nbusiness_owner: yes\n")
    assert (dossier.title, dossier.id, dossier.business_owner) == ("no", "7", "yes")


def test_the_dossier_overrules_columns(tmp_path):
    spec = spec_for("DS-001", COLUMNS, load(tmp_path, SAMPLE))
    assert [column.role for column in spec.columns] == [Role.IDENTITY, Role.CONTACT, Role.DEEP]
    assert [column.strong for column in spec.columns] == [False, True, False]
    assert [column.claimed for column in spec.columns] == [False, False, True]
    assert [column.pi for column in spec.columns] == ["none", "C", "none"]
    assert [column.kind for column in spec.columns] == [c.kind for c in COLUMNS]


def test_columns_may_be_a_mapping_and_are_checked(tmp_path):
    dossier = load(tmp_path, "title: x\ncolumns:\n  mobile: {indexed: false}\n  habit:\n")
    assert [column.indexed for column in overrule(COLUMNS, dossier)] == [True, False, True]
    unknown = load(tmp_path, "title: x\ncolumns: {mobil: {strong: true}}\n")
    with pytest.raises(DossierError, match="'mobil'"):
        overrule(COLUMNS, unknown)


def test_the_match_rule_comes_from_the_dossier(tmp_path):
    text = "title: x\nmatch: {minimum_fields: 3, minimum_records: 5, mandatory: org, never: [[org, habit]]}\n"
    rule = spec_for("x", COLUMNS, load(tmp_path, text)).rule
    assert (rule.minimum_fields, rule.minimum_records, rule.mandatory) == (3, 5, ("org",))
    assert rule.never == (frozenset({"org", "habit"}),)
    with pytest.raises(DossierError, match="'city'"):
        spec_for("x", COLUMNS, load(tmp_path, "title: x\nmatch: {mandatory: [city]}\n"))


PUBLICITY = Publicity(10, ("pub 1",), 100, 0.85, 0.5, 0.6, 0.9, 0.1, "proposed_met", "deep")


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("publicity", [None, PUBLICITY])
def test_the_draft_is_read_back_and_asks_for_what_is_open(tmp_path, lang, publicity):
    columns = (Column('wei\x85rd "名"\u2028', FieldKind.COMPANY, Role.IDENTITY), *COLUMNS)
    path = write_dossier(
        tmp_path / "d.yaml", "crm", "客户: #1 'x'", columns, records=10,
        source=SourceFigures("a.csv", "0" * 64, 5, 10), publicity=publicity,
        today=date(2026, 6, 1), lang=lang,
    )  # fmt: skip
    dossier = load_dossier(path, today=date(2026, 6, 1))
    assert (dossier.id, dossier.title, dossier.record_count) == ("crm", "客户: #1 'x'", 10)
    assert overrule(columns, dossier) == columns
    assert dossier.conditions.secrecy.status == "unproven"
    assert dossier.conditions.measures is None
    text = path.read_text(encoding="utf-8")
    assert text.count("# ?") >= 7
    if publicity:
        assert dossier.conditions.secrecy.proposal == "proposed_met"
        assert "50.0%" in text and "60.0%" in text


def test_the_draft_with_every_comment_opened_is_still_a_dossier(tmp_path):
    """Taking the # away from the offered lines gives a dossier that loads."""
    text = dossier_text("crm", "t", COLUMNS, records=3, publicity=PUBLICITY, lang="en")
    lines, offered = [], 0
    for line in text.splitlines():
        bare = line.lstrip()
        indent = line[: len(line) - len(bare)]
        inner = bare[2:] if bare.startswith("# ") else ""
        head = inner.lstrip()
        if head.startswith("- {") or (": " in head + " " and head.split(":")[0].isidentifier()):
            known = head.startswith("- {") or head.split(":")[0] in OFFERED
            if known:
                offered += 1
                line = indent + inner
        lines.append(line)
    dossier = load(tmp_path, "\n".join(lines) + "\n", today=date(2027, 1, 1))
    assert offered >= 20
    assert dossier.conditions.measures[0].code == "M1"
    assert dossier.authorised[0].max_records == 200


OFFERED = {
    "owner_kind", "owner_party", "promise_agreement", "level", "claim_kind", "secret_points",
    "business_owner", "designated_by", "designated_at", "review_due", "confidential_basis",
    "assessor", "as_of", "reason", "evidence", "measures", "approved_locations", "authorised",
    "canary_ids",
}  # fmt: skip


def test_a_dossier_that_stands_is_never_written_over(tmp_path):
    path = tmp_path / "d.yaml"
    path.write_text("title: mine\n", encoding="utf-8")
    for _ in range(2):
        beside = write_dossier(path, "crm", "t", COLUMNS, records=1)
        assert beside == tmp_path / "d.new.yaml"
    assert path.read_text(encoding="utf-8") == "title: mine\n"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["d.new.yaml", "d.yaml"]
