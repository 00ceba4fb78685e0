"""Exact match beside plain string search, in one run: `make bench-match`.

Compared: our index (values normalised and kept as keyed fingerprints, records known) with libraries
and tools that look for the exact bytes of the same values and keep them in plain text. That is fair
to them in speed (they do less) and unfair to us in nothing but work done. All figures are CPU time
on one core, the best of several rounds taken in turn, so that a busy machine slows both alike, of
each engine the second of two runs, so that each finds its own caches;
memory is the peak of a process of its own that only builds.

    python benchmarks/match.py                 1,000,000 values, all texts, peers that are installed
    python benchmarks/match.py --growth        also 100,000 to 10,000,000 cells
    python benchmarks/match.py --huge          also 100,000,000 cells, and pyahocorasick at 10,000,000
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import match_data as data
import match_ours as ours

ROUNDS = 5
SCANNED = 4_000_000  # bytes of each text
REPEATED = 8  # times that a tool reads it, as building takes it longer than reading
Timed = Callable[[bytes], int]


def best(
    texts: dict[str, bytes], engines: dict[str, Timed]
) -> dict[tuple[str, str], tuple[float, int]]:
    """MB/s and matches for each text and engine, rounds taken in turn, each with warm caches."""
    told: dict[tuple[str, str], tuple[float, int]] = {}
    for name, text in texts.items():
        for _ in range(ROUNDS):
            for engine, run in engines.items():
                run(text)
                started = time.thread_time()
                count = run(text)
                speed = len(text) / 1e6 / max(time.thread_time() - started, 1e-9)
                told[name, engine] = max(told.get((name, engine), (0.0, 0)), (speed, count))
    return told


def peak_kib(*, reset: bool = False) -> int:
    """The most memory this process held, KiB, since it was reset; a new process inherits it."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    found = re.search(r"VmHWM:\s+(\d+)", status.read_text())
    return int(found[1]) if found else 0


def child(*arguments: str) -> dict[str, float]:
    """What a process of its own tells, with its peak memory."""
    line = [sys.executable, __file__, "--child", *arguments]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    if done.returncode:
        return {"failed": 1.0}
    return json.loads(done.stdout.splitlines()[-1])


def run_child(engine: str, cells: int, folder: str) -> None:
    """Build one engine and tell its CPU seconds and peak memory, those of the values left out."""
    values = [] if engine.startswith("ours") else data.values(cells)
    before = peak_kib(reset=True)
    started = time.process_time()
    told: dict[str, float] = {}
    if engine == "ours":
        told = ours.build(Path(folder), cells)
    else:
        automaton = data.peer(engine, values)
        told["seconds"] = time.process_time() - started
    peak = peak_kib()
    told |= {"peak_mib": peak / 1024, "own_mib": (peak - before) / 1024}
    if engine == "pyahocorasick":
        del values
        decoded = {name: text.decode() for name, text in data.texts(SCANNED, None)[0].items()}
        for name, text in decoded.items():
            started = time.thread_time()
            sum(1 for _ in automaton.iter(text))
            told[name] = len(text.encode()) / 1e6 / (time.thread_time() - started)
    print(json.dumps(told))


