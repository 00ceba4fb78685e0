"""Which matches make a record, through the detector's index session."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanner.index.build import build_dataset
from scanner.index.open import Index
from scanner.index.update import remove_records, update_dataset
from scanner.model.content import Layout, Segment
from scanner.model.rule import Column, DatasetSpec, FieldKind, RecordRule, Role

KEY = bytes(range(32))
COLUMNS = (
    Column("name", FieldKind.PERSON, Role.IDENTITY),
    Column("phone", FieldKind.PHONE, Role.CONTACT, strong=True),
    Column("email", FieldKind.EMAIL, Role.CONTACT, strong=True),
    Column("company", FieldKind.COMPANY, Role.IDENTITY),
    Column("city", FieldKind.PLACE, Role.CONTACT),
    Column("tier", FieldKind.CATEGORY, Role.TRANSACTION),
    Column("since", FieldKind.DATE, Role.TRANSACTION),
    Column("habit", FieldKind.TEXT, Role.DEEP),
)
SPEC = DatasetSpec("crm", COLUMNS)
ROWS = [
    ["张伟", "13912345678", "zhang.wei@corp.example", "上海云海科技有限公司", "上海", "VIP", "2021-03-04", "每周三下午来访喝绿茶"],
    ["李娜", "13787654321", "lina@mail.example", "北京青禾贸易有限公司", "北京", "VIP", "2020-01-09", "只接受月结六十天账期"],
    ["John Smith", "+1 415 555 0100", "john@acme.example", "Acme Widgets Ltd", "London", "A", "2019-11-11", "prefers calls before nine"],
    ["王芳", "13512340000", "", "上海瑞丰电子有限公司", "上海", "B", "", ""],
] + [[f"赵{chr(0x4E10 + i)}", f"1380000{1000 + i}", "", "广州共用电子有限公司", "广州", "C", "2022-02-02", ""] for i in range(40)]  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("index")
    build_dataset(folder, KEY, SPEC, [ROWS])
    return folder


def found(folder, *segments: Segment | str):
    session = Index.open(folder, KEY).session()
    for segment in segments:
        session.feed(segment if isinstance(segment, Segment) else Segment(segment))
    return {match.dataset_id: match for match in session.matches()}


def ids(folder, *segments: Segment | str) -> list[int]:
    told = found(folder, *segments)
    return told["crm"].records.tolist() if "crm" in told else []


@pytest.mark.parametrize(
    ("text", "records"),
    [
        ("张伟 13912345678", [0]),
        ("phone alone: 139 1234 5678", [0]),
        ("write to ZHANG.WEI@corp.example", [0]),
        ("张伟在上海云海科技上班", [0]),
        ("张伟 上海", []),  # name and city never
        ("张伟 VIP 2021-03-04", []),  # name, tier and date never
        ("张伟", []),
        ("上海云海科技有限公司", []),
        ("李娜 and, much later, nothing else", []),
        ("John Smith works for Acme Widgets", [2]),
        ("Smith, John / (415) 555-0100", [2]),
        ("张伟 北京青禾贸易", []),  # of two records
        ("张伟 13912345678\n李娜 13787654321\n王芳 上海瑞丰电子", [0, 1, 3]),
        ("广州共用电子有限公司 广州", []),  # held by many
        ("赵丐 广州共用电子", [0]),
        ("每周三下午来访喝绿茶", []),
        ("张伟，每周三下午来访喝绿茶", [0]),
        ("张\u200b偉，手機１３９－１２３４－５６７８", [0]),
    ],
)
def test_which_fields_make_a_record(home, text: str, records: list[int]) -> None:
    if text.startswith("赵"):
        name = text.split()[0]
        records = [at for at, row in enumerate(ROWS) if row[0] == name]
    assert ids(home, text) == records


def test_fields_must_stand_close_together(home) -> None:
    filler = " ".join(["word"] * 33)
    assert ids(home, f"张伟\n{filler}\n上海云海科技") == [0]
    filler = " ".join(["word"] * 40)
    assert ids(home, f"张伟\n{filler}\n上海云海科技") == []
    assert ids(home, f"张伟 {filler} 上海云海科技") == [0]  # one line
    filler = " ".join(["word"] * 400)
    assert ids(home, f"张伟 {filler} 上海云海科技") == []  # a line of any length is no record
    row = "\t".join(["word"] * 500)
    table = Segment(f"张伟\t{row}\t上海云海科技", layout=Layout.TABLE)
    assert ids(home, table) == [0]


def test_segments_do_not_touch(home) -> None:
    assert ids(home, "张伟", "上海云海科技") == []
    assert ids(home, Segment("张伟 ", continues=True), Segment("上海云海科技")) == [0]


def test_a_value_inside_a_value_is_one_field(tmp_path) -> None:
    spec = DatasetSpec(
        "n",
        (
            Column("p", FieldKind.PERSON),
            Column("c", FieldKind.COMPANY),
            Column("e", FieldKind.EMAIL),
        ),
    )
    build_dataset(
        tmp_path,
        KEY,
        spec,
        [[["云海", "云海科技集团有限公司", ""], ["zhang wei", "", "zhang.wei@corp.example"]]],
    )
    assert "n" not in found(tmp_path, "云海科技集团有限公司")
    assert "n" not in found(tmp_path, "zhang.wei@corp.example")
    assert found(tmp_path, "云海，云海科技集团有限公司")["n"].records.tolist() == [0]


def test_two_names_are_one_field(tmp_path) -> None:
    spec = DatasetSpec(
        "n",
        (
            Column("first", FieldKind.PERSON),
            Column("last", FieldKind.PERSON),
            Column("phone", FieldKind.PHONE),
        ),
    )
    build_dataset(tmp_path, KEY, spec, [[["Johannes", "Kowalski", "020 7946 0018"]]])
    assert "n" not in found(tmp_path, "Johannes Kowalski")
    assert found(tmp_path, "Johannes, 020-7946-0018")["n"].records.tolist() == [0]


def test_the_rule_of_the_dataset(tmp_path) -> None:
    def look(rule: RecordRule, text: str) -> bool:
        folder = tmp_path / str(abs(hash(rule)))
        build_dataset(folder, KEY, DatasetSpec("crm", tuple(
            Column(c.name, c.kind, c.role) for c in COLUMNS), rule), [ROWS])  # fmt: skip
        return "crm" in found(folder, text)

    assert not look(RecordRule(minimum_fields=3), "张伟 上海云海科技")
    assert look(RecordRule(minimum_fields=3), "张伟 上海云海科技 13912345678")
    assert not look(RecordRule(mandatory=("phone",)), "张伟 上海云海科技")
    assert look(RecordRule(mandatory=("phone",)), "张伟 13912345678")
    never = (frozenset({"name", "company"}),)
    assert not look(RecordRule(never=never), "张伟 上海云海科技")
    assert look(RecordRule(never=never), "张伟 上海云海科技 13912345678")
    assert not look(RecordRule(radius_tokens=3), "张伟\na b c d e\n13912345678")
    assert not look(RecordRule(), "13912345678")  # not strong in this specification


def test_a_common_strong_value_is_not_enough(tmp_path) -> None:
    rows = [[f"赵{chr(0x4E10 + i)}", "13611112222", f"info{i}@corp.example"] for i in range(10)]
    spec = DatasetSpec("s", (COLUMNS[0], COLUMNS[1], COLUMNS[2]))
    build_dataset(tmp_path, KEY, spec, [rows])
    assert "s" not in found(tmp_path, "call 13611112222")
    assert found(tmp_path, "赵丐 call 13611112222")["s"].records.tolist() == [
        at for at, row in enumerate(rows) if row[0] == "赵丐"
    ]


def test_common_values_support_a_record(home) -> None:
    told = found(home, "13800001005 广州共用电子有限公司 广州 C 2022-02-02")["crm"]
    assert told.records.tolist() == [9]
    assert dict(told.column_counts()) == {"phone": 1, "company": 1, "city": 1, "since": 1}


def test_public_records(tmp_path) -> None:
    build_dataset(tmp_path, KEY, SPEC, [ROWS])
    book = DatasetSpec(
        "book", (Column("n", FieldKind.PERSON), Column("t", FieldKind.PHONE)), public=True
    )
    build_dataset(tmp_path, KEY, book, [[["张伟", "13912345678"], ["某人", "13999999998"]]])
    told = found(tmp_path, "张伟 13912345678\n李娜 13787654321")
    assert set(told) == {"crm"}
    assert told["crm"].public.tolist() == [True, False]
    told = found(tmp_path, "张伟 13912345678 每周三下午来访喝绿茶")
    assert told["crm"].public.tolist() == [False]
    index = Index.open(tmp_path, KEY)
    record, column, _ = index.cells("crm")
    inside = index.fingerprints_in("crm", "book")
    assert sorted(zip(record[inside].tolist(), column[inside].tolist(), strict=True)) == [
        (0, 0),
        (0, 1),
    ]


def test_places_sample_and_units(home) -> None:
    rows = "\n".join("\t".join(row[:4]) for row in ROWS[:3])
    sheet = Segment(f"姓名\t电话\t邮箱\t公司\n{rows}", "sheet 客户", layout=Layout.TABLE)
    told = found(home, sheet)["crm"]
    assert told.records.tolist() == [0, 1, 2]
    assert told.places == (
        "sheet 客户 row 2 col A",
        "sheet 客户 row 3 col A",
        "sheet 客户 row 4 col A",
    )
    assert told.units == 4
    assert told.sample.split(" | ")[0] == "张*** 139****78 z***@corp.example 上海***"
    for row in ROWS[:3]:
        assert not any(cell in told.sample for cell in row[:4])
    text = Segment("line one\nline two\n张伟 13912345678\n", "page 2", first_line=10)
    assert found(home, text)["crm"].places == ("page 2 line 12",)
    pieces = [Segment("a\nb\n", continues=True), Segment("张伟 13912345678", first_line=3)]
    assert found(home, *pieces)["crm"].places == ("line 3",)


def test_removed_changed_and_added_rows(tmp_path) -> None:
    build_dataset(tmp_path, KEY, SPEC, [ROWS])
    changed = [list(row) for row in ROWS[1:]]
    changed[0][1] = "13700001111"
    report = update_dataset(tmp_path, KEY, SPEC, [changed])
    assert (report.added, report.removed, report.unchanged, report.records) == (
        1,
        2,
        len(ROWS) - 2,
        len(ROWS) - 1,
    )
    assert ids(tmp_path, "张伟 13912345678") == []
    assert ids(tmp_path, "李娜 13787654321") == []
    assert ids(tmp_path, "李娜 13700001111") == [len(ROWS)]
    assert remove_records(tmp_path, KEY, "crm", [len(ROWS)]) == len(ROWS) - 2
    assert ids(tmp_path, "李娜 13700001111") == []


WORDS = st.sampled_from(
    [cell for row in ROWS[:6] for cell in row if cell] + ["word", "，", "\n", " ", "词", "x" * 30]
)


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(parts=st.lists(WORDS, max_size=40), cuts=st.lists(st.integers(0, 600), max_size=5))
def test_any_cut_gives_the_same_records(home, parts: list[str], cuts: list[int]) -> None:
    text = " ".join(parts)
    whole = found(home, text)
    bounds = sorted({0, len(text), *(cut % (len(text) + 1) for cut in cuts)})
    pieces = [text[a:b] for a, b in itertools.pairwise(bounds)] or [""]
    segments = [Segment(piece, continues=at + 1 < len(pieces)) for at, piece in enumerate(pieces)]
    told = found(home, *segments)
    assert set(told) == set(whole)
    for name, match in whole.items():
        assert told[name].records.tolist() == match.records.tolist()
        assert told[name].columns.tolist() == match.columns.tolist()
        assert told[name].units == match.units
        assert told[name].sample == match.sample


@pytest.mark.slow
def test_a_long_text_is_grouped_piece_by_piece(home, monkeypatch) -> None:
    from scanner.index import session

    rng = np.random.default_rng(3)
    lines = []
    for at in range(12_000):
        lines.append(
            "\t".join(ROWS[int(rng.integers(4))][:4])
            if at % 50 == 0
            else "nothing here " * int(rng.integers(1, 9))
        )
    text = "\n".join(lines)
    whole = found(home, text)["crm"]
    monkeypatch.setattr(session, "BATCH", 100_000)
    for step in (30_000, 77_777):
        pieces = [text[at : at + step] for at in range(0, len(text), step)]
        segments = [Segment(p, continues=at + 1 < len(pieces)) for at, p in enumerate(pieces)]
        told = found(home, *segments)["crm"]
        assert told.records.tolist() == whole.records.tolist()
        assert told.columns.tolist() == whole.columns.tolist()
        assert told.units == whole.units


@pytest.mark.parametrize(
    ("text", "alone"),
    [
        ("17737053138", True),
        ("177-3705-3138", True),
        ("+86 177 3705 3138", True),
        ("+1 773-705-3138", False),  # the number of another country
        ("rows 177 3705 3138 991 20", False),  # cut out of a row of figures
        ("id a17737053138f", False),  # grown into a word
        ("(415) 555-0100", True),
        ("+1 415 555 0100", True),
        ("4155550100", False),  # ten digits may be anything
        ("41.55.55.010.0", False),
        ("host 203.113.114.15", False),
    ],
)
def test_numbers_that_are_enough_alone(tmp_path, text: str, alone: bool) -> None:
    spec = DatasetSpec("n", (COLUMNS[0], COLUMNS[1]))
    rows = [
        ["张伟", "17737053138"],
        ["Ann Bee", "+1 415 555 0100"],
        ["Cy Dee", "+1 203 113 1141 5"],
    ]
    build_dataset(tmp_path, KEY, spec, [rows])
    assert ("n" in found(tmp_path, text)) is alone
