"""A whole scan beside a plain string search: files/s, MB/s and peak memory, in the same run.

    python benchmarks/drive.py [--text-files N] [--office-files N] [--customers N]

Two drives are made: text files (prose, logs and tables in Chinese and English) and Office, PDF,
mail and archive files. Each is scanned by `leakscan scan`, cold, with the customers registered,
and searched by `rg -F -f VALUES` (else `grep -rF -f`) with the same values. The comparison is
generous to the string search: it reads no format (in Office files, PDF and archives it sees
compressed bytes), folds nothing, builds no records and keeps the values in plain text.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from fixtures import office
from fixtures.people import Chinese, chinese, header, row

WORDS = [
    "the",
    "server",
    "report",
    "customer",
    "meeting",
    "budget",
    "weekly",
    "delivery",
    "contract",
    "office",
    "review",
    "plan",
    "data",
    "of",
    "and",
    "to",
    "in",
    "for",
    "with",
    "on",
    "at",
    "from",
    "by",
]
PHRASES = [
    "本周",
    "会议",
    "项目",
    "进度",
    "预算",
    "仓库",
    "交付",
    "合同",
    "评审",
    "计划",
    "安排",
    "部门",
    "完成",
    "跟进",
    "系统",
    "更新",
]


@dataclass
class Took:
    """One command: wall and CPU seconds, peak memory of its largest process in MiB."""

    wall: float
    cpu: float
    peak: float
    out: str


def timed(command: list[str], env: dict[str, str]) -> Took:
    script = (
        "import resource,subprocess,sys,json,time;t=time.monotonic();"
        "d=subprocess.run(sys.argv[1:],stdout=subprocess.PIPE);"
        "u=resource.getrusage(resource.RUSAGE_CHILDREN);"
        "print(json.dumps([time.monotonic()-t,u.ru_utime+u.ru_stime,u.ru_maxrss/1024,d.stdout.decode('utf-8','replace')[-4000:]]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *command], capture_output=True, text=True, env=env
    )
    return Took(*json.loads(done.stdout))


def prose(pick: random.Random, size: int) -> str:
    lines, total = [], 0
    while total < size:
        if pick.random() < 0.4:
            line = "，".join("".join(pick.choices(PHRASES, k=8)) for _ in range(4)) + "。"
        else:
            line = " ".join(pick.choices(WORDS, k=14)) + f" {pick.randint(1, 10**6)}."
        lines.append(line)
        total += len(line.encode())
    return "\n".join(lines)


def text_drive(folder: Path, count: int, people: list[Chinese]) -> None:
    pick = random.Random(1)
    folder.mkdir()
    for number in range(count):
        text = prose(pick, pick.choice((4_000, 20_000, 60_000, 200_000)))
        if number % 50 == 0:
            text += "\n" + "\n".join(
                f"{p.联系人} {p.手机} {p.客户名称}" for p in pick.sample(people, 12)
            )
        (folder / f"{number:05}.txt").write_text(text, encoding="utf-8")


def office_drive(folder: Path, count: int, people: list[Chinese]) -> None:
    pick = random.Random(2)
    folder.mkdir()
    for number in range(count):
        rows = [["item", "text", "number"]] + [
            [str(n), prose(pick, 60).split("\n")[0], str(pick.randint(1, 10**6))]
            for n in range(120)
        ]
        if number % 25 == 0:
            rows += [[p.联系人, p.客户名称, p.手机] for p in pick.sample(people, 12)]
        kind = ("xlsx", "docx", "pptx", "pdf", "xlsx")[number % 5]
        made = {
            "xlsx": lambda r: office.xlsx({"A": r}),
            "docx": lambda r: office.docx("Report", r[:60]),
            "pptx": lambda r: office.pptx("Report", r[:20]),
            "pdf": lambda r: office.pdf("Report", [" ; ".join(line) for line in r], "STSong-Light"),
        }[kind]
        (folder / f"{number:05}.{kind}").write_bytes(made(rows if number % 25 else rows[::-1]))


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--text-files", type=int, default=2000)
    options.add_argument("--office-files", type=int, default=250)
    options.add_argument("--customers", type=int, default=20_000)
    told = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="leakscan-bench-") as name:
        run(Path(name), told)


def run(root: Path, told: argparse.Namespace) -> None:
    people = chinese(told.customers)
    table = root / "customers.csv"
    with table.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([header(Chinese), *map(row, people)])
    values = root / "values.txt"
    values.write_text(
        "\n".join(v for p in people for v in (p.客户名称, p.联系人, p.手机, p.邮箱, p.身份证号)),
        encoding="utf-8",
    )
    text_drive(root / "text", told.text_files, people)
    office_drive(root / "office", told.office_files, people)
    env = {**os.environ, "LEAKSCAN_HOME": str(root / "home"), "LEAKSCAN_LANG": "en"}
    leakscan = [sys.executable, "-m", "scanner"]
    added = timed([*leakscan, "registry", "add", str(table), "--id", "crm"], env)
    print(
        f"registered {told.customers:,} customers in {added.wall:.1f} s, peak {added.peak:.0f} MiB"
    )
    peer = shutil.which("rg")
    search = [peer, "-F", "-c", "-f", str(values)] if peer else ["grep", "-rFc", "-f", str(values)]
    name = Path(search[0]).name + " -F -f"
    print(f"{'drive':<8}{'tool':<12}{'files/s':>9}{'MB/s':>9}{'peak MiB':>10}  result")
    for drive in ("text", "office"):
        files = [p for p in (root / drive).iterdir()]
        size = sum(p.stat().st_size for p in files)
        ours = timed([*leakscan, "scan", str(root / drive), "--quiet", "--json"], env)
        found = json.loads(ours.out)
        bare = {**env, "LEAKSCAN_CUSTOMER_LISTS": "false"}
        alone = timed([*leakscan, "scan", str(root / drive), "--quiet", "--json"], bare)
        registered = json.loads(alone.out)
        theirs = timed([*search, str(root / drive)], env)
        seen = sum(1 for line in theirs.out.splitlines() if not line.endswith(":0"))
        for tool, took, result in (
            (
                "leakscan",
                ours,
                f"{found['incidents']} incidents, {found['partial']} partial, {found['skipped']} skipped",
            ),
            (
                "lists off",
                alone,
                f"{registered['incidents']} incidents of registered datasets",
            ),
            (name, theirs, f"{seen}+ files with a line"),
        ):
            print(
                f"{drive:<8}{tool:<12}{len(files) / took.wall:>9.0f}{size / 1e6 / took.wall:>9.1f}{took.peak:>10.0f}  {result}"
            )
        print(f"{drive:<8}ratio (wall, {name} / leakscan): {theirs.wall / ours.wall:.2f}")


if __name__ == "__main__":
    main()
