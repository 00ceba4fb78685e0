"""Every report of the folder: golden files, safe output, what each format promises."""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from scanner.model.document import Channel, Document, Provenance, Readers
from scanner.model.errors import ReportError
from scanner.model.examined import Examined
from scanner.model.finding import Method
from scanner.model.incident import Incident, ObligationState, Severity
from scanner.model.outcome import Outcome
from scanner.model.recorded import (
    STATUSES,
    VERDICTS,
    Custody,
    Measure,
    Reading,
    Recorded,
    Row,
    ScanRecord,
    ScanStart,
    Totals,
    Unread,
)
from scanner.record import flatten
from scanner.record.store import Store
from scanner.report import html, ocsf
from scanner.report.base import Profile, report_named, reports

Make = Callable[..., Incident]
GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "reports"
REGENERATE = bool(os.environ.get("REGENERATE_GOLDEN"))
VIEW = Profile(key=b"k" * 32)
AT = "2026-06-01T12:00:00.000+00:00"


class Fixed:
    """A store's selection with the logs replaced by ones whose times stand still."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    def rows(self) -> Iterator[Row]:
        return self._reading.rows()

    def incidents(self) -> Iterator[Recorded]:
        return self._reading.incidents()

    def unread(self) -> Iterator[Unread]:
        return self._reading.unread()

    def totals(self) -> Totals:
        return Totals(9, 7, 1, 2, 3, 1000, 2.0, (("damaged", 1), ("encrypted", 2)))

    def scans(self) -> Iterator[ScanRecord]:
        begun = ScanStart(
            ("/share", "=x"), "officer", "scan-1", isolation="landlock, seccomp", self_test="passed"
        )
        yield ScanRecord("s1", begun, AT, AT, "complete", "system clock", self.totals(), 4)
        yield ScanRecord("s2", begun, AT)

    def custody(self) -> Iterator[Custody]:
        yield Custody(1, AT, "li.na", "export", "/out/i.csv", "=for the file", '{"row_count":4}')

    def measures(self) -> Iterator[Measure]:
        yield Measure("scan", '["/share"]', AT, AT, False, "scan-1", "officer")
        yield Measure("watch", "watching /share", AT, AT, True, "scan-1", "officer")


def varied(make: Make) -> list[Incident]:
    """Incidents of every kind that a report tells differently."""
    mail = Provenance(Channel.MAIL, "", Readers.UNKNOWN)
    base = make(2)
    sent = replace(
        base.event,
        kind="send",
        sender="zhang.wei@corp.example",
        recipients=("buyer@rival.example", "=x@y.example"),
        recipient_class="competitor",
        collection_mode="real_time",
    )
    duties = (
        ObligationState("O2", "potential", ("O2.a", "O2.b")),
        ObligationState("O4", "indicator", ("O4.a",)),
    )
    hostile = "/share/=<script>alert(1)</script>\n\u202e客户\x1b.zip"
    return [
        make(1),
        make(
            2,
            document=Document("mail:<1@corp.example>", None, 900, mail),
            event=sent,
            judgement__exposure=Severity.CRITICAL,
            judgement__legal=Severity.CRITICAL,
            judgement__trade_secret_status="ts_supported",
            judgement__obligations=duties,
            judgement__third_party=True,
            judgement__disposition="held",
        ),
        make(
            3,
            document__uri=hostile,
            document__path=hostile.encode(),
            examined__inner="a & b/=1+1.xlsx",
            examined__outcome=Outcome.partial("damaged"),
            examined__size=-1,
            examined__stable=False,
            document__provenance=Provenance(),
            judgement__exposure=Severity.LOW,
        ),
        make(
            4,
            finding__method=Method.CUSTOMER_LIST,
            finding__dataset_id="",
            finding__record_ids=b"",
            finding__nonpublic_ids=b"",
            finding__reasons=("312 rows of people and a way to reach them",),
            dataset_title="",
            judgement__trade_secret_status="",
            judgement__exposure=Severity.MEDIUM,
        ),
    ]


@pytest.fixture
def reading(store: Store, make: Make, monkeypatch: pytest.MonkeyPatch) -> Fixed:
    monkeypatch.setattr(flatten, "__version__", "0.0.0")
    monkeypatch.setattr(ocsf, "__version__", "0.0.0")
    monkeypatch.setenv("LEAKSCAN_LANG", "en")
    incidents = varied(make)
    unread = Document("/share/+locked.xlsx", b"/share/+locked.xlsx", 77)
    outcome = Outcome.skipped("encrypted")
    store.record(
        incidents, scan_id="s1", examined=[(unread, (Examined("", "xlsx", 77, "", outcome),))]
    )
    return Fixed(store.select())


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("name", sorted(reports()))
def test_golden(
    reading: Fixed, tmp_path: Path, name: str, lang: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bytes of every report. REGENERATE_GOLDEN=1 writes them anew."""
    if lang == "zh" and name != "html":
        pytest.skip("the same in every language")
    monkeypatch.setenv("LEAKSCAN_LANG", lang)
    report = report_named(name)
    stem = name if lang == "en" else f"{name}.{lang}"
    written = report.write(tmp_path / f"{stem}.{report.suffix}", reading, VIEW)
    for path in written.files:
        golden = GOLDEN / path.name
        if REGENERATE:
            golden.parent.mkdir(parents=True, exist_ok=True)
            golden.write_bytes(path.read_bytes())
        assert path.read_bytes() == golden.read_bytes(), path.name


