"""incidents.csv: columns, bytes, chain, companions, profiles, failing disks."""

from __future__ import annotations

import csv
import errno
import hashlib
import json
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from scanner.home import open_home
from scanner.model.document import Document
from scanner.model.errors import ReportError
from scanner.model.examined import Examined
from scanner.model.incident import Incident
from scanner.model.outcome import Outcome
from scanner.model.recorded import CHAIN_COLUMNS, COVERAGE_COLUMNS, INCIDENT_COLUMNS, Totals
from scanner.record.store import Store
from scanner.report import files
from scanner.report._formula import original
from scanner.report.base import Profile, profile, reports
from scanner.report.csv import COLUMNS, anchor_path, coverage_path, write
from scanner.report.files import check_writable
from scanner.report.verify import verify_report

Make = Callable[..., Incident]
VIEW = Profile(key=b"k" * 32)
CONTRACT = Path(__file__).resolve().parents[2].parent / "shared" / "CONTRACT.md"


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream, strict=True))


def test_the_columns_are_those_that_were_promised() -> None:
    if not CONTRACT.exists():
        pytest.skip("the contract is not at hand")
    text = CONTRACT.read_text(encoding="utf-8")
    listed = text[text.index("`incident_id,") : text.index("row_hash`") + len("row_hash`")]
    promised = [name.strip() for name in listed.replace("`", "").replace("\n", "").split(",")]
    assert [name for name in promised if name] == list(COLUMNS)
    assert ", ".join(COVERAGE_COLUMNS) in text


def test_the_header_stands_though_there_is_no_row(store: Store, tmp_path: Path) -> None:
    out = tmp_path / "none.csv"
    written = write(out, store.select(), VIEW)
    assert written.rows == 0
    data = out.read_bytes()
    assert data == b"\xef\xbb\xbf" + ",".join(f'"{name}"' for name in COLUMNS).encode() + b"\r\n"
    assert verify_report(out, key=VIEW.key) == []


