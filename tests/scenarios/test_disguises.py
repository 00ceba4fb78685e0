"""A registered list is found in whatever dress; a company's own words, one file a case."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from fixtures.people import Chinese, English, chinese, english, header, row
from tests.scenarios.conftest import Company

ZH, EN = chinese(120, seed=31), english(80, seed=32)
FULL = str.maketrans("0123456789", "０１２３４５６７８９")
OTHER = [f"{n}. 本周例行事项，无需跟进 / routine matter {n}" for n in range(5000)]


def cells(people, *names: str) -> list[list[str]]:
    return [[getattr(one, name) for name in names] for one in people]


def lines(rows: list[list[str]], by: str = ",") -> str:
    return "\n".join(by.join(line) for line in rows)


def spaced(phone: str) -> str:
    return f"{phone[:3]} {phone[3:7]} {phone[7:]}"


def shuffled_columns() -> str:
    rows = cells(ZH[:40], "手机", "采购习惯", "联系人", "客户名称")
    random.Random(3).shuffle(rows)
    return lines(rows, "\t")


def hidden_in_5000() -> str:
    text = list(OTHER)
    for place, person in zip((40, 2500, 4800), ZH[:3], strict=True):
        text[place] = f"{person.联系人} {person.手机} {person.客户名称}"
    return "\n".join(text)


def told_in_chinese() -> str:
    return "。\n".join(
        f"上周拜访了{p.客户名称}的{p.联系人}，他的手机是{p.手机}，希望尽快报价" for p in ZH[:30]
    )


def told_in_english() -> str:
    return " ".join(
        f"I spoke to {p.contact} from {p.company} yesterday, reachable at {p.phone}."
        for p in EN[:30]
    )


CASES = {
    "spaces": ("crm-cn", 40, lambda: lines([[p.联系人, spaced(p.手机)] for p in ZH[:40]])),
    "country code": (
        "crm-cn",
        40,
        lambda: lines([[p.联系人, "+86 " + spaced(p.手机)] for p in ZH[:40]]),
    ),
    "0086": ("crm-cn", 40, lambda: lines([[p.联系人, "0086" + p.手机] for p in ZH[:40]])),
    "dashes": (
        "crm-cn",
        40,
        lambda: lines([[p.联系人, f"{p.手机[:3]}-{p.手机[3:7]}-{p.手机[7:]}"] for p in ZH[:40]]),
    ),
    "full width": (
        "crm-cn",
        40,
        lambda: lines([[p.联系人, p.手机.translate(FULL)] for p in ZH[:40]]),
    ),
    "upper case": ("crm-en", 40, lambda: lines(cells(EN[:40], "contact", "email")).upper()),
    "shuffled": ("crm-cn", 40, shuffled_columns),
    "two columns": ("crm-en", 40, lambda: lines(cells(EN[:40], "company", "contact"))),
    "three columns": ("crm-cn", 40, lambda: lines(cells(ZH[:40], "联系人", "客户名称", "地址"))),
    "prose zh": ("crm-cn", 30, told_in_chinese),
    "prose en": ("crm-en", 30, told_in_english),
    "3 among 5000": ("crm-cn", 3, hidden_in_5000),
    "name reversed": (
        "crm-en",
        40,
        lambda: lines([[", ".join(reversed(p.contact.split())), p.phone] for p in EN[:40]], " | "),
    ),
    "spaced name": (
        "crm-cn",
        40,
        lambda: lines([[" ".join(p.联系人), p.客户名称] for p in ZH[:40]]),
    ),
    "mail disguised": (
        "crm-en",
        40,
        lambda: lines(
            [[p.contact, p.email.replace("@", " [at] ").replace(".", " (dot) ")] for p in EN[:40]]
        ),
    ),
}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, int]]:
    root = tmp_path_factory.mktemp("disguises")
    company = Company(root / "home", root)
    for dataset, people, kind in (("crm-cn", ZH, Chinese), ("crm-en", EN, English)):
        table = company.table(f"{dataset}.csv", [header(kind), *map(row, people)])
        assert company.leakscan("registry", "add", table, "--id", dataset).code == 0
    drive = root / "drive"
    drive.mkdir()
    for name, (_, _, text) in CASES.items():
        (drive / f"{name}.txt").write_text(text(), encoding="utf-8")
    (drive / "ordinary.txt").write_text("\n".join(OTHER), encoding="utf-8")
    rows = [line for line in company.report(drive, code=1) if line["detection_method"] == "exact"]
    told: dict[str, dict[str, int]] = {}
    for line in rows:
        told.setdefault(Path(line["path"]).stem, {})[line["dataset_id"]] = int(
            line["records_matched"]
        )
    return told


@pytest.mark.parametrize("name", CASES)
def test_the_list_is_found_in_this_dress(name: str, found: dict[str, dict[str, int]]) -> None:
    dataset, records, _ = CASES[name]
    assert found.get(name) == {dataset: records}


def test_ordinary_lines_are_not_found(found: dict[str, dict[str, int]]) -> None:
    assert "ordinary" not in found