def test_every_golden_file_belongs_to_a_report(reading: Fixed, tmp_path: Path) -> None:
    names = {"html.zh.html"}
    for name, report in reports().items():
        path = tmp_path / f"{name}.{report.suffix}"
        names |= {one.name for one in report.write(path, reading, VIEW).files}
    assert {path.name for path in GOLDEN.iterdir()} == names


def test_the_folder_is_the_list() -> None:
    folder = Path(html.__file__).parent
    offering = {
        path.stem for path in folder.glob("[!_]*.py") if "\nREPORT = " in path.read_text("utf-8")
    }
    assert set(reports()) == offering
    with pytest.raises(ReportError, match="there is no report"):
        report_named("none")


def test_no_report_has_a_live_cell_or_a_second_line(reading: Fixed, tmp_path: Path) -> None:
    for name, report in reports().items():
        path = tmp_path / f"{name}.{report.suffix}"
        report.write(path, reading, VIEW)
        data = path.read_bytes()
        assert not {"\x1b", "\u202e", "\x00"} & set(data.decode("utf-8"))
        if report.suffix == "csv":
            with path.open(encoding="utf-8-sig", newline="") as stream:
                for row in csv.reader(stream, strict=True):
                    assert not any(re.match(r"\s*[=+\-@]", cell) for cell in row), name
                    assert not any("\n" in cell or "\r" in cell for cell in row), name
        if report.suffix == "jsonl":
            for one in data.splitlines():
                json.loads(one)


def test_an_empty_store_gives_every_report(store: Store, tmp_path: Path) -> None:
    for name, report in reports().items():
        path = tmp_path / f"{name}.{report.suffix}"
        assert report.write(path, store.select(), VIEW).rows == 0
        assert path.exists()


def test_gone_and_expired_incidents_do_not_break_a_report(
    store: Store, make: Make, tmp_path: Path
) -> None:
    ids = store.record([make(1), make(2), make(3)])
    store.settle("s", [make(1).document.path or b""])
    store.hold(ids[0], "law suit", "counsel")
    store.hold(ids[1], "law suit", "counsel")
    store.expire(1)
    for name, report in reports().items():
        report.write(tmp_path / f"{name}.x", store.select(events=True, gone=True), VIEW)
    statuses = [one.status for one in store.select(events=True, gone=True).incidents()]
    assert sorted(statuses) == ["gone", "open"]


# OCSF, checked against what class 2006 asks for.

REQUIRED = (
    *("activity_id", "category_uid", "class_uid", "type_uid", "time", "severity_id"),
    *("metadata", "finding_info"),
)
ENUMS = {
    "activity_id": {1, 2, 3},
    "severity_id": {1, 2, 3, 4, 5},
    "status_id": {1, 2, 4},
    "action_id": {1, 2},
    "disposition_id": {2, 3, 15, 17},
    "verdict_id": {1, 2, 3, 4, 5, 7},
}


