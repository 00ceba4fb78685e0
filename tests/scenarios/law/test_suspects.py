"""Random suspects through the real index: order carries no weight, public rows add no secret."""

from __future__ import annotations

import random
from datetime import date

import pytest

from scanner.detect.exact import finding_of
from scanner.home import open_home
from scanner.index.build import build_dataset
from scanner.index.open import Index
from scanner.judge.pack import load_pack
from scanner.judge.similarity import similarity
from scanner.model.content import Layout, Segment, table_text
from scanner.model.finding import Finding, Method
from scanner.model.rule import Column, DatasetSpec, FieldKind, Role
from scanner.registry.registry import Registry

LIMITS = load_pack("CN").similarity
PARTS = "东海明达盛源恒泰金华龙腾瑞丰宏远安信博雅新科创联佳美德润和广利通天成立亿康宝"
COLUMNS = (
    Column("org", FieldKind.COMPANY, Role.IDENTITY),
    Column("contact", FieldKind.PERSON, Role.CONTACT, pi="C"),
    Column("mobile", FieldKind.PHONE, Role.CONTACT, strong=True, pi="C"),
    Column("address", FieldKind.ADDRESS, Role.CONTACT),
    Column("habit", FieldKind.TEXT, Role.DEEP),
)
LISTED, KNOWN, DIRECTORY = 400, 340, 2000


def rows(count: int, seed: int) -> list[list[str]]:
    rng = random.Random(seed)
    names: dict[str, None] = {}
    while len(names) < count:
        names["".join(rng.sample(PARTS, 4)) + rng.choice(["贸易", "机械"]) + "有限公司"] = None
    return [
        [
            name,
            rng.choice("张李王赵陈") + "".join(rng.sample(PARTS, 2)),
            f"13{rng.randrange(4, 10)}{seed}{rng.randrange(10**7):07}",
            f"上海市人民路{seed}{n + 1:05}号",
            f"每月{n % 28 + 1}日前下单，偏好{''.join(rng.sample(PARTS, 3))}系列，账期{n % 90}天",
        ]
        for n, name in enumerate(names)
    ]


PUBLIC, OWN, OTHERS = rows(DIRECTORY, 1), rows(LISTED - KNOWN, 2), rows(600, 3)
LIST = [*PUBLIC[:KNOWN], *OWN]


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    home = open_home(tmp_path_factory.mktemp("home"))
    key = home.key(create=True)
    build_dataset(home.index, key, DatasetSpec("crm", COLUMNS), [LIST])
    directory = DatasetSpec("pub", (COLUMNS[0], COLUMNS[3]), public=True)
    build_dataset(home.index, key, directory, [[[row[0], row[3]] for row in PUBLIC]])
    registry = Registry.open(home)
    registry.add(DatasetSpec("crm", COLUMNS), records=LISTED)
    registry.add_public(directory, source_text="d", as_of=date(2026, 5, 1), records=DIRECTORY)
    opened = Index.open(home.index, key)
    yield opened
    opened.close()


def found(index: Index, table: list[list[str]]) -> Finding:
    session = index.session()
    session.feed(Segment(table_text(table), layout=Layout.TABLE))
    told = [finding_of(match) for match in session.matches() if match.dataset_id == "crm"]
    return told[0] if told else Finding(Method.EXACT, "crm", 0, dataset_records=LISTED)


def suspect(rng: random.Random) -> list[list[str]]:
    """Some rows of ours with some of their columns, among rows of others."""
    picked = rng.sample(LIST, rng.choice([0, 1, 3, 10, 30, 200]))
    columns = rng.choice([[0, 1, 2, 3, 4], [0, 1, 2], [0, 3], [1, 2, 4]])
    ours = [[row[n] for n in columns] for row in picked]
    theirs = [[row[n] for n in columns] for row in rng.sample(OTHERS, rng.choice([0, 5, 300]))]
    return [*ours, *theirs]


@pytest.mark.parametrize("seed", range(30))
def test_order_of_rows_and_columns_never_changes_the_level(index, seed):
    """Property (i)."""
    rng = random.Random(seed)
    table = suspect(rng)
    before = found(index, table)
    shuffled = [list(row) for row in table]
    rng.shuffle(shuffled)
    turned = [row[::-1] for row in shuffled]
    for other in (found(index, shuffled), found(index, turned)):
        assert (other.records, other.nonpublic, other.deep) == (
            before.records, before.nonpublic, before.deep,
        )  # fmt: skip
        assert similarity(other, LIMITS) == similarity(before, LIMITS)


@pytest.mark.parametrize("seed", range(30))
def test_public_rows_never_raise_what_is_not_public(index, seed):
    """Property (ii)."""
    rng = random.Random(100 + seed)
    table = suspect(rng)
    before = found(index, table)
    public = [[row[0], row[3]] for row in rng.sample(PUBLIC, rng.choice([1, 50, 1000]))]
    after = found(index, [*table, *public])
    assert after.nonpublic <= before.nonpublic
    assert after.deep <= before.deep
    assert after.records >= before.records


def test_the_whole_directory_is_incidental_though_it_covers_the_list(index):
    whole = found(index, [[row[0], row[3]] for row in PUBLIC])
    assert (whole.records, whole.nonpublic, whole.deep) == (KNOWN, 0, 0)
    assert similarity(whole, LIMITS) == "incidental"
