"""The history is only added to, every change to it by hand is noticed, writers do not mix."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from datetime import date
from pathlib import Path

import pytest

from scanner.model.errors import HomeError
from scanner.registry.history import Change, History


def rows_of(count, start=0):
    return [Change("party", f"P{n}", {"name": f"n{n}"}) for n in range(start, start + count)]


def raw(folder):
    db = sqlite3.connect(folder / "registry.db", isolation_level=None)
    db.execute("DROP TRIGGER IF EXISTS history_keeps")
    db.execute("DROP TRIGGER IF EXISTS history_stays")
    return db


@pytest.fixture
def filled(tmp_path):
    history = History(tmp_path)
    history.append(rows_of(20), by="a", after=None)
    return history


def test_an_absent_history_is_empty_and_is_not_made_by_reading(tmp_path):
    assert History(tmp_path / "none").rows() == ()
    assert not (tmp_path / "none").exists()


def test_rows_come_back_as_they_were_written(tmp_path):
    history = History(tmp_path)
    change = Change(
        "party", "P", {"b": "客户", "a": [1]}, "set", date(2026, 1, 1), date(2026, 2, 1)
    )
    (written,) = history.append([change], by="ann", after=None)
    (read,) = history.rows()
    assert read == written
    assert read.data() == {"a": [1], "b": "客户"}
    assert read.covers(date(2026, 1, 1)) and read.covers(date(2026, 2, 1))
    assert not read.covers(date(2025, 12, 31)) and not read.covers(date(2026, 2, 2))
    assert (read.seq, read.version, read.recorded_by) == (1, 1, "ann")
    assert oct((tmp_path / "registry.db").stat().st_mode & 0o777) == "0o600"


def test_versions_count_up_for_each_id(tmp_path):
    history = History(tmp_path)
    history.append([*rows_of(2), *rows_of(1)], by="a", after=None)
    assert [(row.id, row.version) for row in history.rows()] == [("P0", 1), ("P1", 1), ("P0", 2)]


def test_the_database_itself_refuses_changes(filled, tmp_path):
    db = sqlite3.connect(tmp_path / "registry.db")
    for statement in ("UPDATE history SET id='x'", "DELETE FROM history"):
        with pytest.raises(sqlite3.IntegrityError):
            db.execute(statement)
    db.close()


def test_every_edit_deletion_swap_and_cut_is_noticed(filled, tmp_path):
    """More than a hundred random changes by hand, each on a fresh copy."""
    original = (tmp_path / "registry.db").read_bytes()
    db = raw(tmp_path)
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    original = (tmp_path / "registry.db").read_bytes()
    rng = random.Random(7)
    columns = ["kind", "id", "op", "valid_from", "recorded_at", "recorded_by", "payload"]
    for round_ in range(120):
        for leftover in tmp_path.glob("registry.db-*"):
            leftover.unlink()
        (tmp_path / "registry.db").write_bytes(original)
        db = raw(tmp_path)
        row = rng.randint(1, 20)
        match round_ % 4:
            case 0:
                column = rng.choice(columns)
                db.execute(f"UPDATE history SET {column}={column}||'x' WHERE seq=?", (row,))
            case 1:
                db.execute("DELETE FROM history WHERE seq=?", (row,))
            case 2:
                other = row % 20 + 1
                db.execute("UPDATE history SET seq=99 WHERE seq=?", (row,))
                db.execute("UPDATE history SET seq=? WHERE seq=?", (row, other))
                db.execute("UPDATE history SET seq=? WHERE seq=99", (other,))
            case 3:
                db.execute("DELETE FROM history WHERE seq>=?", (row,))
        db.close()
        with pytest.raises(HomeError):
            History(tmp_path).rows()
    for leftover in tmp_path.glob("registry.db-*"):
        leftover.unlink()
    (tmp_path / "registry.db").write_bytes(original)
    assert len(History(tmp_path).rows()) == 20


def test_a_lost_database_and_a_broken_anchor_are_noticed(filled, tmp_path):
    anchor = tmp_path / "registry.head"
    anchor.write_text("twelve\n")
    with pytest.raises(HomeError, match="damaged"):
        filled.rows()
    anchor.write_text(f"20 {filled_head(tmp_path)}\n")
    assert len(filled.rows()) == 20
    for path in tmp_path.glob("registry.db*"):
        path.unlink()
    with pytest.raises(HomeError, match="missing"):
        filled.rows()


def filled_head(folder):
    db = sqlite3.connect(folder / "registry.db")
    ((head,),) = db.execute("SELECT row_hash FROM history ORDER BY seq DESC LIMIT 1").fetchall()
    db.close()
    return head


def test_a_file_that_is_no_database_is_refused(tmp_path):
    (tmp_path / "registry.db").write_bytes(b"not a database at all" * 100)
    with pytest.raises(HomeError, match="damaged"):
        History(tmp_path).rows()


def test_a_slower_writer_is_told_and_writes_nothing(filled):
    head = filled.rows()[-1].row_hash
    filled.append(rows_of(1, 50), by="fast", after=head)
    with pytest.raises(HomeError, match="another leakscan"):
        filled.append(rows_of(1, 51), by="slow", after=head)
    assert [row.id for row in filled.rows()][-1] == "P50"


def test_writers_side_by_side_lose_nothing(tmp_path):
    def write(name):
        for number in range(6):
            History(tmp_path).append([Change("party", f"{name}{number}")], by=name, after=None)

    threads = [threading.Thread(target=write, args=(f"w{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rows = History(tmp_path).rows()
    assert len(rows) == 24
    assert len({row.id for row in rows}) == 24
    assert (tmp_path / "registry.head").read_text().startswith("24 ")


def test_a_failure_in_the_middle_writes_nothing(filled, tmp_path):
    bad = [*rows_of(1, 60), Change("party", "bad", {"x": object()})]
    with pytest.raises(TypeError):
        filled.append(bad, by="a", after=None)
    assert len(filled.rows()) == 20


WRITER = """
import sys
from pathlib import Path
from scanner.registry.history import Change, History
history = History(Path(sys.argv[1]))
number = 0
while True:
    done = history.append([Change("party", f"p{number}"), Change("party", f"q{number}")], by="w", after=None)
    print(done[-1].seq, flush=True)
    number += 1
"""


def test_kill_at_any_moment_loses_nothing_that_was_written(tmp_path):
    root = Path(__file__).resolve().parents[2]
    rng = random.Random(3)
    told = 0
    for _ in range(6):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path)],
            cwd=root,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(root)},
        )
        process.stdout.readline()
        time.sleep(rng.uniform(0.0, 0.05))
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read().split()
        process.wait()
        process.stdout.close()
        told = max([told, *map(int, rest)])
        rows = History(tmp_path).rows()
        assert len(rows) >= told
        assert len(rows) % 2 == 0
