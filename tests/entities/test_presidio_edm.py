"""Registered lists inside Presidio: the example of the documentation, run as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scanner.home import open_home
from scanner.index.build import build_dataset
from scanner.index.types import ColumnBatch
from scanner.model.rule import Column, DatasetSpec, FieldKind, Role

DOCS = Path(__file__).parents[2] / "docs" / "entities.md"
ROWS = [
    ("上海宏达贸易有限公司", "张小三", "13816382749"),
    ("Ardent Tools Inc.", "Jane Smith", "+1 212-555-0100"),
    ("成都川味食品有限公司", "王五妹", "13700138001"),
]


@pytest.fixture
def home(tmp_path):
    opened = open_home(tmp_path / "home")
    spec = DatasetSpec(
        "crm",
        (
            Column("company", FieldKind.COMPANY, Role.IDENTITY),
            Column("person", FieldKind.PERSON, Role.IDENTITY),
            Column("phone", FieldKind.PHONE, Role.CONTACT, strong=True),
        ),
    )
    key = opened.key(create=True)
    build_dataset(opened.index, key, spec, [ColumnBatch(list(zip(*ROWS, strict=True)), len(ROWS))])
    return opened


def example():
    return re.search(r"```python\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)[1]


def test_the_example_of_the_documentation(home, capsys):
    text = "Nothing. 客户张小三，电话138 1638 2749，王五妹没有电话。Later Jane Smith left."
    exec(example(), {"HOME": home.root, "TEXT": text})
    out = [line.split() for line in capsys.readouterr().out.splitlines()]
    found = [(text[int(start) : int(end)], dataset) for start, end, dataset in out]
    assert sorted(found) == [("138 1638 2749", "crm"), ("张小三", "crm")]


def test_nothing_registered_nothing_found(tmp_path):
    from scanner.detect.presidio_edm import registered_lists

    opened = open_home(tmp_path / "empty")
    opened.key(create=True)
    assert registered_lists(opened).analyze("张小三 13816382749", []) == []
