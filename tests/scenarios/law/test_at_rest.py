"""The scenarios of documents at rest, from files on a drive to the row of the report."""

from __future__ import annotations

import random
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="readers come from POSIX modes")
HEAD = ["公司名称", "联系人", "手机", "地址", "交易习惯"]
PARTS = "东海明达盛源恒泰金华龙腾瑞丰宏远安信博雅新科创联佳美德润和广利通天成立亿康宝"
LEAST, KNOWN = 1000, 850
DOSSIER = """
title: 华东客户
owner_kind: own
level: ordinary
confidential_basis: [rule, contract]
approved_locations: ["{approved}"]
conditions:
  secrecy: {{status: met, assessor: counsel-1, as_of: 2026-03-01}}
  value: {{status: met, assessor: counsel-1, as_of: 2026-03-01, evidence: [EV-3]}}
  measures:
    - {{code: M1, scope: class, start: 2024-02-01, evidence: [EV-1]}}
    - {{code: M4, scope: dataset, start: 2024-03-01, evidence: [EV-9]}}
"""
CALLED_CONFIDENTIAL = "title: 电话簿抄本\nowner_kind: own\nconfidential_basis: [contract]\n"


def firms(count: int, seed: int) -> list[list[str]]:
    rng = random.Random(seed)
    names: dict[str, None] = {}
    while len(names) < count:
        names["".join(rng.sample(PARTS, 4)) + rng.choice(["贸易", "机械", "电子"]) + "有限公司"] = (
            None
        )
    return [[name, f"上海市人民路{seed}{n + 1:05}号"] for n, name in enumerate(names)]


def with_people(rows: list[list[str]], seed: int) -> list[list[str]]:
    rng = random.Random(seed)
    return [
        [
            name,
            rng.choice("张李王赵陈") + "".join(rng.sample(PARTS, 2)),
            f"13{rng.randrange(4, 10)}{rng.randrange(10**8):08}",
            address,
            f"每月{n % 28 + 1}日前下单，偏好{''.join(rng.sample(PARTS, 3))}系列，账期{n % 90}天",
        ]
        for n, (name, address) in enumerate(rows)
    ]


