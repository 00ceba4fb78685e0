"""Registered values appear nowhere in what is kept or told: home, reports, output."""

from __future__ import annotations

import csv
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

REPORTS = ("csv", "jsonl", "ocsf", "html", "findings", "evidence_manifest", "custody_log")


def people(count: int) -> list[list[str]]:
    rng = random.Random(11)
    rows = []
    for _ in range(count):
        name = "".join(chr(rng.randrange(0x4E00, 0x9000)) for _ in range(3))
        rows.append(
            [
                f"{name}{rng.randrange(10**6)}贸易有限公司",
                f"欧{name[:2]}",
                f"13{rng.randrange(10**9):09d}",
                f"u{rng.randrange(10**9)}@corp{rng.randrange(1000)}.example",
                f"每月{rng.randrange(10**7)}件，账期{rng.randrange(10**5)}天",
            ]
        )
    return rows


def write(path: Path, rows: list[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([["公司", "联系人", "手机", "邮箱", "交易习惯"], *rows])


def leakscan(home: Path, *args: str) -> str:
    run = subprocess.run(
        [sys.executable, "-m", "scanner", *args],
        env={**os.environ, "LEAKSCAN_HOME": str(home)},
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode in (0, 1), run.stderr
    return run.stdout + run.stderr


@pytest.mark.slow
def test_no_registered_value_is_kept_or_told(tmp_path: Path) -> None:
    rows = people(400)
    # Two names in three letters occur in ordinary text: the whole values are looked for.
    values = {value for row in rows for value in row if len(value) > 3}
    share, out, home = tmp_path / "share", tmp_path / "out", tmp_path / "home"
    share.mkdir()
    out.mkdir()
    write(tmp_path / "customers.csv", rows)
    write(share / "copy.csv", rows[:120])
    prose = "。".join(f"{row[1]}（{row[2]}，{row[3]}）来自{row[0]}" for row in rows[120:150])
    (share / "note.txt").write_text(prose, encoding="utf-8")
    (share / "broken.zip").write_bytes(b"PK\x03\x04" + rows[0][2].encode())
    told = leakscan(home, "registry", "add", str(tmp_path / "customers.csv"), "--id", "crm")
    told += leakscan(home, "scan", str(share), "--report", str(out / "i.csv"))
    for name in REPORTS:
        told += leakscan(home, "export", "--format", name, "--all", "--out", str(out / name))
    told += leakscan(home, "incidents", "list", "--json")
    told += leakscan(home, "audit", "verify")
    with (out / "i.csv").open(encoding="utf-8-sig", newline="") as stream:
        found = {Path(row["path"]).name: row for row in csv.DictReader(stream)}
    assert {"copy.csv", "note.txt"} <= set(found)
    texts = {"output": told.encode()}
    for folder in (home, out):
        texts |= {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    for value in values:
        raw = value.encode()
        escaped = value.encode("unicode_escape")
        holding = [name for name, data in texts.items() if raw in data or escaped in data]
        assert not holding, holding