def checked(event: dict[str, Any]) -> None:
    assert all(name in event for name in REQUIRED)
    assert (event["category_uid"], event["class_uid"]) == (2, 2006)
    assert event["type_uid"] == 200600 + event["activity_id"]
    for name, values in ENUMS.items():
        assert name not in event or event[name] in values
    assert event["time"] > 1_700_000_000_000
    assert {"version", "product"} <= set(event["metadata"])
    assert "uid" in event["finding_info"]
    assert {"name", "type_id"} <= set(event["file"])
    security = event["data_security"]
    assert security["detection_system_id"] in (4, 6, 10)
    assert security["data_lifecycle_state_id"] in (1, 2)
    assert security["confidentiality_id"] in (2, 3)
    assert all("type" in one for one in security["classifier_details"])


def test_ocsf_events_are_of_class_2006(reading: Fixed) -> None:
    events = [ocsf.finding(found, VIEW) for found in reading.incidents()]
    assert len(events) == 4
    for event in events:
        checked(event)
    mail = next(one for one in events if one["severity_id"] == 5)
    assert mail["data_security"]["detection_system_id"] == 6
    assert mail["data_security"]["confidentiality_id"] == 3
    assert (mail["action_id"], mail["disposition_id"]) == (2, 3)
    member = next(one for one in events if "hashes" in one["file"] and "size" not in one["file"])
    assert member["file"]["name"] == "=1+1.xlsx"


def test_ocsf_knows_every_status_verdict_and_disposition(store: Store, make: Make) -> None:
    (identity,) = store.record([make(1)])
    found = store.get(identity)
    for status in STATUSES:
        if status != "expired":
            for verdict in ("", *VERDICTS):
                checked(ocsf.finding(replace(found, status=status, verdict=verdict), VIEW))
    for disposition in ("logged", "warned", "held", "blocked"):
        (one,) = store.record([make(1, judgement__disposition=disposition)])
        checked(ocsf.finding(store.get(one), VIEW))
    for channel in Channel:
        (one,) = store.record([make(1, document__provenance=Provenance(channel))])
        checked(ocsf.finding(store.get(one), VIEW))


# HTML.


class Page(HTMLParser):
    """The tags and attributes of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.policy = ""
        self.style = ""
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        told = dict(attrs)
        self._in_style = tag == "style"
        if told.get("http-equiv") == "Content-Security-Policy":
            self.policy = told.get("content") or ""

    def handle_data(self, data: str) -> None:
        if self._in_style:
            self.style += data


def test_html_runs_nothing_and_loads_nothing(reading: Fixed, tmp_path: Path) -> None:
    path = tmp_path / "r.html"
    html.write(path, reading, VIEW)
    text = path.read_text(encoding="utf-8")
    page = Page()
    page.feed(text)
    assert page.tags <= {
        *("html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "table", "tr", "th"),
        *("td", "svg", "rect"),
    }
    assert not {name for name in page.attributes if name.startswith("on")}
    assert not page.attributes & {"style", "src", "href", "srcset", "action", "xlink:href"}
    digest = base64.b64encode(hashlib.sha256(page.style.strip("\n").encode()).digest()).decode()
    whole = base64.b64encode(hashlib.sha256(html._STYLE.encode()).digest()).decode()
    assert page.policy.startswith("default-src 'none'; style-src 'sha256-")
    assert whole in page.policy or digest in page.policy
    assert "<script" not in text
    assert "&lt;script&gt;" in text


def test_html_says_what_it_left_out(
    store: Store, make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(html, "MOST_ROWS", 3)
    monkeypatch.setenv("LEAKSCAN_LANG", "en")
    store.record([make(number) for number in range(5)])
    path = tmp_path / "r.html"
    assert html.write(path, store.select(), VIEW).rows == 5
    text = path.read_text(encoding="utf-8")
    assert "2 more incidents stand in the CSV report." in text
    assert text.count("/share/销售/list-") == 3


# Wording: a report proposes, it decides nothing.

BANNED = re.compile(
    r"stole|stolen|guilty|violat|thief|convict|已构成|窃取|泄密者|违法|犯罪|侵权成立", re.IGNORECASE
)


def test_no_text_of_a_report_is_a_verdict(reading: Fixed, tmp_path: Path) -> None:
    from scanner.resources import patterns_dir

    for room in ("report", "record"):
        text = (patterns_dir() / "messages" / f"{room}.toml").read_text(encoding="utf-8")
        assert not BANNED.search(text)
    for name, report in reports().items():
        path = tmp_path / f"{name}.{report.suffix}"
        report.write(path, reading, VIEW)
        assert not BANNED.search(path.read_text(encoding="utf-8"))
    assert BANNED.search("he stole it")
    assert BANNED.search("已构成侵权")
