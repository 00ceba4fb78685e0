"""Registered lists planted in every format are found and counted; other customers' lists are not.

The default size is small; LEAKSCAN_PLANTED=10000,5000 gives the full run.
"""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import pytest

from fixtures.people import chinese, english, header, row
from tests.quality.planting import PER_FILE, made
from tests.scenarios.conftest import Company

ZH_COLUMNS = ("客户编号", "联系人", "手机", "客户名称", "邮箱")
EN_COLUMNS = ("customer_no", "contact", "phone", "company", "email")
COUNTS = [int(told) for told in os.environ.get("LEAKSCAN_PLANTED", "160,80").split(",")]


@dataclass
class Planted:
    rows: list[dict[str, str]]
    coverage: list[dict[str, str]]
    expected: dict[str, tuple[str, int]]


def plant(
    folder: Path, people: list, columns: tuple[str, ...], zh: bool, dataset: str
) -> dict[str, tuple[str, int]]:
    expected = {}
    for start in range(0, len(people), PER_FILE):
        part = people[start : start + PER_FILE]
        rows = [list(columns)] + [[getattr(one, name) for name in columns] for one in part]
        for name, data in made(rows, zh):
            path = folder / f"{dataset}-{start}-{name}"
            path.write_bytes(data())
            expected[str(path)] = (dataset, len(part))
    return expected


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Planted:
    root = tmp_path_factory.mktemp("planted")
    company = Company(root / "home", root)
    zh, en = chinese(COUNTS[0]), english(COUNTS[1])
    kinds = {"crm-cn": zh, "crm-en": en}
    for dataset, people in kinds.items():
        table = company.table(f"{dataset}.csv", [header(type(people[0])), *map(row, people)])
        assert company.leakscan("registry", "add", table, "--id", dataset).code == 0
    book = [["单位名称", "地址", "总机"]] + [
        [p.客户名称, p.地址, f"021-6{n:07}"] for n, p in enumerate(zh)
    ]
    table = company.table("book.csv", book)
    run = company.leakscan(
        "registry",
        "add-public",
        table,
        "--id",
        "book",
        "--source",
        "directory",
        "--as-of",
        "2026-03-01",
    )
    assert run.code == 0, run.err
    drive, other = root / "drive", root / "other"
    drive.mkdir()
    other.mkdir()
    expected = plant(drive, zh, ZH_COLUMNS, True, "crm-cn") | plant(
        drive, en, EN_COLUMNS, False, "crm-en"
    )
    plant(other, chinese(80, seed=55), ZH_COLUMNS, True, "other")
    plant(other, english(80, seed=56), EN_COLUMNS, False, "other")
    (other / "page of the directory.txt").write_text(
        "\n".join("  ".join(line) for line in book[1:61]), encoding="utf-8"
    )
    rows = company.report(drive, other, code=1)
    return Planted(rows, company.coverage(), expected)


def test_every_planted_file_is_found_under_the_right_dataset(planted: Planted) -> None:
    found = defaultdict(set)
    for line in planted.rows:
        if line["detection_method"] == "exact":
            found[line["path"].split("!")[0]].add(line["dataset_id"])
    assert {path: found[path] for path in planted.expected} == {
        path: {dataset} for path, (dataset, _) in planted.expected.items()
    }


def test_at_least_99_percent_of_the_records_are_counted(planted: Planted) -> None:
    counted: dict[str, int] = defaultdict(int)
    for line in planted.rows:
        if line["detection_method"] == "exact":
            counted[line["path"].split("!")[0]] += int(line["records_matched"])
    short = {
        Path(path).name: (counted[path], records)
        for path, (_, records) in planted.expected.items()
        if counted[path] < 0.99 * records or counted[path] > records
    }
    assert short == {}


def test_lists_of_other_customers_and_the_directory_make_no_exact_row(planted: Planted) -> None:
    wrong = [
        line["path"] for line in planted.rows if "/other/" in line["path"] and line["dataset_id"]
    ]
    assert wrong == []


def test_the_page_of_the_public_directory_has_no_row_at_all(planted: Planted) -> None:
    assert [line for line in planted.rows if "page of the directory" in line["path"]] == []


def test_everything_was_read(planted: Planted) -> None:
    assert [line for line in planted.coverage if line["path"] != "TOTAL"] == []