@pytest.fixture(scope="module")
def share():
    """A folder that everybody can enter; those of pytest are private."""
    folder = Path(tempfile.mkdtemp(prefix="law-drive-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def drive(shared_company, share):
    company = shared_company("law_at_rest")
    work = company.folder
    public = firms(4000, 1)
    customers = with_people(public[:KNOWN] + firms(LEAST - KNOWN, 2), 3)
    others = with_people(firms(1500, 4), 5)
    drive = share / "drive"
    for name, mode in (("open", 0o755), ("closed", 0o700), ("approved", 0o750)):
        (drive / name).mkdir(parents=True)
        (drive / name).chmod(mode)
    drive.chmod(0o755)

    def put(place, name, rows, head=HEAD):
        path = company.table(str(drive / place / f"{name}.csv"), [*([head] if head else []), *rows])
        path.chmod({"open": 0o644, "closed": 0o600, "approved": 0o640}[place])

    rng = random.Random(6)
    hidden = [*others, *customers[100:130]]
    rng.shuffle(hidden)
    retyped = [list(row) for row in customers]
    for row in rng.sample(retyped, len(retyped) // 20):
        row[1] += "x"
    rng.shuffle(retyped)
    full_width = str.maketrans("0123456789", "０１２３４５６７８９")
    retyped = [[*row[:2], row[2].translate(full_width), *row[3:]] for row in retyped]
    put("open", "S09", customers)
    put("closed", "S07", customers[200:230])
    put("closed", "hidden", hidden)
    put("closed", "S08", retyped)
    put("closed", "S15", [customers[5][:4]], [])
    put("closed", "directory", public, ["公司名称", "地址"])
    put("closed", "S17", public[1000:4000], ["公司名称", "地址"])
    put("approved", "S12", customers)
    dossier = work / "crm.yaml"
    dossier.write_text(DOSSIER.format(approved=drive / "approved"), encoding="utf-8")
    copied = work / "copy.yaml"
    copied.write_text(CALLED_CONFIDENTIAL, encoding="utf-8")
    tables = {
        "crm": company.table("crm.csv", [HEAD, *customers]),
        "copy": company.table("copy.csv", [["公司名称", "地址"], *public[1000:4000]]),
        "pub": company.table("pub.csv", [["公司名称", "地址"], *public]),
    }
    for name, told in (("crm", dossier), ("copy", copied)):
        run = company.leakscan("registry", "add", tables[name], "--id", name, "--dossier", told)
        assert run.code == 0, run.err
    run = company.leakscan(
        "registry",
        "add-public",
        tables["pub"],
        "--id",
        "pub",
        "--source",
        "directory",
        "--as-of",
        "2026-05-01",
    )
    assert run.code == 0, run.err
    rows = company.report(drive, code=1)
    everything = company.report(drive, code=1, flags=("--all", "--full"))
    return company, _by_name(rows), _by_name(everything)


def _by_name(rows):
    return {
        (row["path"].rpartition("/")[2].removesuffix(".csv"), row["dataset_id"]): row
        for row in rows
    }


def test_a_share_that_everyone_can_read(drive):
    """S09: the open share contradicts the measures; duty O5."""
    row = drive[1]["S09", "crm"]
    assert row["readers"] == "everyone"
    assert (row["trade_secret_status"], row["measures"]) == ("ts_unproven", "unproven")
    assert row["obligations"] == "O5:potential"
    assert row["triggers"] == "O5.a"
    assert (row["severity"], row["legal_severity"]) == ("high", "high")
    assert row["similarity"] == "identical"


def test_the_approved_store(drive):
    """S12: logged, not reported."""
    assert ("S12", "crm") not in drive[1]
    row = drive[2]["S12", "crm"]
    assert (row["exemption"], row["obligations"], row["severity"]) == ("X7", "", "none")


def test_thirty_of_the_list_alone_and_hidden_among_others(drive):
    for name in ("S07", "hidden"):
        row = drive[1][name, "crm"]
        assert (row["records_matched"], row["records_nonpublic"], row["records_deep"]) == (
            "30",
        ) * 3
        assert row["similarity"] == "substantial"
        assert row["trade_secret_status"] == "ts_supported"
        assert row["obligations"] == "O5:potential"


def test_a_retyped_shuffled_copy(drive):
    row = drive[1]["S08", "crm"]
    assert (row["records_matched"], row["similarity"]) == (str(LEAST), "identical")


def test_one_signature_block_is_incidental_or_nothing(drive):
    assert ("S15", "crm") not in drive[1]


def test_the_whole_public_directory_is_no_leak(drive):
    """It holds 85 % of the list, and not one record that is not public."""
    assert ("directory", "crm") not in drive[1]
    row = drive[2]["directory", "crm"]
    assert (row["similarity"], row["records_nonpublic"]) == ("incidental", "0")
    assert float(row["dataset_coverage"]) == pytest.approx(KNOWN / LEAST, abs=0.01)


def test_an_all_public_list_that_a_contract_calls_confidential(drive):
    """S17 at rest: the publicity is measured, the list is not supported, O2 stays out."""
    company, rows, _ = drive
    row = rows["S17", "copy"]
    assert (row["trade_secret_status"], row["secrecy"]) == ("ts_not_supported", "not_met")
    assert row["records_nonpublic"] == "0"
    assert "O2" not in row["obligations"]
    assert row["legal_severity"] in ("none", "low", "medium")
    told = company.leakscan("registry", "assess", "copy", "--json").out
    assert '"not_met"' in told


def test_an_incident_is_told_in_chinese(drive):
    company, rows, _ = drive
    run = company.leakscan("explain", rows["S09", "crm"]["incident_id"], "--lang", "zh")
    assert run.code == 0, run.err
    assert "人人可读" in run.out
    assert "疑似" in run.out
    assert "有待人工核实" in run.out
