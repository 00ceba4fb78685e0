"""What isolation costs, and what hanging and crashing documents cost the others.

    python benchmarks/sandbox.py [--files N] [--deadline S] [--part NAME]...

Compared in one run, on the same generated files:
  * the pool of warm sandboxed workers against the same examination in this process (the cost of
    isolation for each file), and against concurrent.futures.ProcessPoolExecutor with as many
    processes (fair: both get open files' paths and give back small results);
  * a drive in which 1 % of the files hang against the same drive without them: hanging asleep,
    hanging in C with the processor in use (copies of three files, as real ones are copies), and
    the same with every file another one (then the processor is really gone). The rate is that
    of the other files until the last of them is through; the time after that is printed beside;
  * results lost when a worker is killed, here and in ProcessPoolExecutor.
Prints files/s, ratios, the time from a kill to the next ready worker, and peak memory.
"""

from __future__ import annotations

import argparse
import io
import os
import random
import shutil
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import docx
import openpyxl
from reportlab.pdfgen import canvas

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "run_sandbox")]

import scanner.detect  # noqa: E402
from scanner.catalogue import offers  # noqa: E402
from scanner.extract.base import Budget, Limits  # noqa: E402
from scanner.home import open_home  # noqa: E402
from scanner.model.document import Document  # noqa: E402
from scanner.run.examine import examine, sha256_of  # noqa: E402
from scanner.run.sandbox.pool import Pool, default_workers  # noqa: E402
from scanner.settings import load_settings  # noqa: E402
from scanner.source.folder import open_document, walk  # noqa: E402

MOCK = ("mock_parser:DETECTOR",)


Hang = Callable[[int], str]
Body = Callable[[int], Iterator[bytes]]
PARTS = ("cost", "bare text", "text", "office", "replaced", "lost")
ROUNDS = 3  # of which the ratio is the median

HANGS: dict[str, Hang] = {
    "asleep": lambda n: f"MOCK\ntext {n}\nsleep 3600\n",
    "in C, copies of 3 files": lambda n: f"MOCK\ntext {n // 100 % 3}\nhang-c\n",
    "in C, all different": lambda n: f"MOCK\ntext {n}\nhang-c\n",
}


def _hangs(n: int) -> bool:
    return n % 100 == 50


def text(files: int) -> Iterator[bytes]:
    """Text of about 20 KB each."""
    dice = random.Random(7)
    words = [f"word{n}" for n in range(500)] + ["客户", "名单", "联系人"]
    body = " ".join(dice.choice(words) for _ in range(3300))
    for n in range(files):
        yield f"{n} {body}\n".encode()


def office(files: int) -> Iterator[bytes]:
    """Documents of Word, Excel and PDF in turn, each with about 20 KB of text."""
    lines = next(iter(text(1))).decode().split(" ")
    rows = [lines[at : at + 8] for at in range(0, 3300, 8)]
    templates = [_word(rows), _excel(rows), _pdf(rows)]
    for n in range(files):
        made = templates[n % 3]
        mark = f"{n:08}".encode()
        yield made + b"\n%" + mark if made[:4] == b"%PDF" else made[:-2] + b"\x08\0" + mark


def _word(rows: list[list[str]]) -> bytes:
    out, document = io.BytesIO(), docx.Document()
    for row in rows:
        document.add_paragraph(" ".join(row))
    document.save(out)
    return out.getvalue()


def _excel(rows: list[list[str]]) -> bytes:
    out, book = io.BytesIO(), openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(out)
    return out.getvalue()


def _pdf(rows: list[list[str]]) -> bytes:
    out = io.BytesIO()
    page = canvas.Canvas(out)
    for at in range(0, len(rows), 50):
        for line, row in enumerate(rows[at : at + 50]):
            page.drawString(40, 800 - 15 * line, " ".join(row))
        page.showPage()
    page.save()
    return out.getvalue()


