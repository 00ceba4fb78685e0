"""What isolation costs, and what hanging and crashing documents cost the others.

    python benchmarks/sandbox.py [--files N] [--deadline S]

Compared in one run, on the same generated files:
  * the pool of warm sandboxed workers against the same examination in this process (the cost of
    isolation for each file), and against concurrent.futures.ProcessPoolExecutor with as many
    processes (fair: both get open files' paths and give back small results);
  * a drive in which 1 % of the files hang against the same drive without them: hanging asleep,
    hanging in C with the processor in use (copies of three files, as real ones are copies), and
    the same with every file another one (then the processor is really gone);
  * results lost when a worker is killed, here and in ProcessPoolExecutor.
Prints files/s, ratios, the time from a kill to the next ready worker, and peak memory.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "run_sandbox")]

from scanner.extract.base import Budget, Limits  # noqa: E402
from scanner.home import open_home  # noqa: E402
from scanner.model.document import Document  # noqa: E402
from scanner.run.examine import examine, sha256_of  # noqa: E402
from scanner.run.sandbox.pool import Pool, default_workers  # noqa: E402
from scanner.settings import load_settings  # noqa: E402
from scanner.source.folder import open_document, walk  # noqa: E402

MOCK = ("mock_parser:DETECTOR",)


HANGS: dict[str, Callable[[int], str]] = {
    "asleep": lambda n: f"MOCK\ntext {n}\nsleep 3600\n",
    "in C, copies of 3 files": lambda n: f"MOCK\ntext {n // 100 % 3}\nhang-c\n",
    "in C, all different": lambda n: f"MOCK\ntext {n}\nhang-c\n",
}


def make(root: Path, files: int, hang: Callable[[int], str] | None = None) -> list[Document]:
    """Text files of about 20 KB; with `hang` each hundredth is of that content."""
    dice = random.Random(7)
    words = [f"word{n}" for n in range(500)] + ["客户", "名单", "联系人"]
    body = " ".join(dice.choice(words) for _ in range(3300))
    root.mkdir()
    for n in range(files):
        path = root / f"{n:06}.txt"
        if hang is not None and n % 100 == 50:
            path.write_text(hang(n))
        else:
            path.write_text(f"{n} {body}\n")
    return [found for found in walk([root]) if isinstance(found, Document)]


def in_process(path: bytes) -> int:
    """The same work as a worker's, without isolation."""
    document = Document(os.fsdecode(path), path)
    with os.fdopen(open_document(document), "rb") as stream:
        size = os.fstat(stream.fileno()).st_size
        sha256 = sha256_of(stream)
        return sum(1 for _ in examine(stream, size, document, [], Budget(Limits()), sha256=sha256))


def rate(documents: list[Document], pool: Pool, quick: int | None = None) -> tuple[float, int]:
    """Files a second, and results; with `quick`, measured when so many have come."""
    started = time.perf_counter()
    results = 0
    at = 0.0
    for _ in pool.run(documents):
        results += 1
        if results == quick:
            at = time.perf_counter() - started
    return (quick or results) / (at or time.perf_counter() - started), results


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
        one, _ = rate(sample, pool)
    with Pool(open_home(root / "home"), load_settings(), workers=workers, detectors=()) as pool:
        rate(documents[:10], pool)
        all_of_them, _ = rate(documents, pool)
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


def hanging(root: Path, files: int, deadline: float) -> None:
    settings = load_settings(deadline_seconds=deadline)
    drives = {"none hangs": make(root / "clean", files)}
    for number, (name, hang) in enumerate(HANGS.items()):
        drives[name] = make(root / f"hang{number}", files, hang)
    best: dict[str, float] = dict.fromkeys(drives, 0.0)
    print(f"drive of {files} files, 1 % of them hang, deadline {deadline} s: the other files")
    for name, documents in drives.items():
        with Pool(open_home(root / "home"), settings, detectors=MOCK) as pool:
            rate(documents[:10], pool)
            found, results = rate(documents, pool, files - files // 100)
            best[name] = found
            assert results == files
    for name, found in best.items():
        print(f"  {name:<26} {found:8.0f} files/s   ratio {found / best['none hangs']:.3f}")


def replaced(root: Path, times: int = 40) -> None:
    documents = make(root / "few", 4)
    waits = []
    with Pool(open_home(root / "home"), load_settings(), workers=1, detectors=()) as pool:
        rate(documents, pool)
        crew = pool._supervisor._crew
        for _ in range(times):
            (worker,) = [w for w in crew.workers if w.ready and w.process.pid and not w.hung_up]
            started = time.perf_counter()
            os.kill(worker.process.pid, signal.SIGKILL)
            while not any(
                w.ready and w.process.pid and not w.hung_up and w is not worker
                for w in list(crew.workers)
            ):
                time.sleep(0.0005)
            waits.append(time.perf_counter() - started)
    waits.sort()
    print(f"from a kill to the next ready worker: median {statistics.median(waits) * 1000:.0f} ms, "
          f"p99 {waits[int(len(waits) * 0.99)] * 1000:.0f} ms")  # fmt: skip


def _die(path: bytes) -> int:
    if path.endswith(b"000007.txt"):
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
    told = options.parse_args()
    root = Path(tempfile.mkdtemp(prefix="leakscan-bench-"))
    try:
        cost(root, told.files)
        hanging(root, told.files, told.deadline)
        replaced(root)
        lost(root)
    finally:
        shutil.rmtree(root)


if __name__ == "__main__":
    main()
