"""How soon a file is known to be a leak after it was closed, and whether a burst loses any.

    python benchmarks/watch.py [--files N] [--burst N]

Compared in one run, on the same files written in the same way to the same disk:
  * the time from close() to the incident in the store, through the whole program (events, settling,
    a sandboxed worker, the law engine, a durable commit), beside a plain watchdog handler that
    only notes the time of FileClosedEvent (fair as a floor: it examines nothing);
  * a burst written as fast as two writers can, to a plain handler that takes 1 ms an event, as one
    that reads the file would, and to the watch: how many files each of them never learned of.
    The kernel's queue overflows in both; the plain handler is not told.
Prints p50/p99, ratios and counts.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from watchdog.events import FileClosedEvent, FileSystemEvent, FileSystemEventHandler  # noqa: E402
from watchdog.observers import Observer  # noqa: E402

LIST = ROOT / "fixtures/demo/customers_cn.csv"
SERVICE = """
import sys, time
from pathlib import Path
from scanner.home import open_home
from scanner.run.pipeline import Pipeline
from scanner.settings import load_settings
from scanner.watch import Options, watch
home, settings = open_home(Path(sys.argv[1])), load_settings(ocr=False)
log = open(sys.argv[3], "w", buffering=1)
def incident(found, identity):
    log.write(f"{time.time_ns()} {found.document.uri}\\n")
watch(home, settings, [Path(sys.argv[2])], pipeline_factory=lambda: Pipeline.open(home, settings),
      options=Options(on_incident=incident, say=lambda text: print(text, flush=True)))
"""


class Plain(FileSystemEventHandler):
    """Notes when it hears that a file was closed, after `work` seconds of work for each."""

    def __init__(self, work: float = 0.0) -> None:
        self.heard: dict[str, int] = {}
        self._work = work

    def on_closed(self, event: FileSystemEvent) -> None:
        self.heard[os.fsdecode(event.src_path)] = time.time_ns()
        if self._work:
            time.sleep(self._work)


def register(home: Path) -> None:
    from scanner.home import open_home
    from scanner.run.enrol import add_dataset

    dossier = ROOT / "fixtures/demo/dossiers/crm-cn.yaml"
    add_dataset(open_home(home), LIST, "crm-cn", dossier_file=dossier)


class Service:
    """The watch as a process of its own."""

    def __init__(self, home: Path, root: Path, log: Path) -> None:
        self.log, self.said = log, log.with_suffix(".said")
        self.out = self.said.open("w")
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVICE, str(home), str(root), str(log)],
            stdout=self.out, stderr=self.out, cwd=ROOT, env={**os.environ, "LEAKSCAN_LANG": "en"},
        )  # fmt: skip
        wait(lambda: "caught up" in self.said.read_text(), 120)

    def incidents(self) -> dict[str, int]:
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return {line.split(" ", 1)[1]: int(line.split(" ", 1)[0]) for line in lines if " " in line}

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(120)
        self.out.close()


def wait(condition, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False


def told(name: str, times: list[float]) -> tuple[float, float]:
    ordered = sorted(times)
    p50 = statistics.median(ordered)
    p99 = ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]
    print(f"  {name:34} p50 {p50 * 1000:8.1f} ms   p99 {p99 * 1000:8.1f} ms   n {len(ordered)}")
    return p50, p99


def latency(base: Path, files: int, pause: float) -> None:
    lines = LIST.read_text(encoding="utf-8-sig").splitlines()
    root, home = base / "latency", base / "home"
    root.mkdir()
    plain, observer = Plain(), Observer()
    observer.schedule(plain, str(root), recursive=True, event_filter=[FileClosedEvent])
    observer.start()
    service = Service(home, root, base / "latency.log")
    first = root / "first.csv"
    first.write_text("\n".join(lines[:20]))
    at = time.time_ns()
    wait(lambda: str(first) in service.incidents(), 120)
    cold = (service.incidents()[str(first)] - at) / 1e9
    print(f"the first file after the start (workers begin): {cold:.2f} s")
    closed: dict[str, int] = {}
    for number in range(files):
        path = root / f"{number}.csv"
        with path.open("w") as out:
            out.write("\n".join(lines[number % 250 : number % 250 + 20]))
        closed[str(path)] = time.time_ns()
        time.sleep(pause)
    wait(lambda: len(service.incidents()) > files, 120)
    found = service.incidents()
    service.stop()
    observer.stop()
    observer.join()
    print(f"one file every {pause * 1000:.0f} ms, from close() to")
    floor = told("plain watchdog handler hears of it", [
        max(0, plain.heard[path] - at) / 1e9 for path, at in closed.items() if path in plain.heard
    ])  # fmt: skip
    ours = told("incident in the store", [
        (found[path] - at) / 1e9 for path, at in closed.items() if path in found
    ])  # fmt: skip
    print(f"  p99 beyond the plain handler: {(ours[1] - floor[1]) * 1000:.0f} ms; "
          f"missed {len(closed.keys() - found.keys())} of {files}")  # fmt: skip


def write_burst(root: str, first: int, count: int) -> None:
    for number in range(first, first + count):
        with open(f"{root}/d{number % 50}/{number}.txt", "w") as out:
            out.write(f"a note with number {number}\n")


def burst_into(root: Path, files: int) -> float:
    for number in range(50):
        (root / f"d{number}").mkdir(parents=True)
    time.sleep(1)
    started = time.monotonic()
    writers = [
        multiprocessing.Process(target=write_burst, args=(str(root), at * files // 2, files // 2))
        for at in range(2)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    return time.monotonic() - started


def burst(base: Path, files: int) -> None:
    root = base / "plain"
    root.mkdir()
    plain, observer = Plain(work=0.001), Observer()
    observer.schedule(plain, str(root), recursive=True)  # every event, as most programs do
    observer.start()
    spent = burst_into(root, files)
    print(f"burst of {files} files: {files / spent:.0f} files/s")
    before = -1
    while len(plain.heard) != before:
        before = len(plain.heard)
        time.sleep(3)
    observer.stop()
    observer.join()
    print(f"  plain watchdog handler: missed {files - len(plain.heard)} of {files}")
    shutil.rmtree(root)

    root = base / "burst"
    root.mkdir()
    service = Service(base / "home", root, base / "burst.log")
    journal = base / "home/watch/journal.db"
    spent = burst_into(root, files)
    started = time.monotonic()

    def seen() -> int:
        db = sqlite3.connect(journal)
        try:
            like = os.fsencode(root) + b"/"
            return db.execute(
                "SELECT count(*) FROM seen WHERE substr(path, 1, ?) = ?", (len(like), like)
            ).fetchone()[0]
        finally:
            db.close()

    wait(lambda: seen() >= files, 1800)
    rss = resident(service.process.pid)
    overflows = service.said.read_text().count("overflowed")
    found = seen()
    service.stop()
    print(
        f"  leakscan watch: missed {files - found} of {files}; queue overflows {overflows}; "
        f"all examined {time.monotonic() - started:.0f} s after the last close "
        f"({files / (spent + time.monotonic() - started):.0f} files/s); watch process {rss} MiB"
    )


def resident(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) // 1024
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=300, help="files of the latency part")
    parser.add_argument("--burst", type=int, default=100_000, help="files of the burst")
    asked = parser.parse_args()
    base = Path(tempfile.mkdtemp(prefix="leakscan-watch-"))
    try:
        register(base / "home")
        latency(base, asked.files, 0.05)
        if asked.burst:
            burst(base, asked.burst)
    finally:
        shutil.rmtree(base, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
