"""100,000,000 customers of five fields: built, opened and scanned, once, on this machine.

    python benchmarks/match_huge.py --rows 100000000 --folder FOLDER

The rows are invented column by column (customer number, person, phone, e-mail, national id), as a
columnar reader would hand them over; making them is not counted. Needs about 10 GB on the disk and
1 GB of memory for 100,000,000 rows. Afterwards rows drawn by lot are written down as people
would write them, each among other text, and looked for.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import match as tables
import match_data as data
import numpy as np
from match_ours import KEY, Scan

from scanner.index.build import build_dataset
from scanner.index.open import Index
from scanner.index.types import ColumnBatch
from scanner.model.content import Segment
from scanner.model.rule import Column, DatasetSpec, FieldKind

BATCH = 500_000
SPEC = DatasetSpec(
    "huge",
    (
        Column("id", FieldKind.ACCOUNT),
        Column("person", FieldKind.PERSON),
        Column("phone", FieldKind.PHONE),
        Column("email", FieldKind.EMAIL),
        Column("national_id", FieldKind.NATIONAL_ID),
    ),
)
Cells = np.ndarray


def digits(numbers: Cells, width: int) -> Cells:
    """Decimal digits of each number, rows by width bytes."""
    powers = 10 ** np.arange(width - 1, -1, -1, dtype=np.int64)
    return (numbers[:, None] // powers % 10 + 48).astype(np.uint8)


def letters(texts: list[str], chosen: Cells) -> Cells:
    """The chosen ones of texts that are equally long in UTF-8."""
    table = np.frombuffer("".join(texts).encode(), np.uint8).reshape(len(texts), -1)
    return table[chosen]


def columns(batch: int, rows: int) -> list[Cells]:
    """The five columns of a batch, always the same for its number."""
    rng = np.random.default_rng(1000 + batch)
    draw = rng.integers
    ids = np.arange(batch * BATCH, batch * BATCH + rows)
    surnames, given = list(data.SURNAMES), list(dict.fromkeys(data.GIVEN))
    person = [letters(surnames, draw(len(surnames), size=rows))]
    person += [letters(given, draw(len(given), size=rows)) for _ in range(2)]
    phone = 10**10 + draw(3, 10, rows) * 10**9 + draw(10**9, size=rows)
    stems = sorted({word[:5] for word in data.STEMS if len(word) >= 5})
    mail = [letters(stems, draw(len(stems), size=rows)), digits(draw(10**6, size=rows), 6)]
    mail.append(letters(["@alfa.example", "@beta.example", "@zeta.example"], draw(3, size=rows)))
    region = draw(11, 66, rows) * 10**4 + draw(1, 30, rows) * 100 + draw(1, 40, rows)
    born = draw(1950, 2008, rows) * 10**4 + draw(1, 13, rows) * 100 + draw(1, 29, rows)
    national = (region * 10**8 + born) * 10**4 + draw(10**4, size=rows)
    return [
        np.concatenate((np.full((rows, 1), ord("C"), np.uint8), digits(ids, 10)), axis=1),
        np.concatenate(person, axis=1),
        digits(phone, 11),
        np.concatenate(mail, axis=1),
        digits(national, 18),
    ]


def batch_of(batch: int, rows: int) -> ColumnBatch:
    """A batch as bytes and offsets."""
    return ColumnBatch(
        [
            (c.tobytes(), np.arange(rows + 1, dtype=np.int64) * c.shape[1])
            for c in columns(batch, rows)
        ],
        rows,
    )


def build(folder: Path, rows: int) -> None:
    """Build and print how long it took and how large it is."""
    making = 0.0

    def batches() -> Iterator[ColumnBatch]:
        nonlocal making
        for first in range(0, rows, BATCH):
            started = time.process_time()
            made = batch_of(first // BATCH, min(BATCH, rows - first))
            making += time.process_time() - started
            yield made

    tables.peak_kib(reset=True)
    started, begun = time.process_time(), time.perf_counter()
    report = build_dataset(folder, KEY, SPEC, batches())
    seconds = time.process_time() - started - making
    print(
        f"built: {report.records:,} records, {report.cells:,} cells in {seconds:.0f} s of CPU "
        f"({report.cells / seconds / 1e6:.2f} M cells/s; {time.perf_counter() - begun:.0f} s of wall "
        f"time with {making:.0f} s of making rows), {report.size_bytes / 2**30:.2f} GiB, "
        f"{report.size_bytes / report.cells:.2f} bytes a cell, peak {tables.peak_kib() / 2**20:.1f} GiB",
        flush=True,
    )


def planted(folder: Path, rows: int, count: int) -> None:
    """Look for rows drawn by lot, each in a text of its own: name and phone, or name and mail."""
    index = Index.open(folder, KEY)
    rng = np.random.default_rng(5)
    found = others = 0
    per_batch = max(1, count // 20)
    chosen = rng.choice(-(-rows // BATCH), min(20, -(-rows // BATCH)), replace=False)
    total = 0
    for batch in chosen:
        size = min(BATCH, rows - int(batch) * BATCH)
        cells = columns(int(batch), size)
        for row in rng.choice(size, per_batch, replace=False):
            person, phone, mail = (cells[at][row].tobytes().decode() for at in (1, 2, 3))
            second = f"{phone[:3]}-{phone[3:7]}-{phone[7:]}" if row % 2 else mail.upper()
            session = index.session()
            session.feed(Segment(f"请联系 {person}（{second}），谢谢。"))
            told = {int(r) for match in session.matches() for r in match.records}
            found += int(batch) * BATCH + int(row) in told
            others += len(told - {int(batch) * BATCH + int(row)})
            total += 1
    print(f"planted {total:,} records: {found:,} found, {others} others told beside them")
    index.close()


def scan(folder: Path) -> None:
    """The speed on the five texts of match.py."""
    named, _ = data.texts(4_000_000, None)
    look = Scan(folder)
    print(f"open {look.open_ms:.2f} ms, filters {look.ready_ms:.0f} ms, path {look.path}")
    print("| text | MB/s | matches |\n|---|---|---|")
    for (name, _), (speed, count) in tables.best(named, {"ours": look.run}).items():
        print(f"| {name} | {speed:.0f} | {count} |")


def main() -> None:
    """Parse and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000_000)
    parser.add_argument("--planted", type=int, default=10_000)
    parser.add_argument("--folder", type=Path, help="where there is room for the index")
    told = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=told.folder) as name:
        folder = Path(name)
        build(folder, told.rows)
        scan(folder)
        planted(folder, told.rows, told.planted)


if __name__ == "__main__":
    main()
