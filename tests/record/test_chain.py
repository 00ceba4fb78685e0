"""The store's chain: untouched it verifies, any edit, removal, swap, forgery or cut is found."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from scanner.home import Home, open_home
from scanner.model.chain import GENESIS, canonical, link
from scanner.model.errors import StoreError
from scanner.model.incident import Incident
from scanner.model.recorded import ScanStart, Totals
from scanner.record.schema import CHAINED
from scanner.record.store import Store
from scanner.record.verify import said, verify_store

Make = Callable[..., Incident]
TRIALS = 200
ALL_TRIALS = 10_000


def fill(home: Home, make: Make, count: int = 12) -> None:
    with Store.open(home) as store:
        scan = store.start_scan(ScanStart(("/share",), "officer", "scan-1"))
        ids = store.record([make(number) for number in range(count)], scan_id=scan)
        store.record([make(number, finding__nonpublic=41) for number in range(3)])
        store.settle("later", [make(5).document.path or b""])
        store.review(ids[0], "confirmed", "no task with it", "li.na")
        store.assign(ids[1], "li.na", "officer")
        store.log_custody("li.na", "reveal", ids[0], "for the file")
        number = store.begin_measure("watch", "watching /share")
        store.beat_measure(number, end=True)
        store.finish_scan(scan, Totals(documents=count, complete=count), incidents=count)
        store.expire(1)
        store.record([make(99)])


def open_raw(home: Home) -> sqlite3.Connection:
    return sqlite3.connect(home.store)


@pytest.fixture
def filled(home: Home, make: Make) -> Home:
    fill(home, make)
    raw = open_raw(home)
    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw.close()
    return home


def copy_of(home: Home, target: Path) -> Home:
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    for name in ("version", "store.db", "audit.key", "audit.anchor"):
        shutil.copyfile(home.root / name, target / name)
    return open_home(target)


def test_untouched_it_verifies(filled: Home) -> None:
    assert verify_store(filled) == []
    with Store.open(filled) as store:
        outside = store.export_anchor()
        store.log_custody("me", "reveal", "x")
    assert verify_store(filled, outside) == []


def test_row_hash_is_what_the_notes_say(filled: Home) -> None:
    raw = open_raw(filled)
    rows = raw.execute("SELECT row, prev_hash, row_hash FROM audit ORDER BY seq").fetchall()
    raw.close()
    before = GENESIS
    for row, prev_hash, row_hash in rows:
        assert prev_hash == before
        assert canonical(json.loads(row)) == row
        before = link(prev_hash, row)
        assert row_hash == before


# Each of these changes something and says what; `random` decides where.


def _row_id(raw: sqlite3.Connection, table: str, rng: random.Random) -> int:
    ids = [row[0] for row in raw.execute(f"SELECT rowid FROM {table} ORDER BY rowid")]
    return rng.choice(ids)


def _other(value: object, rng: random.Random) -> object:
    if isinstance(value, int):
        return value + rng.choice((-1, 1))
    if isinstance(value, bytes):
        return value + b"x"
    text = str(value)
    place = rng.randrange(len(text) + 1)
    return text[:place] + rng.choice("abc01 客") + text[place:]


def edit_cell(raw: sqlite3.Connection, rng: random.Random) -> str:
    tables = [*(table.name for table, _ in CHAINED.values()), "audit", "seal", "record_ids"]
    table = rng.choice(tables)
    rowid = _row_id(raw, table, rng)
    names = [row[1] for row in raw.execute(f"PRAGMA table_info({table})")]
    name = rng.choice(names)
    if (table, name) == ("seal", "number"):
        name = "rows"
    if (table, name) == ("record_ids", "nonpublic"):
        name = "matched"
    (value,) = raw.execute(f"SELECT {name} FROM {table} WHERE rowid = ?", (rowid,)).fetchone()
    changed = _other(value, rng)
    raw.execute(f"UPDATE OR IGNORE {table} SET {name} = ? WHERE rowid = ?", (changed, rowid))
    if not raw.execute("SELECT changes()").fetchone()[0]:
        raw.execute(f"DELETE FROM {table} WHERE rowid = ?", (rowid,))
    return f"{table}.{name} of {rowid}"


def delete_row(raw: sqlite3.Connection, rng: random.Random) -> str:
    table = rng.choice([*(table.name for table, _ in CHAINED.values()), "audit", "record_ids"])
    rowid = _row_id(raw, table, rng)
    raw.execute(f"DELETE FROM {table} WHERE rowid = ?", (rowid,))
    return f"deleted {table} {rowid}"


def swap_rows(raw: sqlite3.Connection, rng: random.Random) -> str:
    seqs = [row[0] for row in raw.execute("SELECT seq FROM audit")]
    one, two = rng.sample(seqs, 2)
    raw.execute("UPDATE audit SET seq = -1 WHERE seq = ?", (one,))
    raw.execute("UPDATE audit SET seq = ? WHERE seq = ?", (one, two))
    raw.execute("UPDATE audit SET seq = ? WHERE seq = -1", (two,))
    return f"swapped {one} and {two}"


def cut_tail(raw: sqlite3.Connection, rng: random.Random) -> str:
    (last,) = raw.execute("SELECT max(seq) FROM audit").fetchone()
    keep = rng.randrange(last)
    raw.execute("DELETE FROM audit WHERE seq > ?", (keep,))
    return f"cut after {keep}"


def rewrite(raw: sqlite3.Connection, rng: random.Random) -> str:
    """A forger without the key changes one row and makes every later hash fit."""
    rows = raw.execute("SELECT seq, row, row_hash FROM audit ORDER BY seq").fetchall()
    at = rng.randrange(len(rows))
    before = GENESIS
    for place, (seq, row, _) in enumerate(rows):
        text = row
        if place == at:
            told = json.loads(row)
            told["by"] = told["by"] + "x"
            text = canonical(told)
        hashed = link(before, text)
        raw.execute(
            "UPDATE audit SET row = ?, prev_hash = ?, row_hash = ? WHERE seq = ?",
            (text, before, hashed, seq),
        )
        before = hashed
    return f"rewritten from {at + 1}"


def append_row(raw: sqlite3.Connection, rng: random.Random) -> str:
    seq, head = raw.execute("SELECT seq, row_hash FROM audit ORDER BY seq DESC").fetchone()
    told = {"kind": "custody", "subject": str(rng.randrange(9)), "seq": seq + 1, "action": "x"}
    row = canonical(told)
    raw.execute(
        "INSERT INTO audit VALUES (?, 'custody', ?, ?, ?, ?)",
        (seq + 1, told["subject"], row, head, link(head, row)),
    )
    return "appended"


def add_incident(raw: sqlite3.Connection, rng: random.Random) -> str:
    rowid = _row_id(raw, "incidents", rng)
    names = [row[1] for row in raw.execute("PRAGMA table_info(incidents)")]
    kept = ", ".join(name for name in names if name != "incident_id")
    raw.execute(
        f"INSERT INTO incidents (incident_id, {kept}) SELECT 'f' || substr(incident_id, 2) "
        f"|| '0', {kept} FROM incidents WHERE rowid = ?",
        (rowid,),
    )
    return "added an incident"


CHANGES = (edit_cell, delete_row, swap_rows, cut_tail, rewrite, append_row, add_incident)


def tamper(filled: Home, tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    home = copy_of(filled, tmp_path / "copy")
    raw = open_raw(home)
    change = rng.choice(CHANGES)
    what = change(raw, rng)
    raw.commit()
    raw.close()
    found = verify_store(home)
    assert found, f"seed {seed}: {what}"
    for lang in ("en", "zh"):
        assert all(said(problem, lang) for problem in found)


def test_random_changes_are_found(filled: Home, tmp_path: Path) -> None:
    for seed in range(TRIALS):
        tamper(filled, tmp_path, seed)


@pytest.mark.slow
def test_ten_thousand_changes_are_found(filled: Home, tmp_path: Path) -> None:
    for seed in range(TRIALS, ALL_TRIALS):
        tamper(filled, tmp_path, seed)


def test_the_edited_row_is_named(filled: Home) -> None:
    raw = open_raw(filled)
    raw.execute("UPDATE audit SET row = replace(row, 'officer', 'nobody') WHERE seq = 2")
    raw.execute("UPDATE incidents SET severity = 'low' WHERE path LIKE '%list-99.%'")
    (identity,) = raw.execute("SELECT incident_id FROM incidents WHERE severity='low'").fetchone()
    raw.commit()
    raw.close()
    found = {(one.place, one.subject, one.code) for one in verify_store(filled)}
    assert found == {("audit", "2", "changed"), ("incident", identity, "changed")}


def test_columns_of_the_history_say_what_its_rows_say(filled: Home) -> None:
    """Moving an older row to another subject changes nothing that is newest, and is found."""
    raw = open_raw(filled)
    (seq,) = raw.execute('SELECT seq FROM audit WHERE row LIKE \'%"action":"changed"%\'').fetchone()
    (other,) = raw.execute(
        "SELECT subject FROM audit WHERE kind = 'incident' AND seq > ?", (seq + 1,)
    ).fetchone()
    raw.execute("UPDATE audit SET subject = ? WHERE seq = ?", (other, seq))
    raw.commit()
    raw.close()
    assert [(one.subject, one.code) for one in verify_store(filled)] == [(str(seq), "changed")]


def test_a_cut_with_its_old_seal_is_found(filled: Home, tmp_path: Path, make: Make) -> None:
    """An older copy of the whole database fits itself; the anchor beside it does not."""
    old = copy_of(filled, tmp_path / "old")
    with Store.open(filled) as store:
        store.record([make(500)])
    shutil.copyfile(filled.root / "audit.anchor", old.root / "audit.anchor")
    assert [one.code for one in verify_store(old)] == ["cut_off"]
    # Opening goes on, but the gap stays in the history for good.
    with Store.open(old) as store:
        store.record([make(501)])
    assert [one.code for one in verify_store(old)] == ["anchor_lost"]


def test_an_older_copy_with_its_anchor_is_found_from_outside(
    filled: Home, tmp_path: Path, make: Make
) -> None:
    old = copy_of(filled, tmp_path / "old")
    with Store.open(filled) as store:
        store.record([make(500)])
        outside = store.export_anchor()
    assert verify_store(filled, outside) == []
    assert verify_store(old) == []
    assert [one.code for one in verify_store(old, outside)] == ["cut_off"]
    with pytest.raises(StoreError, match="not one that this store"):
        verify_store(old, outside.replace('"rows":', '"rows":1'))


def edit(home: Home, statement: str) -> None:
    raw = open_raw(home)
    raw.execute(statement)
    assert raw.execute("SELECT changes()").fetchone() == (1,)
    raw.commit()
    raw.close()


@pytest.mark.parametrize("by", ["found again", "review", "settle", "expire"])
def test_an_edit_is_not_covered_up_by_what_follows(home: Home, make: Make, by: str) -> None:
    with Store.open(home) as store:
        (identity,) = store.record([make(1)], scan_id="s1")
    edit(home, "UPDATE incidents SET verdict = 'false_positive', status = 'closed'")
    with Store.open(home) as store:
        if by == "found again":
            store.record([make(1)], scan_id="s2")
        elif by == "review":
            store.review(identity, "confirmed", "no task with it", "li.na")
        elif by == "settle":
            store.settle("s2", [make(1).document.path or b""])
        else:
            store.expire(1)
        (problem,) = verify_store(home)
        assert problem.code == "edited_before"
        assert identity in said(problem, "en")
        assert identity in said(problem, "zh")
        store.record([make(1), make(2)])
        assert verify_store(home) == [problem]


def test_an_edited_scan_or_measure_is_not_covered_up(home: Home) -> None:
    with Store.open(home) as store:
        scan = store.start_scan(ScanStart())
        number = store.begin_measure("watch", "watching /share")
        edit(home, "UPDATE scans SET started_at = '2020-01-01T00:00:00+00:00'")
        edit(home, "UPDATE measures SET started_at = '2020-01-01T00:00:00+00:00'")
        store.finish_scan(scan, Totals())
        store.beat_measure(number)
    assert [one.code for one in verify_store(home)] == ["edited_before"] * 2


def test_a_forged_row_is_not_covered_up_by_what_follows(home: Home, make: Make) -> None:
    with Store.open(home) as store:
        store.record([make(1)])
        raw = open_raw(home)
        rng = random.Random(1)
        append_row(raw, rng)
        raw.commit()
        raw.close()
        store.record([make(2)])
    assert "unsealed_before" in {one.code for one in verify_store(home)}


def test_a_forged_alarm_is_told_like_any_change(home: Home, make: Make) -> None:
    with Store.open(home) as store:
        store.record([make(1)])
    raw = open_raw(home)
    seq, head = raw.execute("SELECT seq, row_hash FROM audit ORDER BY seq DESC").fetchone()
    detail = {"place": "x", "lang": "y"}
    row = canonical(
        {"action": "x", "detail": detail, "kind": "alarm", "seq": seq + 1, "subject": "store"}
    )
    raw.execute(
        "INSERT INTO audit VALUES (?, 'alarm', 'store', ?, ?, ?)",
        (seq + 1, row, head, link(head, row)),
    )
    raw.commit()
    raw.close()
    found = verify_store(home)
    assert [one.code for one in found] == ["changed", "unsealed"]
    assert all(said(one, "en") for one in found)


def test_a_lost_anchor_stays_in_the_history(filled: Home) -> None:
    (filled.root / "audit.anchor").unlink()
    assert [one.code for one in verify_store(filled)] == ["no_anchor"]
    Store.open(filled).close()
    assert [one.code for one in verify_store(filled)] == ["anchor_lost"]


def test_an_anchor_of_another_key_counts_as_none(filled: Home) -> None:
    anchor = filled.root / "audit.anchor"
    text = anchor.read_text()
    anchor.write_text(text.replace('"rows":', '"rows":1'))
    assert [one.code for one in verify_store(filled)] == ["no_anchor"]


def test_a_torn_write_of_the_anchor_leaves_the_other_slot(filled: Home) -> None:
    anchor = filled.root / "audit.anchor"
    data = anchor.read_bytes()
    newest = max((0, 256), key=lambda at: json.loads(data[at : at + 256])["rows"])
    torn = bytearray(data)
    torn[newest : newest + 100] = bytes(100)
    anchor.write_bytes(torn)
    assert verify_store(filled) == []
    Store.open(filled).close()
    assert verify_store(filled) == []
    assert max(json.loads(part)["rows"] for part in (anchor.read_bytes()[:256],)) > 0


def test_a_damaged_file_is_a_problem_not_a_crash(filled: Home) -> None:
    data = bytearray(filled.store.read_bytes())
    for place in range(8192, len(data), 4096):
        data[place : place + 64] = b"\xff" * 64
    filled.store.write_bytes(data)
    assert "damaged" in {one.code for one in verify_store(filled)}


def test_no_store_is_told(home: Home) -> None:
    with pytest.raises(StoreError, match="there is no incident store"):
        verify_store(home)
