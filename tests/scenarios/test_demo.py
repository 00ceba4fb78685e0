"""`leakscan demo`: every planted leak has its row, no clean file has one."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest

from tests.scenarios.conftest import Company

ROOT = Path(__file__).resolve().parents[2]
DRIVE = ROOT / "fixtures" / "demo" / "drive"


@pytest.fixture(scope="module")
def demo(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[str, list[dict[str, str]], list[dict[str, str]]]:
    folder = tmp_path_factory.mktemp("demo")
    company = Company(folder / "demo", folder)
    run = company.leakscan("demo", "--home", folder / "demo")
    assert run.code == 0, run.err
    report = Path([word for word in run.out.split() if word.endswith(".csv")][-1])
    with report.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    with report.with_name("incidents.coverage.csv").open(
        encoding="utf-8-sig", newline=""
    ) as stream:
        return run.out, rows, list(csv.DictReader(stream))


def expected() -> list[dict[str, str]]:
    with (ROOT / "fixtures" / "demo" / "expected.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_every_planted_file_and_only_those_has_its_row(demo) -> None:
    _, rows, _ = demo
    found = Counter(
        (
            str(Path(row["path"].split("!")[0]).relative_to(DRIVE)),
            row["dataset_id"],
            int(row["records_matched"]),
        )
        for row in rows
    )
    planted = Counter(
        (row["path"], row["dataset_id"], int(row["records"]))
        for row in expected()
        if row["kind"] == "planted"
    )
    assert found == planted


def test_what_cannot_be_read_is_named_with_its_reason(demo) -> None:
    _, _, coverage = demo
    named = {Path(row["path"]).name for row in coverage[:-1]}
    assert named == {Path(row["path"]).name for row in expected() if row["kind"] == "unreadable"}
    assert coverage[-1]["path"] == "TOTAL"


def test_the_last_word_is_the_report(demo) -> None:
    out, _, _ = demo
    assert out.split()[-1].endswith("incidents.csv")


def test_no_value_of_a_customer_stands_in_the_report_unmasked(demo) -> None:
    from fixtures.people import chinese, english

    _, rows, _ = demo
    told = "\n".join(row["masked_sample"] for row in rows)
    for person in chinese(300):
        assert person.手机 not in told
        assert person.身份证号 not in told
        assert person.邮箱 not in told
    for customer in english(200):
        assert customer.phone not in told
        assert customer.email not in told