def make(root: Path, files: int, hang: Hang | None = None, body: Body = text) -> list[Document]:
    """Files of that body; with `hang` each hundredth is of that content."""
    root.mkdir()
    for n, data in enumerate(body(files)):
        (root / f"{n:06}.bin").write_bytes(hang(n).encode() if hang and _hangs(n) else data)
    return [found for found in walk([root]) if isinstance(found, Document)]


def in_process(path: bytes) -> int:
    """The same work as a worker's, without isolation."""
    document = Document(os.fsdecode(path), path)
    with os.fdopen(open_document(document), "rb") as stream:
        size = os.fstat(stream.fileno()).st_size
        sha256 = sha256_of(stream)
        return sum(1 for _ in examine(stream, size, document, [], Budget(Limits()), sha256=sha256))


def rate(documents: list[Document], pool: Pool) -> float:
    """Files a second."""
    started = time.perf_counter()
    results = sum(1 for _ in pool.run(documents))
    assert results == len(documents)
    return results / (time.perf_counter() - started)


def peak_of(pool: Pool) -> int:
    """Peak resident memory of the largest worker, MiB."""
    peaks = [0]
    for worker in list(pool._supervisor._crew.workers):
        try:
            status = Path(f"/proc/{worker.process.pid}/status").read_text()
        except OSError:
            continue
        peaks += [int(line.split()[1]) // 1024 for line in status.splitlines() if "VmHWM" in line]
    return max(peaks)


def cost(root: Path, files: int) -> None:
    documents = make(root / "plain", files)
    workers = default_workers()
    sample = documents[: files // 4]
    in_process(documents[0].path or b"")
    started = time.perf_counter()
    for document in sample:
        in_process(document.path or b"")
    alone = len(sample) / (time.perf_counter() - started)
    with Pool(open_home(root / "home"), load_settings(), workers=1, detectors=()) as pool:
        rate(documents[:10], pool)
        one = rate(sample, pool)
    with Pool(open_home(root / "home"), load_settings(), workers=workers, detectors=()) as pool:
        rate(documents[:10], pool)
        all_of_them = rate(documents, pool)
        peak = peak_of(pool)
        level = pool.isolation_report()[0]["level"]
    with ProcessPoolExecutor(workers) as peer:
        list(peer.map(in_process, [d.path for d in documents[:10]]))
        started = time.perf_counter()
        list(peer.map(in_process, [d.path for d in documents]))
        standard = len(documents) / (time.perf_counter() - started)
    print(f"isolation in force: {level}")
    print(f"in process, 1 core            {alone:8.0f} files/s")
    print(f"pool, 1 worker                {one:8.0f} files/s   ratio {one / alone:.2f}")
    print(f"  so isolation costs          {(1 / one - 1 / alone) * 1000:8.3f} ms a file")
    print(f"pool, {workers} workers               {all_of_them:8.0f} files/s   peak {peak} MiB")
    print(
        f"ProcessPoolExecutor, {workers} proc.  {standard:8.0f} files/s   ratio {all_of_them / standard:.2f}"
    )


def others(documents: list[Document], pool: Pool, *, tail: bool) -> tuple[float, float]:
    """Seconds until all files that do not hang are through, and from then to the end of all.

    Without `tail` the hanging ones are cancelled then.
    """
    hang = {d.uri for n, d in enumerate(documents) if _hangs(n)}
    left = len(documents) - len(hang)
    through = 0.0
    started = time.perf_counter()
    uris = set()
    for document, _ in pool.run(documents):
        uris.add(document.uri)
        left -= document.uri not in hang
        if not left and not through:
            through = time.perf_counter() - started
            if not tail:
                pool.cancel()
    assert len(uris) == len(documents)
    return through, time.perf_counter() - started - through


def all_detectors() -> tuple[str, ...]:
    """The mock's, which knows the hanging files, and those of a scan."""
    kinds = offers(scanner.detect, "DETECTOR")
    return MOCK + tuple(f"{kind.__module__}:{kind.__qualname__}" for kind in kinds)


def hanging(root: Path, kind: str, body: Body, files: int, deadline: float) -> None:
    """The rate of the other files where 1 % hang, and the time the hanging ones take after them."""
    settings = load_settings(deadline_seconds=deadline)
    names = {"none hangs": None, **HANGS}
    drives = {
        name: make(root / f"{kind}{number}", files, hang, body)
        for number, (name, hang) in enumerate(names.items())
    }
    detectors = MOCK if kind == "bare text" else all_detectors()
    times: dict[str, list[float]] = {name: [] for name in drives}
    tails: dict[str, float] = {}
    counts: dict[str, str] = {}
    for turn in range(ROUNDS):
        for name, documents in drives.items():
            with Pool(open_home(root / "home"), settings, detectors=detectors) as pool:
                rate(documents[:40], pool)
                through, tail = others(documents, pool, tail=not turn)
                tails.setdefault(name, tail)
                times[name].append(through)
                counts[name] = f"{pool.counts.get('set-aside', 0)} set aside"
    print(f"drive of {files} files ({kind}), 1 % of them hang, deadline {deadline} s:")
    clean = times["none hangs"]
    for name, seconds in times.items():
        ratio = statistics.median(c / s for c, s in zip(clean, seconds, strict=True))
        print(f"  {name:<26} {files * 0.99 / min(seconds):8.0f} other files/s   ratio {ratio:.3f}"
              f"   then {tails[name]:5.1f} s for those that hang   {counts[name]}")  # fmt: skip


def replaced(root: Path, times: int = 40) -> None:
    documents = make(root / "few", 4)
    waits = []
    with Pool(open_home(root / "home"), load_settings(), workers=1, detectors=()) as pool:
        rate(documents, pool)
        crew = pool._supervisor._crew
        for _ in range(times):
            before = set(crew.workers)
            worker = next(w for w in before if w.ready and w.process.pid and not w.hung_up)
            started = time.perf_counter()
            os.kill(worker.process.pid, signal.SIGKILL)
            while not any(w.ready and w not in before for w in list(crew.workers)):
                time.sleep(0.0005)
            waits.append(time.perf_counter() - started)
    waits.sort()
    print(f"from a kill to the next new worker that is ready: median {statistics.median(waits) * 1000:.0f} ms, "
          f"p99 {waits[int(len(waits) * 0.99)] * 1000:.0f} ms")  # fmt: skip


def _die(path: bytes) -> int:
    if path.endswith(b"000007.bin"):
        os.kill(os.getpid(), signal.SIGKILL)
    return in_process(path)


def lost(root: Path) -> None:
    documents = make(root / "lost", 200)
    Path(os.fsdecode(documents[7].path)).write_text("MOCK\nsegv\n")
    with Pool(open_home(root / "home"), load_settings(), workers=2, detectors=MOCK) as pool:
        ours = sum(1 for _ in pool.run(documents))
    theirs = 0
    with ProcessPoolExecutor(2) as peer:
        for future in [peer.submit(_die, d.path) for d in documents]:
            try:
                future.result()
                theirs += 1
            except BrokenProcessPool:
                continue
    print(f"one worker dies among 200 files: results here {ours}, in ProcessPoolExecutor {theirs}")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--files", type=int, default=2000)
    options.add_argument("--deadline", type=float, default=2.0)
    options.add_argument("--part", choices=PARTS, action="append", help="only this; repeatable")
    told = options.parse_args()
    root = Path(tempfile.mkdtemp(prefix="leakscan-bench-"))
    parts: dict[str, Callable[[], None]] = {
        "cost": lambda: cost(root, told.files),
        "bare text": lambda: hanging(root, "bare text", text, told.files, told.deadline),
        "text": lambda: hanging(root, "text", text, told.files, told.deadline),
        "office": lambda: hanging(root, "office", office, told.files // 4, told.deadline),
        "replaced": lambda: replaced(root),
        "lost": lambda: lost(root),
    }
    try:
        for name in told.part or PARTS:
            parts[name]()
    finally:
        shutil.rmtree(root)


if __name__ == "__main__":
    main()
