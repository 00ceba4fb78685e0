"""Extraction by format: MB/s, files/s and peak memory, beside xberg on the same files in the same run.

    python benchmarks/extract.py [--rows 2000] [--files 20] [--peer PYTHON] [--large]

xberg is the fastest well-kept all-in-one extractor that installs from a package index; `--peer` names
the Python that has it (`python -m venv x && x/bin/pip install xberg`), else this one is tried, and
without it our figures stand alone. For each format the same files (different people in each) are read
by a fresh process of either, after one file that is not counted; times are CPU seconds of that
process, so that a busy machine matters little, and wall seconds. Fair, because both hold the file's
bytes in memory, neither reads pictures, and the share of planted names and phone numbers found is
printed for both: what is faster but finds less is not faster. Ours also looks for text escaped inside
text and for hidden parts, xberg makes Markdown of the whole.

`--large` adds a workbook of a million rows and a log of 2 GB, for which memory is what counts.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import subprocess
import sys
import tempfile
from email.message import EmailMessage
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from fixtures import office  # noqa: E402
from fixtures.documents.packages import zipped  # noqa: E402
from fixtures.people import chinese  # noqa: E402

Rows = list[list[str]]


def people(count: int, seed: int) -> Rows:
    return [[one.联系人, one.手机, one.邮箱, one.地址] for one in chinese(count, seed)]


def as_csv(rows: Rows) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode("utf-8")


def as_xls(rows: Rows) -> bytes:
    from xlwt import Workbook

    book = Workbook(encoding="utf-8")
    sheet = book.add_sheet("a")
    for at, row in enumerate(rows):
        for column, text in enumerate(row):
            sheet.write(at, column, text)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def as_ods(rows: Rows) -> bytes:
    cells = "".join(
        "<table:table-row>"
        + "".join(
            f"<table:table-cell office:value-type='string'><text:p>{cell}</text:p></table:table-cell>"
            for cell in row
        )
        + "</table:table-row>"
        for row in rows
    )
    space = "urn:oasis:names:tc:opendocument:xmlns:"
    return zipped(
        {
            "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
            "content.xml": f"<office:document-content xmlns:office='{space}office:1.0' xmlns:table='{space}table:1.0' xmlns:text='{space}text:1.0' office:version='1.2'><office:body><office:spreadsheet><table:table table:name='a'>{cells}</table:table></office:spreadsheet></office:body></office:document-content>",
            "META-INF/manifest.xml": f"<manifest:manifest xmlns:manifest='{space}manifest:1.0'><manifest:file-entry manifest:full-path='/' manifest:media-type='application/vnd.oasis.opendocument.spreadsheet'/></manifest:manifest>",
        }
    )


def as_html(rows: Rows) -> bytes:
    cells = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<!DOCTYPE html><html><head><meta charset=utf-8></head><body><table>{cells}</table></body></html>".encode()


def as_xml(rows: Rows) -> bytes:
    body = "".join(
        f"<c><n>{row[0]}</n><t>{row[1]}</t><m>{row[2]}</m><a>{row[3]}</a></c>" for row in rows
    )
    return f'<?xml version="1.0" encoding="UTF-8"?><l>{body}</l>'.encode()


def as_json(rows: Rows) -> bytes:
    return json.dumps(
        [dict(zip("abcd", row, strict=True)) for row in rows], ensure_ascii=False
    ).encode()


def as_rtf(rows: Rows) -> bytes:
    def wide(text: str) -> str:
        return "".join(c if c.isascii() else f"\\u{(ord(c) ^ 0x8000) - 0x8000}?" for c in text)

    return (
        r"{\rtf1\ansi " + "".join(wide(" ".join(row)) + "\\par\n" for row in rows) + "}"
    ).encode()


def as_eml(rows: Rows) -> bytes:
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = "list", "a@x.example", "b@x.example"
    mail.set_content("see attachment")
    mail.add_attachment(as_csv(rows), maintype="text", subtype="csv", filename="a.csv")
    return mail.as_bytes()


MAKERS = {
    "txt": lambda rows: "".join(" ".join(row) + "\n" for row in rows).encode(),
    "csv": as_csv,
    "json": as_json,
    "xml": as_xml,
    "html": as_html,
    "rtf": as_rtf,
    "xlsx": lambda rows: office.xlsx({"a": rows}),
    "xls": as_xls,
    "ods": as_ods,
    "docx": lambda rows: office.docx("list", rows[:400]),
    "pptx": lambda rows: office.pptx("list", rows[:200]),
    "pdf": lambda rows: office.pdf("list", [" ".join(row) for row in rows[:400]], "STSong-Light"),
    "eml": as_eml,
    "zip": lambda rows: zipped({"a.csv": as_csv(rows), "b.json": as_json(rows)}),
}
SHOWN = {"docx": 400, "pptx": 200, "pdf": 400}

OURS = r"""
import json, resource, sys, time
sys.path.insert(0, sys.argv[1])
from scanner.extract import _ocr
from scanner.extract.base import Blob, Budget, Limits
from scanner.extract.walk import End, read
from scanner.model.content import Segment
_ocr.engine = lambda: None
def text(path):
    with open(path, "rb") as file:
        file.seek(0, 2)
        size = file.tell()
        budget = Budget(Limits(bytes=1 << 40, chars=1 << 40, seconds=1e9))
        for event in read(Blob(file, size), path, budget):
            if isinstance(event, Segment):
                yield event.text