def test_rows_are_chained_as_the_notes_say(store: Store, make: Make, tmp_path: Path) -> None:
    """Recomputed here with nothing of ours but the rule."""
    store.record([make(number, dataset_title='=1+1,"x"') for number in range(5)])
    out = tmp_path / "i.csv"
    written = write(out, store.select(), VIEW)
    before = "0" * 64
    for number, row in enumerate(table(out), 1):
        raw = {name: original(cell) for name, cell in row.items()}
        prev_hash, row_hash = raw.pop("prev_hash"), raw.pop("row_hash")
        assert raw["row_no"] == str(number)
        assert raw["dataset_title"] == '=1+1,"x"'
        assert prev_hash == before
        text = json.dumps(raw, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        before = hashlib.sha256(f"{prev_hash}\n{text}".encode()).hexdigest()
        assert row_hash == before
    anchor = json.loads(anchor_path(out).read_text())
    assert (anchor["row_count"], anchor["head_hash"]) == (5, before)
    assert anchor["sha256"] == written.sha256 == hashlib.sha256(out.read_bytes()).hexdigest()


def test_the_same_store_gives_the_same_bytes(store: Store, make: Make, tmp_path: Path) -> None:
    store.record([make(number) for number in range(50)])
    one, two = tmp_path / "one.csv", tmp_path / "two.csv"
    write(one, store.select(), VIEW)
    write(two, store.select(), VIEW)
    assert one.read_bytes() == two.read_bytes()
    assert anchor_path(one).read_bytes() == anchor_path(two).read_bytes()


def test_the_same_findings_give_the_same_hashes_in_any_order(make: Make, tmp_path: Path) -> None:
    incidents = [make(number) for number in range(20)]
    heads = set()
    for name, order in (("a", incidents), ("b", incidents[::-1])):
        with Store.open(open_home(tmp_path / name)) as store:
            for incident in order:
                store.record([incident])
            heads.add(write(tmp_path / f"{name}.csv", store.select(), VIEW).head_hash)
    assert len(heads) == 1


def test_other_readers_take_it(store: Store, make: Make, tmp_path: Path) -> None:
    store.record([make(1, finding__locators=("a,b", 'c"d', "e;f")), make(2)])
    out = tmp_path / "i.csv"
    write(out, store.select(), VIEW)
    frame = pd.read_csv(out, encoding="utf-8-sig", dtype=str, keep_default_na=False)
    assert list(frame.columns) == list(COLUMNS)
    assert frame["locators"][0] == 'a,b;c"d;e\\x3bf'
    assert frame["dataset_title"].tolist() == ["华东客户档案"] * 2
    assert b"\n" not in out.read_bytes().replace(b"\r\n", b"")


def test_the_coverage_companion(store: Store, make: Make, tmp_path: Path) -> None:
    document = Document("/s/a.zip", b"/s/a.zip", 99)
    objects = [
        Examined("", "zip", 99, "", Outcome(), segments=1),
        Examined("=x.docx", "docx", -1, "", Outcome.skipped("encrypted")),
        Examined("b.pdf", "pdf", 7, "", Outcome.partial("damaged"), segments=3, seconds=1.25),
    ]
    store.record([make(1)], examined=[(document, objects)])
    out = tmp_path / "i.csv"
    write(out, store.select(), VIEW)
    rows = table(coverage_path(out))
    assert [list(row.values()) for row in rows] == [
        ["/s/a.zip!=x.docx", "", "docx", "SKIPPED", "encrypted", "0", "0.000"],
        ["/s/a.zip!b.pdf", "7", "pdf", "PARTIAL", "damaged", "3", "1.250"],
        [
            "TOTAL",
            "0",
            "documents=0;unchanged=0",
            "COMPLETE=0;PARTIAL=0;SKIPPED=0",
            "",
            "3",
            "0.000",
        ],
    ]
    assert tuple(rows[0]) == COVERAGE_COLUMNS


def test_totals_stand_in_the_last_row(store: Store, tmp_path: Path) -> None:
    from scanner.model.recorded import ScanStart

    scan = store.start_scan(ScanStart())
    store.finish_scan(scan, Totals(9, 7, 1, 2, 3, 1000, 2.0, (("damaged", 1), ("link", 2))))
    out = tmp_path / "i.csv"
    write(out, store.select(totals_scan=scan), VIEW)
    assert list(table(coverage_path(out))[-1].values()) == [
        *("TOTAL", "1000", "documents=9;unchanged=3", "COMPLETE=7;PARTIAL=1;SKIPPED=2"),
        *("damaged=1;link=2", "0", "2.000"),
    ]


@pytest.mark.parametrize(
    ("name", "coverage", "anchor"),
    [
        ("x.csv", "x.coverage.csv", "x.anchor.json"),
        ("X.CSV", "X.coverage.csv", "X.anchor.json"),
        ("x.y.csv", "x.y.coverage.csv", "x.y.anchor.json"),
        ("report", "report.coverage.csv", "report.anchor.json"),
    ],
)
def test_the_companions_names(name: str, coverage: str, anchor: str) -> None:
    assert coverage_path(Path(name)).name == coverage
    assert anchor_path(Path(name)).name == anchor


def test_events_stand_in_the_report_only_when_asked_for(
    store: Store, make: Make, tmp_path: Path
) -> None:
    store.record([make(1), make(2, judgement__similarity="incidental")])
    assert write(tmp_path / "a.csv", store.select(), VIEW).rows == 1
    assert write(tmp_path / "b.csv", store.select(events=True), VIEW).rows == 2


def test_persons_are_pseudonyms_unless_counsel_asks(
    store: Store, make: Make, tmp_path: Path
) -> None:
    event = make(1).event
    sent = replace(
        event, actor="zhang.wei", sender="zhang.wei@corp.example", recipients=("a@x.cn", "B@X.cn")
    )
    store.record([make(1, event=sent)])
    masked, counsel = tmp_path / "m.csv", tmp_path / "c.csv"
    write(masked, store.select(), profile("masked", store.pseudonym_key))
    write(counsel, store.select(), profile("counsel", store.pseudonym_key, "for the file"))
    (shown,), (named,) = table(masked), table(counsel)
    assert "zhang.wei" not in masked.read_text(encoding="utf-8")
    assert shown["actor"] == shown["owner_account"]
    assert shown["actor"].startswith("p-")
    assert shown["sender"].endswith("@corp.example")
    assert [one.partition("@")[2] for one in shown["recipients"].split(";")] == ["x.cn", "X.cn"]
    assert (named["actor"], named["sender"]) == ("zhang.wei", "zhang.wei@corp.example")
    assert named["recipients"] == "a@x.cn;B@X.cn"
    assert not {"a@x.cn", "B@X.cn"} & set(shown["recipients"].split(";"))
    assert named["masked_sample"] == shown["masked_sample"] == "欧***, 138****78"


@pytest.mark.parametrize(("name", "reason"), [("counsel", ""), ("counsel", " "), ("all", "x")])
def test_a_profile_without_its_reason_is_refused(name: str, reason: str) -> None:
    with pytest.raises(ReportError):
        profile(name, b"", reason)


def test_a_place_that_cannot_be_written_is_told_before(tmp_path: Path) -> None:
    check_writable(tmp_path / "x.csv", tmp_path / "y.csv")
    assert list(tmp_path.iterdir()) == []
    for wrong in (tmp_path, tmp_path / "none" / "x.csv", Path("/dev/null"), tmp_path / "a\0b"):
        with pytest.raises(ReportError) as told:
            check_writable(wrong)
        assert "\n" not in str(told.value)
    if sys.platform != "win32" and os.geteuid() != 0:
        tmp_path.chmod(0o500)
        with pytest.raises(ReportError):
            check_writable(tmp_path / "x.csv")
        tmp_path.chmod(0o700)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
@pytest.mark.parametrize("call", ["fsync", "open", "replace", "write"])
def test_a_failing_disk_leaves_the_old_report_whole(
    store: Store,
    make: Make,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    call: str,
    code: int,
) -> None:
    out = tmp_path / "i.csv"
    store.record([make(1)])
    write(out, store.select(), VIEW)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    store.record([make(2)])

    def refuse(*_args: object, **_kwargs: object) -> int:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        if call == "replace":
            patch.setattr(Path, "replace", refuse)
        elif call == "write":
            patch.setattr(files.Sink, "write", refuse)
        else:
            patch.setattr(files.os, call, refuse)
        with pytest.raises(ReportError, match="cannot be written"):
            write(out, store.select(), VIEW)
    after = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    assert after == before
    assert verify_report(out, key=VIEW.key) == []


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
def test_reports_are_for_their_owner_alone(store: Store, tmp_path: Path) -> None:
    for name, report in reports().items():
        written = report.write(tmp_path / f"{name}.{report.suffix}", store.select(), VIEW)
        for path in written.files:
            assert path.stat().st_mode & 0o777 == 0o600


def test_chain_columns_close_the_row() -> None:
    assert (*INCIDENT_COLUMNS, *CHAIN_COLUMNS) == COLUMNS
