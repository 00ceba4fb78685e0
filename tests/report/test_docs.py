"""docs/reports.md tells of every report, column, status and verdict, and its program works."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from scanner.model.incident import Incident
from scanner.model.recorded import COVERAGE_COLUMNS, STATUSES, VERDICTS
from scanner.record.store import Store
from scanner.report import jsonl
from scanner.report.base import PERSON_COLUMNS, PROFILES, Profile, reports
from scanner.report.csv import COLUMNS, write

DOCS = (Path(__file__).resolve().parents[2] / "docs" / "reports.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    start = DOCS.index(f"\n## {title}")
    end = DOCS.find("\n## ", start + 4)
    return DOCS[start : end if end > 0 else len(DOCS)]


def in_order(names: tuple[str, ...], text: str) -> bool:
    told = re.findall(r"`([a-z_0-9]+)`", text)
    places = [told.index(name) if name in told else -1 for name in names]
    return -1 not in places and places == sorted(places)


def test_every_report_is_told_of() -> None:
    first = DOCS[: DOCS.index("\n## ")]
    named = re.findall(r"^\| `([a-z_]+)` \|", first, re.MULTILINE)
    assert sorted(named) == sorted(reports())


def test_the_columns_of_incidents_csv_stand_in_their_order() -> None:
    text = section("incidents.csv")
    rows = re.findall(r"^\| ((?:`[a-z_0-9]+`(?:, )?)+) \|", text, re.MULTILINE)
    told = [name for row in rows for name in re.findall(r"`([a-z_0-9]+)`", row)]
    assert told == list(COLUMNS)


@pytest.mark.parametrize(
    ("title", "module"),
    [
        ("findings.csv", "findings"),
        ("evidence_manifest.csv", "evidence_manifest"),
        ("custody_log.csv", "custody_log"),
        ("scan_log.csv", "scan_log"),
    ],
)
def test_the_columns_of_the_other_tables(title: str, module: str) -> None:
    columns = importlib.import_module(f"scanner.report.{module}").COLUMNS
    assert in_order(columns, section(title))


def test_the_columns_of_the_measure_log_and_the_coverage() -> None:
    measures = importlib.import_module("scanner.report.measure_log").COLUMNS
    text = section("custody_log.csv")
    assert in_order(measures, text[text.index("Measures:") :])
    assert in_order(COVERAGE_COLUMNS, section("X.coverage.csv"))


def test_the_keys_of_jsonl(store: Store, make: Callable[..., Incident]) -> None:
    (identity,) = store.record([make(1)])
    told = jsonl._object(store.get(identity), Profile(key=b"k"))
    more = [name for name in told if name not in COLUMNS]
    assert sorted(more) == sorted(
        set(re.findall(r"`([a-z_]+)`", section("incidents.jsonl"))) - {"recipients"}
    )


def test_every_word_of_the_lists_is_told() -> None:
    text = section("incidents.csv")
    for word in (*STATUSES, *VERDICTS):
        assert word in text
    for word in (*PROFILES, *PERSON_COLUMNS):
        assert f"{word}`" in DOCS


def test_the_program_in_the_docs_checks_a_report(
    store: Store, make: Callable[..., Incident], tmp_path: Path
) -> None:
    (program,) = re.findall(r"```python\n(.*?)```", DOCS, re.DOTALL)
    store.record([make(number, dataset_title="=1+1, 客户") for number in range(5)])
    out = tmp_path / "incidents.csv"
    write(out, store.select(), Profile(key=b"k"))

    def passes() -> bool:
        run = [sys.executable, "-c", program]
        return not subprocess.run(run, cwd=tmp_path, check=False, capture_output=True).returncode

    assert passes()
    out.write_bytes(out.read_bytes().replace(b"list-3", b"list-9"))
    assert not passes()
