from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from scanner.home import open_home
from scanner.model.errors import DossierError, HomeError, UsageError
from scanner.model.rule import Column, DatasetSpec, FieldKind, RecordRule, Role
from scanner.registry.designation import SourceFigures
from scanner.registry.dossier import Dossier
from scanner.registry.registry import Registry

COLUMNS = (
    Column("org", FieldKind.COMPANY, Role.IDENTITY),
    Column("mobile", FieldKind.PHONE, Role.CONTACT, strong=True, pi="C"),
)
RULE = RecordRule(3, 40, 2, ("org",), (frozenset({"org", "mobile"}), frozenset({"org"})))
SPEC = DatasetSpec("crm", COLUMNS, RULE)


@pytest.fixture
def home(tmp_path):
    return open_home(tmp_path / "home")


def dossier(**more):
    return Dossier.model_validate({"title": "客户", **more})


def write(tmp_path: Path, text: str, name: str = "org.yaml") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_an_empty_registry(home):
    registry = Registry.open(home)
    assert (registry.datasets(), registry.publics(), registry.version) == ([], [], "empty")
    assert registry.get("crm") is None
    assert registry.designation("crm") is None
    with pytest.raises(UsageError, match="'crm'"):
        registry.assess("crm")


def test_an_entry_comes_back_whole(home):
    written = Registry.open(home).add(
        SPEC, dossier(level="core"), records=12, source=SourceFigures("a.csv", "0" * 64, 9, 12)
    )
    read = Registry.open(home).get("crm")
    assert read == written
    assert read.spec == SPEC
    assert (read.title, read.form, read.records, read.version) == ("客户", "table", 12, 1)


def test_ids_are_taken_once_and_belong_to_their_dossier(home):
    registry = Registry.open(home)
    registry.add(SPEC, records=1)
    with pytest.raises(UsageError, match="registered already"):
        registry.add(SPEC, records=1)
    with pytest.raises(UsageError, match="registered already"):
        registry.add_public(SPEC, source_text="x", as_of=date(2026, 1, 1), records=1)
    with pytest.raises(UsageError, match="'other'"):
        registry.add(DatasetSpec("new", COLUMNS), dossier(id="other"), records=1)
    with pytest.raises(UsageError):
        registry.update("none", records=2)
    with pytest.raises(UsageError):
        registry.remove("none")


def test_datasets_and_public_directories_are_apart(home):
    registry = Registry.open(home)
    registry.add(SPEC, records=1)
    registry.add_public(
        DatasetSpec("pub", COLUMNS), source_text="city", as_of=date(2026, 3, 1), records=7
    )
    assert [entry.id for entry in registry.datasets()] == ["crm"]
    (public,) = registry.publics()
    assert (public.id, public.spec.public, public.public_source) == ("pub", True, "city")
    assert public.as_of == date(2026, 3, 1)
    with pytest.raises(UsageError):
        registry.assess("pub")


def test_every_write_changes_the_version_and_reading_does_not(home):
    registry = Registry.open(home)
    versions = [registry.version]
    registry.add(SPEC, records=1)
    versions.append(registry.version)
    registry.update("crm", records=2)
    versions.append(registry.version)
    registry.remove("crm")
    versions.append(registry.version)
    assert len(set(versions)) == 4
    assert Registry.open(home).version == versions[-1]


def test_valid_time_and_recorded_time(home):
    registry = Registry.open(home)
    registry.add(SPEC, dossier(level="ordinary"), records=1)
    registry.update("crm", dossier=dossier(level="core"), valid_from=date(2026, 6, 1))
    between = datetime.now(UTC).isoformat(timespec="microseconds")
    registry.update("crm", dossier=dossier(level="internal"))

    def level(day, **more):
        return registry.get("crm", day, **more).dossier.level

    assert level(date(2026, 5, 31)) == "internal"
    assert level(date(2026, 5, 31), known_at=between) == "ordinary"
    assert level(date(2026, 6, 1), known_at=between) == "core"
    assert registry.get("crm").version == 3
    assert [entry.version for entry in registry.versions("crm")] == [1, 2, 3]


