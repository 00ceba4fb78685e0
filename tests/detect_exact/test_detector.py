"""The findings of the exact detector over a home."""

from __future__ import annotations

import pytest

from scanner.detect.exact import DETECTOR
from scanner.home import open_home
from scanner.index.build import build_dataset
from scanner.model.content import Segment
from scanner.model.document import Document
from scanner.model.errors import IndexDamaged, KeyMissing
from scanner.model.finding import Method, unpack_ids
from scanner.model.rule import Column, DatasetSpec, FieldKind, RecordRule, Role
from scanner.settings import Settings

COLUMNS = (
    Column("company", FieldKind.COMPANY, Role.IDENTITY),
    Column("phone", FieldKind.PHONE, Role.CONTACT, strong=True),
    Column("habit", FieldKind.TEXT, Role.DEEP),
)
BRANDS = [f"云{chr(0x6C34 + at)}海{chr(0x5C71 + at)}" for at in range(200)]


@pytest.fixture
def home(tmp_path):
    home = open_home(tmp_path / "home")
    key = home.key(create=True)
    rows = [
        [f"{brand}科技有限公司", f"1391234{at:04d}", f"每周{brand}来访"]
        for at, brand in enumerate(BRANDS[:50])
    ]
    build_dataset(home.index, key, DatasetSpec("crm", COLUMNS), [rows])
    book = DatasetSpec("book", (Column("c", FieldKind.COMPANY),), public=True)
    build_dataset(home.index, key, book, [[[f"{brand}科技有限公司"] for brand in BRANDS]])
    return home


def findings(home, text: str):
    detector = DETECTOR.open(home, Settings())
    assert detector is not None
    session = detector.session(Document("x"), "")
    session.feed(Segment(text))
    return session.findings()


def test_nothing_registered_is_no_detector(tmp_path) -> None:
    assert DETECTOR.open(open_home(tmp_path), Settings()) is None


def test_only_public_directories_are_no_detector(tmp_path) -> None:
    home = open_home(tmp_path)
    spec = DatasetSpec("book", (Column("c", FieldKind.COMPANY),), public=True)
    build_dataset(home.index, home.key(create=True), spec, [[["云水海山科技有限公司"]]])
    assert DETECTOR.open(home, Settings()) is None


def test_every_field_of_a_finding(home) -> None:
    lines = [f"{BRANDS[at]}科技 1391234{at:04d}" for at in range(4)] + [
        f"{BRANDS[4]}科技，每周{BRANDS[4]}来访"
    ]
    told = findings(home, "\n".join(lines))
    assert len(told) == 1
    finding = told[0]
    assert (finding.method, finding.dataset_id) == (Method.EXACT, "crm")
    assert (finding.records, finding.nonpublic, finding.deep) == (5, 5, 1)
    assert finding.dataset_records == 50
    assert (finding.units, finding.containment) == (5, 1.0)
    assert finding.field_counts == (("company", 5), ("phone", 4), ("habit", 1))
    assert round(finding.field_depth, 3) == round(10 / 15, 3)
    assert unpack_ids(finding.record_ids) == (0, 1, 2, 3, 4)
    assert unpack_ids(finding.nonpublic_ids) == (0, 1, 2, 3, 4)
    assert finding.locators == tuple(f"line {n}" for n in range(1, 6))
    assert finding.sample
    assert not any(brand in finding.sample for brand in BRANDS)
    assert "1391234" not in repr(finding)


def test_bare_names_are_counted_against_the_directory(home) -> None:
    told = findings(home, "\n".join(f"{brand}科技有限公司" for brand in BRANDS[40:70]))
    assert [f.method for f in told] == [Method.SELECTION]
    finding = told[0]
    assert (finding.records, finding.selection_universe_hits, finding.selection_universe) == (
        10,
        30,
        200,
    )
    assert finding.dataset_records == 50
    assert findings(home, f"{BRANDS[0]}科技 {BRANDS[1]}科技") == []


def test_minimum_records(home) -> None:
    rule = RecordRule(minimum_records=3)
    rows = [
        [f"{brand}贸易有限公司", f"1377654{at:04d}", ""] for at, brand in enumerate(BRANDS[:50])
    ]
    build_dataset(home.index, home.key(), DatasetSpec("min", COLUMNS, rule), [rows])
    assert findings(home, "13776540001 13776540002") == []
    assert [f.records for f in findings(home, "13776540001, 13776540002, 13776540003")] == [3]


def test_a_lost_key_and_a_damaged_file_stop_the_scan(home) -> None:
    path = next((home.index / "crm").glob("*.idx"))
    raw = path.read_bytes()
    path.write_bytes(raw[:-5])
    with pytest.raises(IndexDamaged):
        DETECTOR.open(home, Settings())
    path.write_bytes(raw)
    home.key_file.write_text("00" * 32)
    with pytest.raises(KeyMissing):
        DETECTOR.open(home, Settings())
    home.key_file.unlink()
    with pytest.raises(KeyMissing):
        DETECTOR.open(home, Settings())
