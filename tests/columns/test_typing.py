"""Columns of tables that people really have: header found, kinds, roles, standing."""

from __future__ import annotations

import pytest

from scanner.columns.typing import column_names, sample_rows, split_header, type_columns
from scanner.model.rule import FieldKind, Role


def kinds(rows):
    header, first = split_header(rows)
    return header, first, [guess.column for guess in type_columns(header, rows[first:])]


CRM_ZH = [
    ["客户信息登记表", "", "", "", "", "", "", ""],
    ["序号", "客户名称", "联系人", "手机", "地址", "统一社会信用代码", "信用额度", "跟进记录"],
    [
        "1",
        "上海宏达贸易有限公司",
        "张三",
        "13800138000",
        "上海市浦东新区世纪大道88号",
        "91350100M000100Y43",
        "50万",
        "喜欢月结，价格敏感，要求送货上门",
    ],
    [
        "2",
        "杭州明光机械厂",
        "李小红",
        "139-1234-5678",
        "杭州市西湖区文三路100号3楼",
        "",
        "30万",
        "每季度采购一次，对手是永固",
    ],
    [
        "3",
        "成都川味食品有限公司",
        "欧阳娜",
        "+86 137 0013 7000",
        "成都市武侯区天府大道12号",
        "",
        "80万",
        "决策人是采购部王总",
    ],
]


def test_title_line_above_a_chinese_header():
    header, first, columns = kinds(CRM_ZH)
    assert first == 2 and header == CRM_ZH[1]
    assert [c.kind for c in columns] == [
        FieldKind.NUMBER, FieldKind.COMPANY, FieldKind.PERSON, FieldKind.PHONE,
        FieldKind.ADDRESS, FieldKind.NATIONAL_ID, FieldKind.NUMBER, FieldKind.TEXT,
    ]  # fmt: skip
    assert [c.role for c in columns] == [
        Role.NONE, Role.IDENTITY, Role.IDENTITY, Role.CONTACT,
        Role.CONTACT, Role.IDENTITY, Role.DEEP, Role.DEEP,
    ]  # fmt: skip
    assert [c.strong for c in columns] == [False, False, False, True, False, True, False, False]
    assert [c.indexed for c in columns] == [False, True, True, True, True, True, False, True]
    assert [c.pi for c in columns] == ["none", "none", "C", "C", "C", "none", "none", "none"]


def test_no_header_english():
    rows = [
        [
            "Jane Smith",
            "jane@ardent.example",
            "+1 212-555-0100",
            "12 Main Street",
            "Ardent Tools Inc.",
        ],
        ["Bob Miller", "bob@brook.example", "(415) 555-0199", "P.O. Box 22", "Brook & Sons"],
        ["Carlos Garcia", "cg@cedar.example", "020 7946 0018", "4 Elm Ave Apt 2", "Cedar GmbH"],
    ]
    header, first, columns = kinds(rows)
    assert header is None and first == 0
    assert [c.kind for c in columns] == [
        FieldKind.PERSON, FieldKind.EMAIL, FieldKind.PHONE, FieldKind.ADDRESS, FieldKind.COMPANY,
    ]  # fmt: skip
    assert [c.name for c in columns] == [f"column {n}" for n in range(1, 6)]


def test_first_and_last_name_empty_and_repeated_headers():
    rows = [
        ["First Name", "Last Name", "Email", "Phone", "Phone", "", "City", "Amount"],
        ["Jane", "Smith", "j@x.example", "2125550100", "", "a", "London", "$5.00"],
        ["Bob", "Miller", "b@x.example", "4155550100", "", "b", "Paris", "$7,000.00"],
    ]
    _header, _first, columns = kinds(rows)
    assert [c.name for c in columns] == [
        "First Name", "Last Name", "Email", "Phone", "Phone (2)", "column 6", "City", "Amount",
    ]  # fmt: skip
    assert [c.kind for c in columns[:5]] == [
        FieldKind.PERSON, FieldKind.PERSON, FieldKind.EMAIL, FieldKind.PHONE, FieldKind.EMPTY,
    ]  # fmt: skip
    assert columns[6].kind is FieldKind.PLACE and not columns[6].indexed
    assert columns[7].kind is FieldKind.NUMBER and columns[7].role is Role.TRANSACTION


def test_names_stay_unique_against_made_ones():
    assert column_names(["a", "a", "a (2)", ""], 5) == [
        "a",
        "a (2)",
        "a (2) (2)",
        "column 4",
        "column 5",
    ]


def test_sample_is_spread_and_bounded():
    rows = [[str(n)] for n in range(1_000_001)]
    sample = sample_rows(rows)
    assert len(sample) == 300 and sample[0] == ["0"] and sample[-1] == ["1000000"]


@pytest.mark.parametrize("rows", [[], [[]], [[""]], [["", ""], ["", ""]]])
def test_nothing_in_it(rows):
    header, first = split_header(rows)
    assert header is None
    assert all(g.column.kind is FieldKind.EMPTY for g in type_columns(header, rows[first:]))


def test_ten_thousand_columns():
    rows = [[f"h{n}" for n in range(10_000)], *[[str(n) for n in range(10_000)]] * 25]
    header, first = split_header(rows)
    guesses = type_columns(header, rows[first:])
    assert len(guesses) == 10_000
    assert len({g.column.name for g in guesses}) == 10_000


@pytest.mark.parametrize(
    ("header", "cells", "kind", "role"),
    [
        ("联系人/职务", ["王芳 经理", "刘总", "赵敏"], FieldKind.PERSON, Role.IDENTITY),
        ("Customer Name", ["Oluwaseun Adebayo", "Nguyễn Văn An"], FieldKind.PERSON, Role.IDENTITY),
        ("客户", ["宏达贸易有限公司", "明光机械厂"], FieldKind.COMPANY, Role.IDENTITY),
        ("手机号码", ["13816382749.0", "139 1638 2749"], FieldKind.PHONE, Role.CONTACT),
        ("折扣", ["9折", "85折"], FieldKind.NUMBER, Role.DEEP),
        ("成交价", ["12.5万", "8万"], FieldKind.NUMBER, Role.DEEP),
        ("付款习惯", ["月底付款", "现款现货"], FieldKind.TEXT, Role.DEEP),
        ("账号", ["6222021234567890128", "6217000010001234567"], FieldKind.ACCOUNT, Role.IDENTITY),
        ("微信号", ["wxid_a1b2c3d4", "zhang_88xy"], FieldKind.ACCOUNT, Role.CONTACT),
        ("业务员", ["张伟", "李娜"], FieldKind.PERSON, Role.DEEP),
        ("City", ["London", "Paris"], FieldKind.PLACE, Role.NONE),
        ("下单时间", ["2024-03-01 12:00", "2024/3/2"], FieldKind.DATE, Role.TRANSACTION),
    ],
)
def test_one_column(header, cells, kind, role):
    (guess,) = type_columns([header], [[cell] for cell in cells])
    assert (guess.column.kind, guess.column.role) == (kind, role), guess
    assert all(cell not in reason for cell in cells for reason in guess.reasons)