def test_a_removed_dataset_is_gone_but_its_history_stays(home):
    registry = Registry.open(home)
    registry.add(SPEC, records=1)
    registry.remove("crm", "sold")
    assert registry.get("crm") is None
    assert registry.datasets() == []
    assert registry.designation("crm", date(2026, 1, 1)) is None
    assert [row.op for row in registry.history] == ["set", "remove"]
    registry.add(SPEC, records=5)
    assert registry.get("crm").records == 5


def test_a_designation_before_the_first_version_is_the_first_version(home):
    registry = Registry.open(home)
    registry.add(SPEC, dossier(), records=1)
    registry.update("crm", records=9, valid_from=date(2026, 6, 1))
    assert registry.designation("crm", date(1999, 1, 1)).entry.records == 1
    assert registry.designation("crm", date(2026, 7, 1)).entry.records == 9


def test_a_slower_writer_is_told(home):
    first, second = Registry.open(home), Registry.open(home)
    first.add(SPEC, records=1)
    with pytest.raises(HomeError, match="another leakscan"):
        second.add(DatasetSpec("other", COLUMNS), records=1)
    second.reload()
    second.add(DatasetSpec("other", COLUMNS), records=1)
    assert [entry.id for entry in second.datasets()] == ["crm", "other"]


ORGANISATION = """
parties:
  - {id: us, kind: self, name: 我方, domains: [corp.example]}
  - {id: rival, kind: competitor, domains: [rival.example], linked_persons: [li]}
  - {id: proc, kind: processor, domains: [proc.example]}
persons:
  - id: li
    name: 李某
    roles: [sales]
    accounts: [li@corp.example]
    notice_from: 2026-05-01
    left_on: 2026-07-01
    agreements: [emp-li]
    acknowledged_rules: [R1]
agreements:
  - {id: emp-li, kind: employment, parties: [us, li], from: 2024-01-01}
  - {id: nda, kind: nda, parties: [us, proc], datasets: [crm], from: 2026-01-01, to: 2026-05-31}
rules:
  - {id: R1, datasets: [crm], allowed_channels: [crm], published_on: 2025-01-01, acknowledged_by: [li]}
authorisations:
  - {id: A1, dataset: crm, role: sales, actions: [read], from: 2025-01-01}
locations:
  - {id: L1, prefix: /srv/crm/, class: approved}
"""


def test_an_organisation_is_loaded_and_seen_by_day(home, tmp_path):
    registry = Registry.open(home)
    loaded = registry.load([write(tmp_path, ORGANISATION)], today=date(2026, 6, 1))
    assert (loaded.written, loaded.unchanged, loaded.unknown_datasets) == (9, 0, ("crm",))
    again = registry.load([write(tmp_path, ORGANISATION)], today=date(2026, 6, 1))
    assert (again.written, again.unchanged) == (0, 9)
    may, june = (
        Registry.open(home).organisation(day) for day in (date(2026, 5, 31), date(2026, 6, 1))
    )
    assert may.agreements == june.agreements
    assert [row.id for row in may.agreements] == ["emp-li", "nda"]
    assert [row.holds(date(2026, 6, 1)) for row in june.agreements] == [True, False]
    (person,) = may.persons
    states = [
        person.status_on(day) for day in (date(2026, 4, 30), date(2026, 5, 1), date(2026, 7, 1))
    ]
    assert states == ["active", "notice_period", "left"]


def test_two_files_may_refer_to_each_other_and_to_what_is_known(home, tmp_path):
    registry = Registry.open(home)
    one = write(tmp_path, "agreements:\n  - {id: a, kind: nda, parties: [p]}\n", "one.yaml")
    two = write(tmp_path, "parties:\n  - {id: p, kind: supplier}\n", "two.yaml")
    with pytest.raises(DossierError, match="no party or person with the id 'p'"):
        registry.load([one])
    registry.load([one, two])
    three = write(tmp_path, "agreements:\n  - {id: b, kind: nda, parties: [p]}\n", "three.yaml")
    assert registry.load([three]).written == 1


