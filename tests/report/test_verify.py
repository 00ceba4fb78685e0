"""`audit verify FILE`: every edit, deletion, swap and cut of an exported report is found."""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scanner.model.chain import canonical, link
from scanner.model.errors import ReportError
from scanner.model.incident import Incident
from scanner.model.recorded import INCIDENT_COLUMNS, ScanStart, Totals
from scanner.record.store import Store
from scanner.report._chained import RowJson
from scanner.report._formula import original
from scanner.report._table import BOM, line
from scanner.report.base import Profile, report_named
from scanner.report.csv import COLUMNS, anchor_path, coverage_path, write
from scanner.report.verify import said, verify_report

Make = Callable[..., Incident]
KEY = b"k" * 32
TRIALS = 300
ALL_TRIALS = 10_000
ROWS = 25

Known = dict[str, tuple[int, str]]


@pytest.fixture
def exported(store: Store, make: Make, tmp_path: Path) -> tuple[Path, Known]:
    titles = ["华东客户", "=1+1", 'a "quoted", b', "plain"]
    store.record([make(number, dataset_title=titles[number % 4]) for number in range(ROWS)])
    path = tmp_path / "incidents.csv"
    written = write(path, store.select(), Profile(key=KEY))
    return path, {written.head_hash: (written.rows, written.sha256)}


def parsed(data: bytes) -> list[list[str]]:
    text = data.decode("utf-8-sig")
    return [[original(cell) for cell in row] for row in csv.reader(io.StringIO(text, newline=""))]


def rendered(rows: list[list[str]]) -> bytes:
    return BOM + "".join(line(row) for row in rows).encode()


# Changes to the table: what a person does in an editor. Each gives the row that must be named.


def edit(rows: list[list[str]], rng: random.Random) -> int:
    at, column = rng.randrange(1, len(rows)), rng.randrange(len(COLUMNS))
    text = rows[at][column]
    place = rng.randrange(len(text) + 1)
    rows[at][column] = text[:place] + rng.choice("x1 客,\"=';") + text[place:]
    return at


def clear(rows: list[list[str]], rng: random.Random) -> int:
    at = rng.randrange(1, len(rows))
    full = [place for place, cell in enumerate(rows[at]) if cell]
    rows[at][rng.choice(full)] = ""
    return at


def delete(rows: list[list[str]], rng: random.Random) -> int:
    at = rng.randrange(1, len(rows))
    del rows[at]
    return at


def swap(rows: list[list[str]], rng: random.Random) -> int:
    one, two = sorted(rng.sample(range(1, len(rows)), 2))
    rows[one], rows[two] = rows[two], rows[one]
    return one


def double(rows: list[list[str]], rng: random.Random) -> int:
    at = rng.randrange(1, len(rows))
    rows.insert(at, list(rows[at]))
    return at + 1


def cut(rows: list[list[str]], rng: random.Random) -> int:
    keep = rng.randrange(len(rows) - 1)
    del rows[keep + 1 :]
    return keep + 1


def rewrite(rows: list[list[str]], rng: random.Random) -> int:
    """A forger changes a row and makes all later hashes fit."""
    at = rng.randrange(1, len(rows))
    rows[at][rng.randrange(len(INCIDENT_COLUMNS))] += "x"
    row_json = RowJson(INCIDENT_COLUMNS)
    head = rows[at][-2]
    for row in rows[at:]:
        row[-2], row[-1] = head, link(head, row_json(tuple(row[:-2])))
        head = row[-1]
    return len(rows) - 1


TABLE_CHANGES = (edit, clear, delete, swap, double, cut, rewrite)


def byte_change(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data))
    how = rng.randrange(4)
    if how == 0:
        return data[:at] + bytes([data[at] ^ (1 << rng.randrange(8))]) + data[at + 1 :]
    if how == 1:
        return data[:at] + data[at + 1 :]
    if how == 2:
        return data[:at] + rng.randbytes(1) + data[at:]
    return data[:at]


def tamper(exported: tuple[Path, Known], clean: bytes, seed: int) -> None:
    path, known = exported
    rng = random.Random(seed)
    anchor = anchor_path(path)
    kept = anchor.read_bytes()
    if rng.random() < 0.3:
        path.write_bytes(byte_change(clean, rng))
        assert verify_report(path, key=KEY), f"seed {seed}"
        assert verify_report(path), f"seed {seed}, without the key"
        anchor.unlink()
        assert verify_report(path, exported=known), f"seed {seed}, without the anchor"
        anchor.write_bytes(kept)
        return
    rows = parsed(clean)
    change = rng.choice(TABLE_CHANGES)
    at = change(rows, rng)
    path.write_bytes(rendered(rows))
    with_anchor = verify_report(path, key=KEY)
    anchor.unlink()
    without = verify_report(path, exported=known)
    anchor.write_bytes(kept)
    assert without, f"seed {seed}: {change.__name__}"
    named = {one.subject for one in with_anchor if one.place == "row"}
    assert str(at) in named, f"seed {seed}: {change.__name__} at {at}, named {named}"
    for lang in ("en", "zh"):
        assert all(said(problem, lang) for problem in with_anchor)


