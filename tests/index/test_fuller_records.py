"""A record is not put together out of pieces of fuller ones."""

from __future__ import annotations

from pathlib import Path

from scanner.index.build import build_dataset
from scanner.index.open import Index
from scanner.model.content import Layout, Segment, table_text
from scanner.model.rule import Column, DatasetSpec, FieldKind, Role

KEY = b"k" * 32
COLUMNS = (
    Column("contact", FieldKind.PERSON, Role.IDENTITY),
    Column("company", FieldKind.COMPANY, Role.IDENTITY),
    Column("phone", FieldKind.PHONE, Role.CONTACT, strong=True),
)
ROWS = [
    ["Sarah Williams", "Stoneford Logistics Ltd.", "614-555-0101"],
    ["Ashley Novak", "Pinehaven Foods Corp.", "614-555-0102"],
    ["Sarah Williams", "Pinehaven Foods Corp.", "614-555-0103"],
]


def found(tmp_path: Path, rows: list[list[str]]) -> list[int]:
    spec = DatasetSpec("crm", COLUMNS)
    build_dataset(tmp_path, KEY, spec, [ROWS])
    session = Index.open(tmp_path, KEY).session()
    session.feed(Segment(table_text(rows), layout=Layout.TABLE))
    return [int(record) for match in session.matches() for record in match.records]


def test_a_name_of_one_row_and_a_firm_of_the_next_make_no_third_record(tmp_path: Path) -> None:
    assert found(tmp_path, ROWS[:2]) == [0, 1]


def test_the_third_record_is_found_where_it_stands(tmp_path: Path) -> None:
    assert found(tmp_path, ROWS) == [0, 1, 2]
    assert found(tmp_path, [ROWS[2][:2]]) == [2]
