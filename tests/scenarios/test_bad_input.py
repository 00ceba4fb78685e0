"""Wrong input gets one clear line that says what to do, exit code 2, and changes nothing."""

from __future__ import annotations

import os

import pytest

from fixtures.people import Chinese, chinese, header, row
from tests.scenarios.conftest import Company, Run


def state(company: Company) -> dict[str, bytes]:
    """Every file of the home that says what is registered."""
    kept = {}
    for folder in ("index", "registry"):
        for path in sorted((company.home / folder).rglob("*")):
            if (
                path.is_file()
                and "lock" not in path.name
                and not path.name.endswith(("-wal", "-shm"))
            ):
                kept[str(path)] = path.read_bytes()
    return kept


def refused(run: Run, *words: str) -> None:
    assert run.code == 2, (run.code, run.out, run.err)
    lines = run.err.strip().splitlines()
    assert len(lines) == 1, run.err
    assert "Traceback" not in run.err
    for word in words:
        assert word in lines[0], lines[0]


@pytest.fixture
def registered(company: Company) -> Company:
    table = company.table("good.csv", [header(Chinese), *map(row, chinese(30))])
    assert company.leakscan("registry", "add", table, "--id", "good").code == 0
    return company


def test_a_table_without_usable_columns(registered: Company) -> None:
    before = state(registered)
    table = registered.table(
        "bad.csv", [["day", "amount"], *[[f"2026-01-{n:02}", str(n)] for n in range(1, 29)]]
    )
    refused(registered.leakscan("registry", "add", table, "--id", "bad"), "usable columns")
    assert state(registered) == before


def test_an_empty_file(registered: Company) -> None:
    before = state(registered)
    (registered.folder / "empty.csv").write_bytes(b"")
    refused(
        registered.leakscan("registry", "add", registered.folder / "empty.csv", "--id", "x"),
        "empty",
    )
    assert state(registered) == before


def test_a_missing_file(registered: Company) -> None:
    refused(registered.leakscan("registry", "add", "nowhere.csv", "--id", "x"), "nowhere.csv")


def test_a_document_that_is_no_table(registered: Company) -> None:
    (registered.folder / "letter.txt").write_text("Dear all, nothing here.\n")
    refused(registered.leakscan("registry", "add", registered.folder / "letter.txt", "--id", "x"))


def test_a_dossier_with_an_unknown_key_names_line_and_key(registered: Company) -> None:
    before = state(registered)
    dossier = registered.folder / "d.yaml"
    dossier.write_text("title: List\nsecrecy_level: high\n")
    table = registered.folder / "good.csv"
    refused(
        registered.leakscan("registry", "add", table, "--id", "x", "--dossier", dossier),
        "d.yaml",
        ":2",
        "secrecy_level",
    )
    assert state(registered) == before


def test_an_id_twice(registered: Company) -> None:
    before = state(registered)
    refused(
        registered.leakscan("registry", "add", registered.folder / "good.csv", "--id", "good"),
        "good",
        "update",
    )
    assert state(registered) == before


def test_an_id_that_leads_out_of_the_home(registered: Company) -> None:
    refused(
        registered.leakscan("registry", "add", registered.folder / "good.csv", "--id", "../x"), "id"
    )


def test_a_report_that_cannot_be_written(registered: Company) -> None:
    target = registered.folder / "no such folder" / "r.csv"
    refused(registered.leakscan("scan", registered.folder, "--report", target), "no such folder")
    assert not (registered.home / "store.db").exists()


def test_a_path_that_is_not_there(registered: Company) -> None:
    refused(registered.leakscan("scan", "nowhere"), "nowhere")


def test_a_share_that_cannot_be_reached_yet(registered: Company) -> None:
    refused(registered.leakscan("scan", "s3://bucket/x"), "s3://")


def test_a_home_of_a_newer_version(registered: Company) -> None:
    (registered.home / "version").write_text("99\n")
    refused(registered.leakscan("scan", registered.folder), "newer", "99")


def test_a_missing_key(registered: Company) -> None:
    (registered.home / "key").unlink()
    refused(registered.leakscan("scan", registered.folder), "key")
    refused(
        registered.leakscan("registry", "add", registered.folder / "good.csv", "--id", "x"), "key"
    )
    assert not (registered.home / "key").exists()


def test_another_key(registered: Company) -> None:
    (registered.home / "key").write_text("ab" * 32 + "\n")
    refused(registered.leakscan("scan", registered.folder), "key")


def test_no_key_at_all(registered: Company) -> None:
    (registered.home / "key").write_text("hello\n")
    refused(registered.leakscan("scan", registered.folder), "key")


def test_a_damaged_index(registered: Company) -> None:
    (segment,) = (registered.home / "index").rglob("*.idx")
    data = bytearray(segment.read_bytes())
    data[len(bytes(data).rstrip(b"\0")) - 1] ^= 0xFF
    segment.write_bytes(bytes(data))
    refused(registered.leakscan("scan", registered.folder), segment.name)


def test_a_setting_that_is_not_there(registered: Company) -> None:
    (registered.home / "settings.toml").write_text("colour = 3\n")
    refused(registered.leakscan("scan", registered.folder), "colour")


def test_a_directory_of_the_future(registered: Company) -> None:
    run = registered.leakscan(
        "registry",
        "add-public",
        registered.folder / "good.csv",
        "--id",
        "p",
        "--source",
        "s",
        "--as-of",
        "2999-01-01",
    )
    refused(run, "future")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_home_that_cannot_be_written(company: Company) -> None:
    company.home.mkdir(mode=0o500)
    refused(company.leakscan("scan", company.folder), "home")


def test_a_home_below_a_file(company: Company) -> None:
    (company.folder / "file").write_text("x")
    refused(
        company.leakscan("scan", company.folder, "--home", company.folder / "file" / "home"), "home"
    )


def test_facts_that_are_not_known(company: Company) -> None:
    facts = company.folder / "f.yaml"
    facts.write_text("- id: a\n  facts:\n    match.lvl: none\n")
    refused(company.leakscan("judge", facts), "f.yaml", "match.lvl")


def test_the_key_is_private(registered: Company) -> None:
    assert (registered.home / "key").stat().st_mode & 0o777 == 0o600
    assert registered.home.stat().st_mode & 0o777 == 0o700


def test_no_value_of_a_customer_lies_in_the_home(registered: Company) -> None:
    drive = registered.folder / "drive"
    drive.mkdir()
    (drive / "list.csv").write_bytes((registered.folder / "good.csv").read_bytes())
    assert registered.leakscan("scan", drive).code == 1
    kept = b"".join(
        path.read_bytes() for path in sorted(registered.home.rglob("*")) if path.is_file()
    )
    for person in chinese(30):
        for value in (
            person.手机,
            person.邮箱,
            person.身份证号,
            person.地址,
            person.采购习惯,
            person.客户名称,
        ):
            assert value.encode() not in kept
            assert value.encode("utf-16-le") not in kept