def test_a_changed_row_is_a_new_version(home, tmp_path):
    registry = Registry.open(home)
    registry.load([write(tmp_path, "parties:\n  - {id: p, kind: supplier}\n")])
    registry.load([write(tmp_path, "parties:\n  - {id: p, kind: competitor}\n")])
    (party,) = registry.organisation(date(2026, 1, 1)).parties
    assert party.kind == "competitor"
    assert [row.version for row in registry.history] == [1, 2]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("agreements:\n  - {id: a, kind: nda, parties: [ghost]}\n", [":2:", "agreements[1].parties[1]", "'ghost'"]),
        ("parties:\n  - {id: p, kind: rival}\n", [":2:", "parties[1].kind"]),
        ("parties:\n  - {id: p, kind: self, domain: x}\n", [":2:", "parties[1].domain", "no such key"]),
        ("parties:\n  - {kind: self}\n", [":2:", "parties[1].id", "must be given"]),
        ("partys: []\n", [":1:", "partys"]),
        ("- 1\n", [":1:", "parties"]),
        ("parties:\n  - {id: p, kind: self}\n  - {id: p, kind: public}\n", [":3:", "parties[2].id", "same time", ":2"]),
        ("parties:\n  - {id: p, kind: self, to: 2026-03-01}\n  - {id: p, kind: public, from: 2026-03-01}\n", [":3:", "same time"]),
        ("parties:\n  - {id: p, kind: self, from: 2026-03-01, to: 2026-02-01}\n", [":2:", "before it starts"]),
        ("persons:\n  - {id: q, agreements: [ghost]}\n", [":2:", "persons[1].agreements[1]", "'ghost'"]),
        ("persons:\n  - {id: q, acknowledged_rules: [ghost]}\n", [":2:", "'ghost'"]),
        ("rules:\n  - {id: r, acknowledged_by: [ghost]}\n", [":2:", "'ghost'"]),
        ("rules:\n  - {id: r, published_on: 2026-09-01}\n", [":2:", "published_on", "future"]),
        ("parties:\n  - {id: p, kind: self, linked_persons: [ghost]}\n", [":2:", "'ghost'"]),
        ("authorisations:\n  - {id: a, dataset: crm, person: ghost}\n", [":2:", "person", "'ghost'"]),
        ("authorisations:\n  - {id: a, dataset: crm, party: ghost}\n", [":2:", "party", "'ghost'"]),
        ("locations:\n  - {id: l, prefix: /x, class: cellar}\n", [":2:", "locations[1].class"]),
        ("x: &a 1\ny: *a\n", [":1:", "aliases"]),
    ],
)  # fmt: skip
def test_a_wrong_organisation_is_refused_whole(home, tmp_path, text, parts):
    registry = Registry.open(home)
    registry.add(SPEC, records=1)
    before = (registry.version, (home.registry / "registry.db").read_bytes())
    good = write(tmp_path, ORGANISATION, "good.yaml")
    bad = write(tmp_path, text, "bad.yaml")
    with pytest.raises(DossierError) as caught:
        registry.load([good, bad], today=date(2026, 6, 1))
    for part in ("bad.yaml", *parts):
        assert part in str(caught.value)
    assert (registry.version, (home.registry / "registry.db").read_bytes()) == before
    assert Registry.open(home).organisation(date(2026, 6, 1)).parties == ()


def test_rows_of_one_id_one_after_another_are_versions(home, tmp_path):
    registry = Registry.open(home)
    text = (
        "parties:\n  - {id: p, kind: supplier, to: 2026-02-28}\n"
        "  - {id: p, kind: competitor, from: 2026-03-01}\n"
    )
    registry.load([write(tmp_path, text)])
    kinds = [
        registry.organisation(day).parties[0].kind for day in (date(2026, 2, 28), date(2026, 3, 1))
    ]
    assert kinds == ["supplier", "competitor"]


def test_no_value_of_a_person_stands_in_a_repr(home, tmp_path):
    registry = Registry.open(home)
    registry.load([write(tmp_path, ORGANISATION)])
    assert "李某" not in repr(registry.organisation(date(2026, 1, 1)))