"""
PEER = r"""
import asyncio, json, resource, sys, time
import xberg
sys.argv.insert(1, "")
config = xberg.ExtractionConfig(disable_ocr=True, use_cache=False)
loop = asyncio.new_event_loop()
def text(path):
    made = loop.run_until_complete(
        xberg.extract(xberg.ExtractInput(uri=path, kind=xberg.ExtractInputKind.URI), config))
    for one in made.results or []:
        yield one.content
        for child in one.children or []:
            inner = getattr(child, "result", None) or getattr(child, "document", None) or child
            yield getattr(inner, "content", "") or ""
"""
LOOP = r"""
wanted = json.load(open(sys.argv[2], encoding="utf-8"))
found = total = 0
first = True
for path in sys.argv[3:]:
    if first:
        for _ in text(path): pass
        first = False
        wall, cpu = time.perf_counter(), time.process_time()
    want = wanted.get(path, [])
    pieces = []
    for piece in text(path):
        if want: pieces.append(piece)
    used = time.perf_counter(), time.process_time()
    whole = "\n".join(pieces)
    found += sum(one in whole for one in want); total += len(want)
    late = time.perf_counter(), time.process_time()
    wall += late[0] - used[0]; cpu += late[1] - used[1]
print(json.dumps({"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu,
    "found": found / total if total else None,
    "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
"""


def run(python: str, code: str, wanted: Path, files: list[Path]) -> dict[str, float] | None:
    command = [python, "-c", code + LOOP]
    if code is OURS:
        command.append(str(ROOT))
    done = subprocess.run([*command, str(wanted), *map(str, files)], capture_output=True, text=True)
    if done.returncode:
        print(
            f"  {done.stderr.strip().splitlines()[-1][:100] if done.stderr.strip() else done.returncode}"
        )
        return None
    made: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return made


def has_peer(python: str) -> bool:
    return subprocess.run([python, "-c", "import xberg"], capture_output=True).returncode == 0


def line(
    name: str, size: int, count: int, ours: dict[str, float], peer: dict[str, float] | None
) -> str:
    def told(one: dict[str, float]) -> str:
        share = "" if one["found"] is None else f"{one['found']:6.1%}"
        seconds = max(one["cpu"], 1e-9)
        return f"{size / seconds / 1e6:8.1f} {count / seconds:8.1f} {one['peak']:7.0f} {share:>7}"

    text = f"{name:6} {size / 1e6:8.1f} {told(ours)}"
    if peer is not None:
        text += f"  {told(peer)} {peer['cpu'] / max(ours['cpu'], 1e-9):7.2f}x"
    return text


def large(folder: Path, python: str, peer: bool) -> None:
    print("\nlarge files (planted texts are not looked for)")
    wanted = folder / "none.json"
    wanted.write_text("{}", encoding="utf-8")
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("a")
    rows = people(5000, 5)
    for at in range(1_000_000):
        sheet.append([str(at), *rows[at % 5000]])
    path = folder / "million.xlsx"
    book.save(path)
    block = "".join(f"2026-03-01 12:00:00 INFO {' '.join(row)}\n" for row in rows).encode()
    log = folder / "large.log"
    with log.open("wb") as file:
        while file.tell() < 2 << 30:
            file.write(block)
    small = folder / "small.txt"
    small.write_text("x\n" * 10, encoding="utf-8")
    for one in (path, log):
        ours = run(sys.executable, OURS, wanted, [small, one])
        other = run(python, PEER, wanted, [small, one]) if peer else None
        if ours:
            print(line(one.suffix[1:], one.stat().st_size, 1, ours, other), flush=True)
        one.unlink()


def main() -> None:
    ask = argparse.ArgumentParser()
    ask.add_argument("--rows", type=int, default=2000)
    ask.add_argument("--files", type=int, default=20)
    ask.add_argument("--formats", nargs="*", default=list(MAKERS))
    ask.add_argument("--peer", default=sys.executable)
    ask.add_argument("--large", action="store_true")
    told = ask.parse_args()
    peer = has_peer(told.peer)
    if not peer:
        print("xberg is not installed: our figures alone")
    print(f"{told.files} files of {told.rows} rows a format; CPU time of one process")
    head = "MB/s  files/s  peak MB  found"
    print(f"format       MB     ours {head}" + (f"    xberg {head}   ratio" if peer else ""))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for form in told.formats:
            wanted: dict[str, list[str]] = {}
            files = []
            for at in range(told.files):
                rows = people(told.rows, at)
                path = folder / f"{form}{at}.{form}"
                path.write_bytes(MAKERS[form](rows))
                files.append(path)
                wanted[str(path)] = [
                    text for row in rows[: SHOWN.get(form, told.rows)] for text in row[:2]
                ]
            listed = folder / "wanted.json"
            listed.write_text(json.dumps(wanted), encoding="utf-8")
            ours = run(sys.executable, OURS, listed, files)
            other = run(told.peer, PEER, listed, files) if peer else None
            size = sum(path.stat().st_size for path in files)
            if ours:
                print(line(form, size, len(files), ours, other), flush=True)
            for path in files:
                path.unlink()
        if told.large:
            large(folder, told.peer, peer)


if __name__ == "__main__":
    main()
