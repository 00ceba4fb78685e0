"""Scanning again: unchanged documents are passed over, incidents are updated and never doubled,
what is gone is told so, and a scan that was stopped or killed goes on without loss."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fixtures.people import Chinese, chinese, header, row
from tests.scenarios.conftest import Company

PEOPLE = chinese(200, seed=41)


def listed(people: list[Chinese]) -> str:
    return "\n".join(f"{p.联系人}\t{p.手机}\t{p.客户名称}" for p in people)


@pytest.fixture
def scanned(company: Company) -> tuple[Company, Path]:
    table = company.table("list.csv", [header(Chinese), *map(row, PEOPLE)])
    assert company.leakscan("registry", "add", table, "--id", "crm").code == 0
    drive = company.folder / "drive"
    drive.mkdir()
    for number in range(5):
        (drive / f"{number}.txt").write_text(
            listed(PEOPLE[number * 4 : number * 4 + 4]), encoding="utf-8"
        )
    (drive / "clean.txt").write_text("nothing here\n")
    return company, drive


def summary(company: Company, drive: Path, *flags: str) -> dict:
    run = company.leakscan("scan", drive, "--json", *flags)
    assert run.code in (0, 1), run.err
    return json.loads(run.out)


def test_unchanged_documents_are_passed_over_and_stay_in_the_report(scanned) -> None:
    company, drive = scanned
    first = company.report(drive, code=1)
    assert len(first) == 5
    again = summary(company, drive)
    assert (again["documents"], again["unchanged"], again["incidents"]) == (6, 6, 5)
    second = company.report(drive, code=1)
    assert [r["incident_id"] for r in second] == [r["incident_id"] for r in first]
    assert summary(company, drive, "--full")["unchanged"] == 0


def test_a_changed_document_updates_its_incident(scanned) -> None:
    company, drive = scanned
    before = {r["path"]: r for r in company.report(drive, code=1)}
    (drive / "0.txt").write_text(listed(PEOPLE[:9]), encoding="utf-8")
    after = {r["path"]: r for r in company.report(drive, code=1)}
    path = str(drive / "0.txt")
    assert after.keys() == before.keys()
    assert after[path]["incident_id"] == before[path]["incident_id"]
    assert after[path]["detected_at"] == before[path]["detected_at"]
    assert (before[path]["records_matched"], after[path]["records_matched"]) == ("4", "9")


def test_what_is_gone_leaves_the_report_and_stays_in_the_store(scanned) -> None:
    company, drive = scanned
    company.report(drive, code=1)
    (drive / "0.txt").unlink()
    (drive / "1.txt").write_text("cleaned\n")
    rows = company.report(drive, code=1)
    assert {Path(r["path"]).name for r in rows} == {"2.txt", "3.txt", "4.txt"}
    kept = json.loads(company.leakscan("incidents", "list", "--all", "--json").out)
    assert sorted((Path(r["path"]).name, r["status"]) for r in kept) == [
        ("0.txt", "gone"), ("1.txt", "gone"), ("2.txt", "open"), ("3.txt", "open"), ("4.txt", "open"),
    ]  # fmt: skip


def test_a_new_dataset_makes_unchanged_documents_be_read_again(scanned) -> None:
    company, drive = scanned
    company.report(drive, code=1)
    table = company.table("more.csv", [header(Chinese), *map(row, chinese(30, seed=42))])
    assert company.leakscan("registry", "add", table, "--id", "more").code == 0
    assert summary(company, drive)["unchanged"] == 0


def test_reviews_survive_the_next_scan(scanned) -> None:
    company, drive = scanned
    first = company.report(drive, code=1)
    run = company.leakscan(
        "incidents",
        "review",
        first[0]["incident_id"],
        "--verdict",
        "false_positive",
        "--reason",
        "own sample",
        "--by",
        "counsel",
    )
    assert run.code == 0, run.err
    again = {r["incident_id"]: r for r in company.report(drive, code=1, flags=("--full",))}
    assert again[first[0]["incident_id"]]["verdict"] == "false_positive"
    assert again[first[0]["incident_id"]]["decision_reason"] == "own sample"


def start(company: Company, drive: Path) -> subprocess.Popen:
    env = {**os.environ, "LEAKSCAN_HOME": str(company.home), "LEAKSCAN_LANG": "en"}
    return subprocess.Popen(
        [sys.executable, "-m", "scanner", "scan", str(drive), "--quiet"],
        env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip


def many(drive: Path) -> None:
    for number in range(300):
        people = [PEOPLE[(number + n) % len(PEOPLE)] for n in range(3)]
        (drive / f"m{number:03}.txt").write_text(
            listed(people) + "\n" * (number % 7), encoding="utf-8"
        )


def stored(company: Company) -> list[str]:
    run = company.leakscan("incidents", "list", "--json", "--limit", "5000")
    return [r["incident_id"] for r in json.loads(run.out)] if run.code == 0 else []


@pytest.mark.parametrize("seconds", [0.6, 1.0, 1.5])
def test_killed_at_any_moment_nothing_reported_is_lost_or_doubled(scanned, seconds: float) -> None:
    company, drive = scanned
    many(drive)
    process = start(company, drive)
    time.sleep(seconds)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    before = stored(company)
    if before:
        assert company.leakscan("audit", "verify").code == 0
    rows = company.report(drive, code=1)
    ids = [r["incident_id"] for r in rows]
    assert len(ids) == len(set(ids)) == 305
    assert set(before) <= set(ids)


def test_ctrl_c_stops_cleanly_and_says_how_to_go_on(scanned) -> None:
    company, drive = scanned
    many(drive)
    process = start(company, drive)
    while not (company.home / "store.db").exists() and process.poll() is None:
        time.sleep(0.01)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert b"Traceback" not in err
    assert process.returncode in (0, 1, 3), err
    if process.returncode == 3 or b"Stopped" in out:
        assert b"same command goes on" in out
    assert len(company.report(drive, code=1)) == 305