def test_untouched_it_verifies(exported: tuple[Path, Known]) -> None:
    path, known = exported
    assert verify_report(path) == []
    assert verify_report(path, key=KEY) == []
    assert verify_report(path, key=KEY, exported=known) == []
    anchor_path(path).unlink()
    assert verify_report(path, exported=known) == []
    assert [one.code for one in verify_report(path)] == ["no_anchor"]


def test_the_table_as_this_test_writes_it_is_the_report(exported: tuple[Path, Known]) -> None:
    data = exported[0].read_bytes()
    assert rendered(parsed(data)) == data


def test_random_changes_are_found(exported: tuple[Path, Known]) -> None:
    clean = exported[0].read_bytes()
    for seed in range(TRIALS):
        tamper(exported, clean, seed)


@pytest.mark.slow
def test_ten_thousand_changes_are_found(exported: tuple[Path, Known]) -> None:
    clean = exported[0].read_bytes()
    for seed in range(TRIALS, ALL_TRIALS):
        tamper(exported, clean, seed)


@pytest.mark.parametrize("name", ["scan_log", "measure_log"])
def test_the_other_chained_tables_verify_too(store: Store, tmp_path: Path, name: str) -> None:
    for number in range(4):
        store.finish_scan(store.start_scan(ScanStart((f"/share/{number}",))), Totals(number))
    path = tmp_path / f"{name}.csv"
    written = report_named(name).write(path, store.select(), Profile(key=KEY))
    known = {written.head_hash: (written.rows, written.sha256)}
    assert verify_report(path, exported=known) == []
    clean = path.read_bytes()
    path.write_bytes(clean.replace(b"/share/2", b"/share/9"))
    assert [(one.subject, one.code) for one in verify_report(path, exported=known)] == [
        ("3", "changed"),
        (path.name, "bytes"),
    ]
    path.write_bytes(b"".join(clean.splitlines(keepends=True)[:-1]))
    assert [one.code for one in verify_report(path, exported=known)] == ["no_anchor"]


def test_what_is_wrong_with_a_row_is_told(exported: tuple[Path, Known]) -> None:
    path, _ = exported
    clean = parsed(path.read_bytes())
    for change, codes in (
        (lambda rows: rows.pop(7), {"out_of_place", "number"}),
        (lambda rows: rows[7].__setitem__(5, "x"), {"changed"}),
        (lambda rows: rows[7].pop(), {"width"}),
    ):
        rows = [list(row) for row in clean]
        change(rows)
        path.write_bytes(rendered(rows))
        found = {one.code for one in verify_report(path) if one.place == "row"}
        assert codes <= found
    rows = [list(row) for row in clean]
    del rows[7]
    path.write_bytes(rendered(rows))
    first = next(one for one in verify_report(path) if one.place == "row")
    assert (first.subject, first.code) == ("7", "out_of_place")


@given(st.lists(st.text(), min_size=3, max_size=3), st.integers(1, 10**9))
@example(["a\x7fb", "c", "d"], 1)
@example(["\x7f\x7f", "", ""], 1)
@example(['"', "\\", "\n\x1f\u2028\U0001f600"], 1)
def test_the_row_as_json_is_the_canonical_one(cells: list[str], number: int) -> None:
    columns = ("path", "acts", "zz")
    row = {**dict(zip(columns, cells, strict=True)), "row_no": str(number)}
    assert RowJson(columns)((*cells, str(number))) == canonical(row)


def test_a_forged_anchor_is_found_with_the_key(exported: tuple[Path, Known]) -> None:
    path, _ = exported
    rows = parsed(path.read_bytes())[:5]
    path.write_bytes(rendered(rows))
    import hashlib

    anchor = anchor_path(path)
    told = json.loads(anchor.read_text())
    told |= {"row_count": 4, "head_hash": rows[-1][-1]}
    told["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    anchor.write_text(json.dumps(told))
    assert [one.code for one in verify_report(path, key=KEY)] == ["wrong_key"]


def test_a_changed_or_missing_coverage_companion_is_found(exported: tuple[Path, Known]) -> None:
    path, _ = exported
    coverage = coverage_path(path)
    data = coverage.read_bytes()
    coverage.write_bytes(data.replace(b"SKIPPED=0", b"SKIPPED=1"))
    assert [(one.subject, one.code) for one in verify_report(path)] == [(coverage.name, "bytes")]
    coverage.unlink()
    assert [(one.subject, one.code) for one in verify_report(path)] == [(coverage.name, "bytes")]


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"mac":1}', "\xff", "nonsense"])
def test_an_anchor_that_is_none_is_a_problem(exported: tuple[Path, Known], text: str) -> None:
    path, _ = exported
    anchor_path(path).write_text(text, encoding="latin-1")
    assert [one.code for one in verify_report(path, key=KEY)] == ["not_an_anchor"]


@pytest.mark.parametrize("data", [b"", b"\n", b"a,b\n1,2\n", b'"' * 99, b"\xff\xfe\x00", BOM])
def test_any_other_file_is_a_problem_not_a_crash(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "other.csv"
    path.write_bytes(data)
    assert verify_report(path)


def test_no_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="cannot be read"):
        verify_report(tmp_path / "none.csv")
