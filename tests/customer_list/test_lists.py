"""Lists in tables, cards, separated lines and sentences, in Chinese and English."""

from __future__ import annotations

import pytest

from scanner.detect.customer_list import CustomerLists, list_lines, list_verdicts
from scanner.home import Home
from scanner.model.content import Kind, Layout, Segment, table_text
from scanner.model.document import Document
from scanner.model.finding import Method
from scanner.settings import Settings

CARDS = "\n\n".join(
    f"客户名称：{firm}\n联系人：{name}\n电话：{phone}"
    for firm, name, phone in [
        ("上海宏达贸易有限公司", "张三", "13800138000"),
        ("杭州明光机械厂", "李四", "13900138000"),
        ("成都川味食品有限公司", "王五", "13700138000"),
    ]
)
PROSE_ZH = (
    "我们的客户张三，电话13800138000，住在上海市浦东新区世纪大道88号。"
    "客户李小红的手机是13900138000，邮箱li@brook.example。客户王建国，13700138000，杭州。"
)
PROSE_EN = (
    "Our client Jane Smith of Ardent Tools Inc. can be reached at jane@ardent.example. "
    "Client Bob Miller (Brook LLC) has the number +1 415-555-0199. "
    "Client Carlos Garcia, Cedar Ltd, 305-555-0199."
)
ALIGNED = (
    "Customers\n"
    "Jane Smith    jane@ardent.example  212-555-0100  London\n"
    "Bob Miller    bob@brook.example    415-555-0199  Paris\n"
    "Carlos Garcia cg@cedar.example     305-555-0199  Rome\n"
    "Anna Meyer    am@cedar.example     305-555-0133  Rome"
)


def labels(text, layout=Layout.TEXT, name="", **told):
    return [v.label for v in list_verdicts([Segment(text, layout=layout, **told)], name)]


@pytest.mark.parametrize("text", [CARDS, PROSE_ZH, PROSE_EN, ALIGNED])
def test_lists_in_text(text):
    assert labels(text) == ["customer_list"]


def test_names_and_numbers_alone_are_contacts():
    assert labels("张三 13800138000\n李小红 13900138000\n王建国 13700138000\n赵敏 13600138000") == [
        "contact_list"
    ]


def test_properties_and_raw_strings_are_not_read():
    assert labels(CARDS, kind=Kind.META) == [] and labels(CARDS, kind=Kind.RAW) == []


def test_a_document_without_a_table_says_none():
    assert list(list_lines([Segment("nothing here")])) == [
        {"locator": "", "label": "none", "score": 0.0, "records": 0, "reasons": []}
    ]


ROWS = [["客户名称", "联系人", "手机", "信用额度"]] + [
    [f"宏达{n}贸易有限公司", "张三", f"138{n:08d}", f"{n}万"] for n in range(500)
]


def session(name, rows=ROWS, blind=False):
    detector = CustomerLists(blind=blind)
    one = detector.session(Document(uri=f"/srv/share/{name}"), "")
    lines = [table_text(rows[place : place + 100]) for place in range(0, len(rows), 100)]
    for place, text in enumerate(lines):
        one.feed(
            Segment(
                text,
                locator="sheet 1",
                layout=Layout.TABLE,
                first_line=1 + 100 * place,
                continues=place + 1 < len(lines),
            )
        )
    return one


def test_a_finding_over_a_table_in_pieces():
    (finding,) = session("list.xlsx").findings()
    assert finding.method is Method.CUSTOMER_LIST and finding.dataset_id == ""
    assert finding.label == "customer_list" and finding.records == 500
    assert finding.locators == ("sheet 1 row 2",)
    assert "138" in finding.sample and "13800000000" not in finding.sample
    assert "宏达0贸易" not in finding.sample and all("宏达" not in r for r in finding.reasons)


def test_findings_may_be_asked_early_and_again():
    one = session("list.xlsx")
    assert one.findings() == one.findings()


def test_the_name_counts_unless_blind():
    rows = [["name", "city", "phone"]] + [
        ["Jane Smith", "Rome", f"212-555-{n:04d}"] for n in range(20)
    ]
    (shown,) = session("customers.xlsx", rows).findings()
    (hidden,) = session("customers.xlsx", rows, blind=True).findings()
    assert (shown.label, hidden.label) == ("customer_list", "contact_list")


def test_the_setting_switches_it_off(tmp_path):
    home = Home(tmp_path)
    assert CustomerLists.open(home, Settings(customer_lists=False)) is None
    assert CustomerLists.open(home, Settings()) is not None