def tool(command: list[str]) -> tuple[float, str]:
    """CPU seconds of a command-line tool and how it ended."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, "" if done.returncode in {0, 1} else f"exit {done.returncode}"


def fastest(command: list[str]) -> tuple[float, str]:
    """The same, the fastest of three."""
    return min(tool(command) for _ in range(3))


def libraries(texts: dict[str, bytes], cells: int, folder: Path) -> None:
    """Our index and daachorse over the same values."""
    built = {name: child(name, str(cells), str(folder)) for name in ("ours", "daachorse")}
    mine = built["ours"]
    print(f"\n### {cells:,} values, one core\n")
    print(
        f"index {mine['bytes'] / 2**20:.1f} MiB, {mine['bytes'] / mine['cells']:.2f} bytes a cell; built in {mine['seconds']:.2f} s of CPU "
        f"({mine['cells'] / mine['seconds'] / 1e6:.1f} M cells/s with the texts in memory), peak {mine['own_mib']:.0f} MiB over the table"
    )
    if "failed" not in built["daachorse"]:
        peer = built["daachorse"]
        print(
            f"daachorse: built in {peer['seconds']:.2f} s of CPU, peak {peer['own_mib']:.0f} MiB over the values"
        )
    look = ours.Scan(folder)
    print(f"open {look.open_ms:.2f} ms, filters {look.ready_ms:.1f} ms, path {look.path}\n")
    engines: dict[str, Timed] = {"ours": look.run}
    automaton = data.peer("daachorse", data.values(cells)) if shutil.which("true") else None
    if automaton is not None:
        engines["daachorse"] = lambda text: len(automaton.find(text))
    engines["decode"] = lambda text: len(text.decode())
    told = best(texts, engines)
    print(
        "| text | ours MB/s | matches | daachorse MB/s | matches | ratio | against bytes.decode |"
    )
    print("|---|---|---|---|---|---|---|")
    for name in texts:
        (mine_speed, found), (peer_speed, exact) = (
            told[name, "ours"],
            told.get((name, "daachorse"), (0.0, 0)),
        )
        ratio = f"{mine_speed / peer_speed:.2f}" if peer_speed else "-"
        print(
            f"| {name} | {mine_speed:.0f} | {found} | {peer_speed:.0f} | {exact} | {ratio} | {mine_speed / told[name, 'decode'][0]:.2f} |"
        )


def tools(texts: dict[str, bytes], cells: int, folder: Path) -> None:
    """ripgrep and grep with a file of the values."""
    listed = folder / "values.txt"
    listed.write_text("\n".join(data.values(cells)), encoding="utf-8")
    empty = folder / "empty.txt"
    empty.write_text("x\n")
    look = ours.Scan(folder)
    found = [name for name in ("rg", "grep") if shutil.which(name)]
    print(f"\n### {cells:,} values, command-line tools ({', '.join(found) or 'none installed'})\n")
    print("| tool | text | MB/s without building | ours MB/s | ratio |\n|---|---|---|---|---|")
    for name in found:
        line = [name, "-F", "-c", "-f", str(listed)]
        base, _ = fastest([*line, str(empty)])
        for text_name, text in texts.items():
            part = folder / "text.txt"
            part.write_bytes(text * REPEATED)
            seconds, failed = fastest([*line, str(part)])
            if failed:
                print(f"| {name} | {text_name} | {failed} | | |")
                continue
            speed = len(text) * REPEATED / 1e6 / max(seconds - base, 1e-3)
            mine = best({text_name: text}, {"ours": look.run})[text_name, "ours"][0]
            print(
                f"| {name} (build {base:.2f} s) | {text_name} | {speed:.0f} | {mine:.0f} | {mine / speed:.1f} |"
            )


def growth(texts: dict[str, bytes], sizes: list[int]) -> None:
    """Speed and size as the number of cells grows."""
    print(
        "\n### Growth\n\n| cells | "
        + " | ".join(texts)
        + " | bytes/cell | build M cells/s | peak MiB | open ms |"
    )
    print("|---" * (len(texts) + 5) + "|")
    for cells in sizes:
        with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as folder:
            built = child("ours", str(cells), folder)
            look = ours.Scan(Path(folder))
            told = best(texts, {"ours": look.run})
            speeds = " | ".join(f"{told[name, 'ours'][0]:.0f}" for name in texts)
            print(
                f"| {built['cells']:,.0f} | {speeds} | {built['bytes'] / built['cells']:.2f} | {built['cells'] / built['seconds'] / 1e6:.1f} | {built['peak_mib']:.0f} | {look.open_ms:.2f} |",
                flush=True,
            )
            look.close()


def beside_pyahocorasick(texts: dict[str, bytes], cells: int) -> None:
    """Our index and pyahocorasick over as many values as no other library here can take."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as folder:
        mine = child("ours", str(cells), folder)
        look = ours.Scan(Path(folder))
        told = best(texts, {"ours": look.run})
        look.close()
    peer = child("pyahocorasick", str(cells), "-")
    print(
        f"\n### {cells:,} values beside pyahocorasick\n\nours: built in {mine['seconds']:.1f} s, "
        f"index {mine['bytes'] / 2**20:.0f} MiB, peak {mine['own_mib']:.0f} MiB; pyahocorasick: "
    )
    if "failed" in peer:
        print("it did not end (no memory, or not installed)")
        return
    print(f"built in {peer['seconds']:.1f} s, peak {peer['own_mib']:.0f} MiB\n")
    print("| text | ours MB/s | pyahocorasick MB/s | ratio |\n|---|---|---|---|")
    for name in texts:
        speed = told[name, "ours"][0]
        print(f"| {name} | {speed:.0f} | {peer[name]:.1f} | {speed / peer[name]:.0f} |")


def hostile(folder: Path) -> None:
    """Texts made to be slow."""
    look = ours.Scan(folder)
    told = best(data.hostile(2_000_000), {"ours": look.run})
    print("\n### Hostile texts\n\n| text | MB/s | matches |\n|---|---|---|")
    for (name, _), (speed, count) in told.items():
        print(f"| {name} | {speed:.0f} | {count} |")


def workers(folder: Path, text: bytes) -> None:
    """Two workers over the same index, against one."""
    one = ours.parallel(folder, text, 1)
    two = ours.parallel(folder, text, 2)
    print(
        f"\n### Workers\n\none {one:.0f} MB/s, two {two:.0f} MB/s of wall time: {two / one:.2f} times"
    )


def main() -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--child", nargs=3)
    parser.add_argument("--cells", type=int, default=1_000_000)
    parser.add_argument("--size", type=int, default=SCANNED, help="bytes of each text")
    parser.add_argument("--prose", type=Path, help="folder with more Chinese texts (.gz)")
    parser.add_argument("--growth", action="store_true")
    parser.add_argument("--huge", action="store_true")
    parser.add_argument("--only-huge", action="store_true", help="nothing but pyahocorasick")
    told = parser.parse_args()
    if told.child:
        run_child(told.child[0], int(told.child[1]), told.child[2])
        return
    named, sources = data.texts(told.size, told.prose)
    for name, source in sources.items():
        print(f"text {name}: {len(named[name]):,} bytes, {source}")
    if told.only_huge:
        beside_pyahocorasick(named, 10_000_000)
        return
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as name:
        folder = Path(name)
        libraries(named, told.cells, folder / "1m")
        workers(folder / "1m", named["english"])
        hostile(folder / "1m")
        (folder / "100k").mkdir()
        child("ours", "100000", str(folder / "100k"))
        tools(named, 100_000, folder / "100k")
    if told.growth or told.huge:
        growth(named, [100_000, 1_000_000, 10_000_000] + ([100_000_000] if told.huge else []))
    if told.huge:
        beside_pyahocorasick(named, 10_000_000)


if __name__ == "__main__":
    main()
