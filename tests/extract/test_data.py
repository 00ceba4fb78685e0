from __future__ import annotations

import io
import sqlite3
import struct
import zipfile

import pytest

from scanner.extract.base import Limits
from scanner.model.content import Layout
from tests.extract.reading import got

PEOPLE = [("王小明", "13800138000"), ("李四", "13900139000"), ("赵六 七", "13700137000")]


def database(*statements: str, values: list[tuple[object, ...]] | None = None) -> bytes:
    base = sqlite3.connect(":memory:")
    for statement in statements:
        base.execute(statement)
    if values:
        marks = ",".join("?" * len(values[0]))
        base.executemany(f"INSERT INTO people VALUES ({marks})", values)
    base.commit()
    data = base.serialize()
    base.close()
    return data


def test_tables_of_a_database_are_rows() -> None:
    data = database("CREATE TABLE people (name TEXT, phone TEXT)", values=list(PEOPLE))
    found = got(data, "a")
    assert found.types[""] == "sqlite"
    assert found.at("table people") == ["name\tphone\n" + "\n".join("\t".join(p) for p in PEOPLE)]
    assert next(one for _, one in found.segments).layout is Layout.TABLE
    assert not found.reasons


def test_odd_names_views_and_virtual_tables() -> None:
    data = database(
        'CREATE TABLE "a ""b"" 客户" (x)',
        'INSERT INTO "a ""b"" 客户" VALUES (\'13800138000\')',
        "CREATE VIEW people_view AS SELECT 1",
        "CREATE VIRTUAL TABLE words USING fts5(body)",
        "INSERT INTO words VALUES ('王小明 13900139000')",
    )
    found = got(data, "a.db")
    assert "13800138000" in found.at('table a "b" 客户')[0]
    assert "13900139000" in found.text
    assert not found.reasons


def test_documents_stored_in_a_database_are_children() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("list.csv", "王小明,13800138000\n")
    data = database("CREATE TABLE people (id, file)", values=[(1, out.getvalue()), (2, b"\0" * 99)])
    found = got(data, "a.db")
    assert "people 1 file!list.csv" in found.outcomes
    assert "13800138000" in found.text


def test_a_damaged_database_gives_what_it_can() -> None:
    rows = [(f"name {number}", f"138{number:08d}") for number in range(5000)]
    data = bytearray(database("CREATE TABLE people (name, phone)", values=rows))
    data[4096 * 6 : 4096 * 7] = b"\xff" * 4096
    found = got(bytes(data), "a.db")
    assert "damaged" in found.reasons
    assert "13800000001" in found.text
    head = got(bytes(data[:4096]), "a.db")
    assert head.reasons == {"damaged"}


def test_a_database_in_wal_mode_is_read() -> None:
    data = bytearray(database("CREATE TABLE people (n, p)", values=list(PEOPLE)))
    data[18:20] = b"\x02\x02"
    assert "13800138000" in got(bytes(data), "a.db").text


def dbf(encoding: str, page: int) -> bytes:
    fields = [("NAME", 20), ("PHONE", 12)]
    record = 1 + sum(size for _, size in fields)
    header = 32 + 32 * len(fields) + 1
    out = struct.pack("<BBBBIHH", 3, 126, 3, 3, len(PEOPLE), header, record)
    out = out.ljust(29, b"\0") + bytes([page, 0, 0])
    for name, size in fields:
        out += name.encode().ljust(11, b"\0") + b"C" + bytes(4) + bytes([size]) + bytes(15)
    out += b"\r"
    for name, phone in PEOPLE:
        out += b" " + name.encode(encoding).ljust(20) + phone.encode().ljust(12)
    return out + b"\x1a"


@pytest.mark.parametrize(
    ("encoding", "page"), [("gb18030", 0x4D), ("gb18030", 0), ("gb18030", 0x57), ("utf-8", 0)]
)
def test_dbase_in_its_code_page(encoding: str, page: int) -> None:
    found = got(dbf(encoding, page), "a.dbf")
    assert found.text.split("\n")[1:] == ["\t".join(person) for person in PEOPLE]


def test_a_cut_dbase_table_is_damaged() -> None:
    found = got(dbf("gb18030", 0x4D)[:-40], "a.dbf")
    assert found.reasons == {"damaged"}
    assert "13800138000" in found.text


@pytest.mark.parametrize("kind", ["parquet", "orc", "feather"])
def test_columnar_tables(kind: str) -> None:
    arrow = pytest.importorskip("pyarrow")
    from pyarrow import feather, orc, parquet

    table = arrow.table(
        {
            "name": [one for one, _ in PEOPLE],
            "phone": [int(two) for _, two in PEOPLE],
            "tags": [["a", "b"], None, []],
        }
    )
    out = io.BytesIO()
    if kind == "parquet":
        parquet.write_table(table, out)
    elif kind == "orc":
        orc.write_table(table, out)
    else:
        feather.write_feather(table, out)
    found = got(out.getvalue(), "a")
    rows = found.text.split("\n")
    assert rows[1].startswith("王小明\t13800138000")
    assert len(rows) == 4
    assert not found.reasons
    assert got(out.getvalue()[:-20], "a").reasons & {"damaged", "unsupported"}


def test_without_the_library_a_columnar_table_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "pyarrow", None)
    found = got(b"PAR1" + bytes(50) + b"PAR1", "a.parquet")
    assert found.reasons == {"missing-library:pyarrow"}
    assert "leakscan[parquet]" in found.outcomes[""].detail


def test_large_tables_come_in_pieces_that_continue() -> None:
    rows = [(f"name {number}", "x" * 100) for number in range(30_000)]
    data = database("CREATE TABLE people (name, phone)", values=rows)
    found = got(data, "a.db", Limits())
    pieces = [one for _, one in found.segments if one.locator == "table people"]
    assert len(pieces) > 1
    assert [one.continues for one in pieces] == [True] * (len(pieces) - 1) + [False]
    line = 1
    for piece in pieces:
        assert piece.first_line == line
        line += piece.text.count("\n")
    assert "".join(one.text for one in pieces).count("\n") == 30_000
