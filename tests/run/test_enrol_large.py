"""Registering large tables on the command line: taken up again, updated, merged beside the work."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scanner.cli.main import app
from scanner.cli.progress import Rows
from scanner.index import pairs
from scanner.index.merge import MOST_PARTS
from scanner.model.errors import UsageError
from scanner.run.table import Table


def table(path: Path, rows: range) -> Path:
    lines = [f"Kunde{at}a Meier{at}b,139{at:08d},k{at}@kunden.example" for at in rows]
    path.write_text("\n".join(["name,phone,email", *lines]) + "\n", encoding="utf-8")
    return path


def leakscan(home: Path, *arguments: object) -> str:
    done = CliRunner().invoke(app, ["--home", str(home), *map(str, arguments)])
    assert done.exit_code == 0, done.output
    return done.output


def segments(home: Path) -> list[Path]:
    return sorted((home / "index" / "crm").glob("*.idx"))


def cut_short(folder: Path, monkeypatch) -> tuple[Path, Path]:
    """A home and a table of 40,000 rows whose registering was interrupted in the middle."""
    monkeypatch.setattr(pairs, "WHOLE", 1000)
    home, file = folder / "home", table(folder / "crm.csv", range(40_000))
    whole = Table.batches

    def cut(self, wanted):
        for at, batch in enumerate(whole(self, wanted)):
            if at == 2:
                raise KeyboardInterrupt
            yield batch

    with monkeypatch.context() as patched:
        patched.setattr(Table, "batches", cut)
        done = CliRunner().invoke(
            app, ["--home", str(home), "registry", "add", str(file), "--id", "crm"]
        )
    assert done.exit_code != 0
    return home, file


def test_registering_goes_on_where_it_was_cut_short(tmp_path, monkeypatch) -> None:
    home, file = cut_short(tmp_path, monkeypatch)
    assert not segments(home)
    told = {row["part"]: row for row in json.loads(leakscan(home, "doctor", "--json"))}
    assert "registering crm was cut short" in told["index"]["detail"]
    said = leakscan(home, "registry", "add", file, "--id", "crm")
    assert "rows were taken over from an earlier run that was cut short" in said
    assert "40000 records" in said
    told = {row["part"]: row for row in json.loads(leakscan(home, "doctor", "--json"))}
    assert "crm (40000)" in told["index"]["detail"]
    assert "cut short" not in told["index"]["detail"]
    found = json.loads(leakscan(home, "registry", "list", "--json"))
    assert [row["records"] for row in found] == [40_000]


def test_another_file_is_not_taken_for_the_one_that_was_cut_short(tmp_path, monkeypatch) -> None:
    home, file = cut_short(tmp_path, monkeypatch)
    table(file, range(1, 40_001))
    said = leakscan(home, "registry", "add", file, "--id", "crm")
    assert "taken over" not in said
    assert "40000 records" in said


def test_many_updates_are_merged_beside_the_work(tmp_path) -> None:
    home, file = tmp_path / "home", tmp_path / "crm.csv"
    leakscan(home, "registry", "add", table(file, range(200)), "--id", "crm")
    for step in range(MOST_PARTS):
        table(file, range(200 + step + 1))
        leakscan(home, "registry", "update", "crm", file)
    until = time.monotonic() + 60
    while len(segments(home)) > 1 and time.monotonic() < until:
        time.sleep(0.1)
    assert len(segments(home)) == 1
    found = json.loads(leakscan(home, "registry", "list", "--json"))
    assert [row["records"] for row in found] == [200 + MOST_PARTS]


def test_merging_by_hand(tmp_path) -> None:
    home, file = tmp_path / "home", tmp_path / "crm.csv"
    leakscan(home, "registry", "add", table(file, range(200)), "--id", "crm")
    leakscan(home, "registry", "update", "crm", table(file, range(50, 250)))
    assert len(segments(home)) == 2
    assert "one index file of" in leakscan(home, "registry", "merge", "crm")
    assert len(segments(home)) == 1
    done = CliRunner().invoke(app, ["--home", str(home), "registry", "merge", "nothing"])
    assert isinstance(done.exception, UsageError)


def test_progress_is_told_on_standard_error(capsys, monkeypatch) -> None:
    from scanner.cli import progress

    monkeypatch.setattr(progress, "ELSEWHERE", 0.02)
    with Rows(quiet=False) as rows:
        rows.count(1_234_567)
        time.sleep(0.3)
    told = capsys.readouterr()
    assert told.out == ""
    assert "1,234,567 rows read\n" in told.err
    with Rows(quiet=True) as rows:
        rows.count(5)
        time.sleep(0.1)
    assert capsys.readouterr().err == ""


@pytest.fixture(autouse=True)
def _own_key(monkeypatch) -> None:
    monkeypatch.delenv("LEAKSCAN_KEY_FILE", raising=False)
