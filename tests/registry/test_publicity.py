"""The publicity test, through a real index, on the five lists of the design."""

import random
from datetime import date

import numpy as np
import pytest

from scanner.home import open_home
from scanner.index import pairs
from scanner.index.build import build_dataset
from scanner.index.open import Index
from scanner.index.update import remove_records
from scanner.model.rule import Column, DatasetSpec, FieldKind, Role
from scanner.registry.measuring import measure_publicity, remeasure
from scanner.registry.publicity import Cells, measure, propose
from scanner.registry.registry import Registry

PARTS = "东海明达盛源恒泰金华龙腾瑞丰宏远安信博雅新科创联佳美德润和广利通天成立亿康宝"
TRADES = ["贸易", "机械", "电子", "化工", "食品"]
STREETS = ["人民路", "解放路", "中山路", "建设路"]
DIRECTORY, CHOSEN = 2000, 400

ORG = Column("org", FieldKind.COMPANY, Role.IDENTITY)
CONTACT = Column("contact", FieldKind.PERSON, Role.CONTACT, pi="C")
MOBILE = Column("mobile", FieldKind.PHONE, Role.CONTACT, strong=True, pi="C")
PHONE = Column("phone", FieldKind.PHONE, Role.CONTACT, strong=True)
ADDRESS = Column("address", FieldKind.ADDRESS, Role.CONTACT)
ORDER = Column("order_no", FieldKind.ACCOUNT, Role.TRANSACTION)
PRICE = Column("price", FieldKind.NUMBER, Role.TRANSACTION, indexed=False)
HABIT = Column("habit", FieldKind.TEXT, Role.DEEP)


def firms(count, seed):
    rng = random.Random(seed)
    seen, rows = set(), []
    while len(rows) < count:
        name = "".join(rng.sample(PARTS, 3)) + rng.choice(TRADES) + "有限公司"
        if name in seen:
            continue
        seen.add(name)
        number = len(rows) + seed * 1_000_000
        phone = f"021{60000000 + number:08}"
        address = f"上海市{rng.choice(STREETS)}{number % 997 + 1}号{number}室"
        rows.append((name, phone, address))
    return rows


PUBLIC = firms(DIRECTORY, 1)
KNOWN = {row[0] for row in PUBLIC}
OWN = [row for row in firms(CHOSEN, 2) if row[0] not in KNOWN]
CUSTOMERS = random.Random(5).sample(PUBLIC, int(CHOSEN * 0.85)) + OWN[: int(CHOSEN * 0.15)]


def person(n):
    return "张李王赵陈"[n % 5] + PARTS[n % 30] + PARTS[n * 7 % 31]


def deep(n):
    return f"每月{n % 28 + 1}日前下单，偏好{PARTS[n % 30]}{PARTS[n * 3 % 29]}系列，账期{n % 90}天，决策人{person(n)}"


