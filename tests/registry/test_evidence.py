"""Evidence as of an event: what is backdated shows."""

from datetime import date

from scanner.home import open_home
from scanner.model.rule import Column, DatasetSpec, FieldKind
from scanner.registry.dossier import Dossier
from scanner.registry.evidence import evidence_rows, measure_rows
from scanner.registry.registry import Registry
from scanner.registry.told import assessment_data, assessment_lines

SPEC = DatasetSpec("crm", (Column("org", FieldKind.COMPANY),))
LONG_AGO, FAR_AHEAD = date(2020, 1, 1), date(2200, 1, 1)


def dossier(**more):
    return Dossier.model_validate({"title": "x", **more})


def test_a_measure_backdated_in_the_registry_shows_when_it_was_written_down(tmp_path):
    """Property (iii), for measures."""
    registry = Registry.open(open_home(tmp_path))
    registry.add(SPEC, dossier(), records=1)
    measures = [
        {
            "code": "M4",
            "scope": "dataset",
            "start": "2019-01-01",
            "evidence": ["acl"],
            "text": "ACL",
        },
        {"code": "M1", "start": "2019-06-01", "end": "2019-12-31", "evidence": ["nda"]},
    ]
    registry.update("crm", dossier=dossier(conditions={"measures": measures}))
    first, second = measure_rows(registry, "crm", LONG_AGO)
    assert (first.code, first.in_force, second.code, second.in_force) == ("M1", False, "M4", True)
    assert first.recorded_after_event and second.recorded_after_event
    written = second.first_recorded_at
    registry.update("crm", records=2)
    again = measure_rows(registry, "crm", FAR_AHEAD)[1]
    assert (again.first_recorded_at, again.recorded_after_event) == (written, False)
    assert measure_rows(registry, "none", LONG_AGO) == []


def test_evidence_described_and_only_named(tmp_path):
    registry = Registry.open(open_home(tmp_path))
    text = dossier(
        evidence=[
            {
                "id": "cost",
                "kind": "cost",
                "supports": ["value"],
                "made_at": "2020-01-02",
                "seal": "tsa",
            },
            {"id": "acl", "kind": "acl_snapshot", "made_at": "2020-01-01"},
        ],
        conditions={
            "value": {"evidence": ["cost", "lost"]},
            "measures": [{"code": "M4", "evidence": ["acl"]}],
        },
    )
    rows = {row.id: row for row in evidence_rows(registry.add(SPEC, text, records=1), LONG_AGO)}
    assert sorted(rows) == ["acl", "cost", "lost"]
    assert rows["cost"].made_after_event and not rows["acl"].made_after_event
    assert (rows["acl"].supports, rows["lost"].described) == (("M4",), False)
    assert rows["cost"].seal == "tsa"


def test_an_assessment_can_be_told_and_read_by_a_program(tmp_path):
    registry = Registry.open(open_home(tmp_path))
    registry.add(SPEC, dossier(review_due="2021-01-01", confidential_basis=["rule"]), records=1)
    assessment = registry.assess("crm", date(2026, 6, 1))
    zh, en = (assessment_lines(assessment, lang) for lang in ("zh", "en"))
    assert len(zh) == len(en)
    assert "待定" in zh[0] and "open" in en[0]
    assert any("add-public" in line for line in en)
    assert any("review" in line and "Overdue" in line for line in en)
    data = assessment_data(assessment)
    assert data["status"] == "ts_unproven"
    assert data["secrecy"]["missing"] == ["public_source", "secrecy_signature"]
    assert data["overdue"] == ["review_due"]
    assert data["publicity"] is None
