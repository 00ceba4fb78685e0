"""Registering a table from a CSV file, beside reading the same file with pandas, in one run.

    python benchmarks/register.py                      1,000,000 rows of 8 columns, 7 of them matched
    python benchmarks/register.py --rows 100000        fewer
    python benchmarks/register.py --quoted             addresses with commas, so that cells are quoted

Each runs in a process of its own, the best of several rounds; the time of the whole process, with
the start of the interpreter and its imports, stands beside that of the work alone. pandas reads
every cell as text, as registering must: a number loses its zeros otherwise.
"""

from __future__ import annotations

import argparse
import csv
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import match_data as data

ROUNDS = 3


def make(file: Path, rows: int, quoted: bool) -> None:
    """Write a file of invented customers."""
    with file.open("w", encoding="utf-8", newline="") as stream:
        out = csv.writer(stream)
        out.writerow([*data.KINDS, "amount"])
        for number, row in enumerate(data.records(rows)):
            cells = row if quoted else tuple(cell.replace(",", "") for cell in row)
            out.writerow([*cells, number * 37 % 9973])


def ours(file: Path, folder: Path) -> int:
    """Register the file; gives the cells indexed."""
    from scanner.home import open_home
    from scanner.run.enrol import add_dataset

    return add_dataset(open_home(folder), file, "crm").report.cells


def pandas(file: Path, folder: Path) -> int:
    """Read the file as pandas does it with its fastest parser; gives the cells read."""
    import pandas as library

    del folder
    return int(library.read_csv(file, dtype=str, keep_default_na=False).size)


def child(engine: str, file: str) -> None:
    """Do the work once and tell what it cost."""
    with tempfile.TemporaryDirectory() as folder:
        started, before = time.perf_counter(), time.process_time()
        cells = {"ours": ours, "pandas": pandas}[engine](Path(file), Path(folder))
        told = {"wall": time.perf_counter() - started, "cpu": time.process_time() - before}
    told["cells"] = cells
    told["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(told))


def measured(engine: str, file: Path) -> dict[str, float]:
    """The best of several rounds, with the time of the whole process."""
    best: dict[str, float] = {}
    for _ in range(ROUNDS):
        started = time.perf_counter()
        line = [sys.executable, __file__, "--child", engine, str(file)]
        done = subprocess.run(line, capture_output=True, text=True, check=True)
        told = json.loads(done.stdout) | {"process": time.perf_counter() - started}
        best = min(best or told, told, key=lambda one: one["wall"])
    return best


def main() -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--quoted", action="store_true")
    parser.add_argument("--child", nargs=2)
    told = parser.parse_args()
    if told.child:
        child(*told.child)
        return
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "customers.csv"
        make(file, told.rows, told.quoted)
        size = file.stat().st_size / 1e6
        print(f"{told.rows:,} rows, {size:.0f} MB{', cells quoted' if told.quoted else ''}\n")
        print(
            "| | cells | s | M cells/s | s of CPU | M cells/s a core | whole process s | peak MiB |"
        )
        print("|---|---|---|---|---|---|---|---|")
        best = {name: measured(name, file) for name in ("ours", "pandas")}
        for name, one in best.items():
            cells = one["cells"] / 1e6
            print(
                f"| {name} | {one['cells']:,.0f} | {one['wall']:.2f} | {cells / one['wall']:.1f} | "
                f"{one['cpu']:.2f} | {cells / one['cpu']:.1f} | {one['process']:.2f} | {one['peak_mib']:.0f} |"
            )
        share = best["ours"]["wall"] / best["pandas"]["wall"]
        print(f"\nregistering takes {share:.2f} of the time that pandas takes to read the file")


if __name__ == "__main__":
    main()