LISTS = {
    "L1": ((ORG, PHONE, ADDRESS), PUBLIC[: DIRECTORY * 3 // 4]),
    "L2": ((ORG, PHONE, ADDRESS), [r for r in CUSTOMERS if r[0] in KNOWN][: DIRECTORY // 23]),
    "L3": (
        (ORG, CONTACT, MOBILE),
        [(r[0], person(n), f"139{20000000 + n}") for n, r in enumerate(CUSTOMERS)],
    ),
    "L4": (
        (ORG, ORDER),
        [(r[0], f"SO2026{n:06}") for n, r in enumerate(CUSTOMERS)],
    ),
    "L5": (
        (ORG, PHONE, HABIT),
        [(r[0], r[1], deep(n)) for n, r in enumerate(CUSTOMERS)],
    ),
}


@pytest.fixture(scope="module")
def setting(tmp_path_factory):
    home = open_home(tmp_path_factory.mktemp("home"))
    key = home.key(create=True)
    registry = Registry.open(home)
    for name, (columns, rows) in LISTS.items():
        spec = DatasetSpec(name, columns)
        build_dataset(home.index, key, spec, [[list(row) for row in rows]])
        registry.add(spec, records=len(rows))
    spec = DatasetSpec("pub", (ORG, PHONE, ADDRESS), public=True)
    build_dataset(home.index, key, spec, [[list(row) for row in PUBLIC]])
    registry.add_public(spec, source_text="directory", as_of=date(2026, 5, 1), records=len(PUBLIC))
    index = Index.open(home.index, key)
    yield registry, index
    index.close()


@pytest.mark.parametrize(
    ("name", "entity", "fully", "deep_share", "selection", "proposal", "reason"),
    [
        ("L1", 1.0, 1.0, 0.0, 0.75, "not_met", "public"),
        ("L2", 1.0, 1.0, 0.0, 0.043, "unproven", "selection_only"),
        ("L3", 0.85, 0.0, 0.0, 0.2, "unproven", "thin_residual"),
        ("L4", 0.85, 0.0, 0.0, 0.2, "unproven", "plain_transactions"),
        ("L5", 0.85, 0.0, 1.0, 0.2, "proposed_met", "deep"),
    ],
)
def test_the_proposals_of_the_table(
    setting, name, entity, fully, deep_share, selection, proposal, reason
):
    registry, index = setting
    found = measure_publicity(index, registry.get(name), registry.publics())
    assert found.entity_public == pytest.approx(entity, abs=0.001)
    assert found.fully_public_strict == fully
    assert found.fully_public_loose == fully
    assert found.deep_nonpublic == deep_share
    assert found.selection == pytest.approx(selection, abs=0.001)
    assert (found.proposal, found.reason) == (proposal, reason)
    assert found.sources == ("pub",)
    assert found.as_of == "2026-05-01"
    assert found.mostly_public is (name in ("L1", "L2"))


@pytest.mark.parametrize("whole", [1, 1 << 24])
def test_without_a_directory_only_deep_rows_are_counted(tmp_path, monkeypatch, whole):
    """Rows with a deep value, removed ones left out, in ranges of fingerprints or at once."""
    home = open_home(tmp_path)
    key = home.key(create=True)
    rows = [[r[0], r[1], deep(n) if n % 4 else ""] for n, r in enumerate(CUSTOMERS)]
    build_dataset(home.index, key, DatasetSpec("L5", (ORG, PHONE, HABIT)), [rows])
    remove_records(home.index, key, "L5", range(40))
    registry = Registry.open(home)
    registry.add(DatasetSpec("L5", (ORG, PHONE, HABIT)), records=len(rows) - 40)
    monkeypatch.setattr(pairs, "WHOLE", whole)
    index = Index.open(home.index, key)
    found = measure_publicity(index, registry.get("L5"), [])
    index.close()
    left = rows[40:]
    share = sum(bool(row[2]) for row in left) / len(left)
    assert found.deep_nonpublic == pytest.approx(share, abs=1e-6)
    assert (found.rows, found.sources, found.entity_public) == (len(left), (), 0.0)
    assert (found.proposal, found.reason) == ("unproven", "no_source")


def test_what_was_measured_is_written_down_once(setting):
    registry, index = setting
    before = registry.version
    remeasure(registry, index, ["L1", "L5"])
    assert registry.get("L1").publicity.proposal == "not_met"
    assert registry.assess("L1", date(2026, 6, 1)).secrecy.status == "not_met"
    assert registry.assess("L5", date(2026, 6, 1)).secrecy.status == "unproven"
    assert registry.assess("L5", date(2026, 6, 1)).secrecy.proposal == "proposed_met"
    after = registry.version
    assert after != before
    remeasure(registry, index, ["L1", "L5"])
    assert registry.version == after


def test_an_edition_after_the_act_says_nothing_of_it(setting):
    registry, index = setting
    remeasure(registry, index, ["L1"])
    found = registry.assess("L1", date(2026, 4, 30)).secrecy
    assert (found.status, found.reasons) == ("unproven", ("source_later",))


def test_a_column_that_no_directory_has_keeps_rows_from_being_public(setting, tmp_path):
    home = open_home(tmp_path)
    key = home.key(create=True)
    rows = [list(row) for row in PUBLIC[:200]]
    spec = DatasetSpec("priced", (ORG, PHONE, ADDRESS, PRICE))
    build_dataset(home.index, key, spec, [rows])
    public = DatasetSpec("pub", (ORG, PHONE, ADDRESS), public=True)
    build_dataset(home.index, key, public, [rows])
    registry = Registry.open(home)
    registry.add(spec, records=200)
    registry.add_public(public, source_text="d", as_of=date(2026, 5, 1), records=200)
    index = Index.open(home.index, key)
    found = measure_publicity(index, registry.get("priced"), registry.publics())
    assert (found.fully_public_strict, found.reason) == (0.0, "plain_transactions")


def test_a_value_that_many_rows_share_is_public_under_its_entity(tmp_path):
    """A copy of a directory whose rows share few contact names is public as a whole."""
    home = open_home(tmp_path)
    key = home.key(create=True)
    rows = [[*row[:2], person(n % 3)] for n, row in enumerate(PUBLIC[:300])]
    columns = (ORG, PHONE, CONTACT)
    registry = Registry.open(home)
    spec = DatasetSpec("copy", columns)
    build_dataset(home.index, key, spec, [rows[:200]])
    registry.add(spec, records=200)
    public = DatasetSpec("pub", columns, public=True)
    build_dataset(home.index, key, public, [rows])
    registry.add_public(public, source_text="d", as_of=date(2026, 5, 1), records=300)
    index = Index.open(home.index, key)
    found = measure_publicity(index, registry.get("copy"), registry.publics())
    assert (found.fully_public_strict, found.proposal) == (1.0, "not_met")


def test_a_value_under_another_entity_is_loose_only():
    """Three rows: own entity, other entity, nowhere."""
    columns = (ORG, ADDRESS)
    cells = Cells(
        record=np.array([0, 0, 1, 1, 2, 2], np.uint32),
        column=np.array([0, 1, 0, 1, 0, 1], np.uint16),
        strict=np.array([1, 1, 1, 0, 0, 0], bool),
        loose=np.array([1, 1, 1, 1, 0, 0], bool),
    )
    found = measure(cells, columns, 3, 10, ["pub"])
    assert found.fully_public_strict == pytest.approx(1 / 3, abs=1e-6)
    assert found.fully_public_loose == pytest.approx(2 / 3, abs=1e-6)
    assert found.entity_public == pytest.approx(2 / 3, abs=1e-6)
    assert found.join_incomplete


def test_strict_is_never_above_loose(setting):
    registry, index = setting
    for name in LISTS:
        found = measure_publicity(index, registry.get(name), registry.publics())
        assert found.fully_public_strict <= found.fully_public_loose


def test_without_a_directory_nothing_is_proposed():
    cells = Cells(*(np.array([], kind) for kind in (np.uint32, np.uint16, bool, bool)))
    found = measure(cells, (ORG,), 5, 0)
    assert (found.proposal, found.reason, found.selection) == ("unproven", "no_source", -1.0)


@pytest.mark.parametrize(
    ("fully", "deep_share", "selection", "proposal"),
    [
        (0.95, 1.0, 0.5, "not_met"),
        (0.95, 1.0, 0.49, "unproven"),
        (0.94, 0.5, 0.9, "proposed_met"),
        (0.94, 0.49, 0.9, "unproven"),
    ],
)
def test_the_thresholds(fully, deep_share, selection, proposal):
    assert propose(fully, deep_share, selection, plain_trade=False, sources=1)[0] == proposal
