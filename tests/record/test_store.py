"""The store: identity, finding again, settling, reviews, expiry, errors."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from scanner.home import Home
from scanner.model.document import Channel, Provenance
from scanner.model.errors import StoreError, UsageError
from scanner.model.incident import Incident, Severity
from scanner.model.outcome import Outcome
from scanner.model.recorded import INCIDENT_COLUMNS
from scanner.record.database import revisions
from scanner.record.flatten import document_key, incident_id
from scanner.record.store import Store
from scanner.record.verify import verify_store

Make = Callable[..., Incident]


def cell(row: tuple[str, ...], name: str) -> str:
    return row[INCIDENT_COLUMNS.index(name)]


def rows(store: Store, **query: object) -> list[tuple[str, ...]]:
    return list(store.select(**query).rows())


def test_what_is_recorded_comes_back_whole(store: Store, make: Make) -> None:
    incident = make(3)
    (identity,) = store.record([incident], scan_id="s1")
    told = store.get(identity)
    assert told.incident == incident
    assert told.status == "open"
    assert told.cell("records_matched") == "312"
    assert told.cell("fields_matched") == "company;mobile"
    assert told.cell("obligations") == "O5:potential"
    assert store.get(identity[:8]).id == identity


def test_found_again_updates_and_never_doubles(store: Store, make: Make) -> None:
    first = make(1)
    (identity,) = store.record([first], scan_id="s1")
    later = make(
        1,
        event__at=first.event.at + timedelta(days=2),
        finding__records=400,
        examined__sha256="f" * 64,
    )
    assert store.record([later, later], scan_id="s2") == [identity, identity]
    (row,) = rows(store)
    assert cell(row, "records_matched") == "400"
    told = store.get(identity)
    assert told.detected_at == "2026-06-01T12:00:01+00:00"
    assert told.last_seen == "2026-06-03T12:00:01+00:00"
    assert [entry["action"] for entry in store.history(identity)] == ["new", "changed"]
    store.record([later], scan_id="s3")
    assert store.history(identity)[-1]["action"] == "seen"


def test_an_older_sighting_does_not_turn_last_seen_back(store: Store, make: Make) -> None:
    new, old = make(1), make(1)
    old = replace(old, event=replace(old.event, at=old.event.at - timedelta(days=9)))
    (identity,) = store.record([new])
    store.record([old])
    assert store.get(identity).last_seen == "2026-06-01T12:00:01+00:00"


def test_identity_is_place_and_dataset_not_content(make: Make) -> None:
    base = incident_id(make(1))
    same = [
        make(1, examined__sha256="0" * 64),
        make(1, finding__records=1),
        make(1, document__provenance=Provenance(Channel.WATCH, "other")),
        make(1, event__recipients=("a@x.example",)),
    ]
    assert {incident_id(item) for item in same} == {base}
    other = [
        make(2),
        make(1, finding__dataset_id="other"),
        make(1, examined__inner="a.csv"),
        make(1, document__provenance=Provenance(Channel.MAIL)),
        make(1, document__path=b"/share/\xff"),
        make(1, document__path=b"/share/\\xff"),
    ]
    assert len({incident_id(item) for item in other} | {base}) == len(other) + 1


def test_outgoing_identity_holds_the_recipients_in_any_order(make: Make) -> None:
    mail = Provenance(Channel.MAIL)

    def sent(*to: str) -> str:
        return incident_id(make(1, document__provenance=mail, event__recipients=to))

    assert sent("a@x.example", "B@x.example") == sent("b@x.example", "A@x.example")
    assert sent("a@x.example") != sent("b@x.example")


def test_settle_marks_gone_and_back(store: Store, make: Make) -> None:
    kept, lost, unseen = make(1), make(2), make(3)
    mail = make(4, document__provenance=Provenance(Channel.MAIL))
    ids = store.record([kept, lost, unseen, mail], scan_id="s1")
    store.record([kept], scan_id="s2")
    keys = [document_key(item.document) for item in (kept, lost, mail)]
    assert store.settle("s2", keys) == 1
    assert {store.get(identity).status for identity in (ids[0], ids[2], ids[3])} == {"open"}
    assert store.get(ids[1]).status == "gone"
    assert [cell(row, "incident_id") for row in rows(store)].count(ids[1]) == 0
    assert len(rows(store, gone=True)) == 4
    assert store.settle("s2", keys) == 0
    store.record([lost], scan_id="s3")
    assert store.get(ids[1]).status == "open"
    assert [entry["action"] for entry in store.history(ids[1])] == ["new", "gone", "reappeared"]


def test_settle_takes_documents_that_vanished(store: Store, make: Make) -> None:
    incident = make(1)
    damaged = replace(incident.examined, outcome=Outcome.partial("damaged"))
    (identity,) = store.record([incident], examined=[(incident.document, (damaged,))])
    assert len(list(store.select().unread())) == 1
    assert store.settle("s2", [], [document_key(incident.document)]) == 1
    assert store.get(identity).status == "gone"
    assert list(store.select().unread()) == []


def test_reviews_are_kept_and_set_the_verdict(store: Store, make: Make) -> None:
    (identity,) = store.record([make(1)])
    store.assign(identity, "li.na", "officer")
    assert store.get(identity).status == "in_review"
    store.review(identity, "needs_facts", "who asked for it?", "li.na")
    store.review(identity, "confirmed", "no task with it", "li.na")
    told = store.get(identity)
    assert (told.status, told.verdict, told.assignee) == ("closed", "confirmed", "li.na")
    assert told.decision_reason == "no task with it"
    assert told.reviewed_at
    kept = [(one["action"], one["verdict"]) for one in store.reviews(identity)]
    assert kept == [("assign", ""), ("review", "needs_facts"), ("review", "confirmed")]
    store.record([make(1)])
    assert store.get(identity).status == "closed"
    assert store.get(identity).verdict == "confirmed"


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, "closed"),
        ({"examined__sha256": "e" * 64}, "closed"),
        ({"finding__nonpublic": 39}, "closed"),
        ({"finding__nonpublic": 41}, "reopened"),
        ({"judgement__exposure": Severity.CRITICAL}, "reopened"),
        ({"judgement__exposure": Severity.LOW}, "closed"),
    ],
)
def test_a_closed_incident_opens_again_when_it_got_worse(
    store: Store, make: Make, change: dict[str, object], status: str
) -> None:
    (identity,) = store.record([make(1)])
    store.review(identity, "false_positive", "own list", "li.na")
    store.record([make(1, **change)])
    assert store.get(identity).status == status
    assert store.get(identity).verdict == "false_positive"


@pytest.mark.parametrize(("verdict", "reason"), [("guilty", "x"), ("confirmed", " ")])
def test_a_bad_review_is_refused(store: Store, make: Make, verdict: str, reason: str) -> None:
    (identity,) = store.record([make(1)])
    before = store.head()
    with pytest.raises(UsageError):
        store.review(identity, verdict, reason, "li.na")
    assert store.head() == before
    assert store.reviews(identity) == []


def test_an_unknown_or_unclear_id_is_told(store: Store, make: Make) -> None:
    store.record([make(number) for number in range(40)])
    for wrong in ("zz", "", "0" * 32):
        with pytest.raises(UsageError, match="there is no incident"):
            store.get(wrong)
    first = [cell(row, "incident_id")[0] for row in rows(store)]
    common = max(first, key=first.count)
    with pytest.raises(UsageError, match="more than one"):
        store.get(common)


def test_expiry_empties_but_keeps_the_row(home: Home, store: Store, make: Make) -> None:
    old, held, new = make(1), make(2), make(3)
    new = replace(new, event=replace(new.event, at=new.event.at + timedelta(days=900)))
    ids = store.record([old, held, new])
    store.review(ids[0], "confirmed", "because of 张伟", "li.na")
    store.hold(ids[1], "law suit", "counsel")
    assert store.expire(365, now=new.event.at) == 1
    (row,) = [item for item in rows(store, gone=True, events=True) if item[0] == ids[0]]
    assert cell(row, "status") == "expired"
    assert cell(row, "verdict") == "confirmed"
    for name in ("path", "owner_account", "masked_sample", "actor", "decision_reason", "sha256"):
        assert cell(row, name) == ""
    with pytest.raises(UsageError, match="expired"):
        store.get(ids[0])
    assert store.reviews(ids[0])[0]["reason"] == ""
    assert {store.get(identity).status for identity in ids[1:]} == {"open"}
    assert store.expire(365, now=new.event.at) == 0
    assert verify_store(home) == []
    store.record([old])
    assert store.get(ids[0]).status == "reopened"


def test_events_are_kept_apart(store: Store, make: Make) -> None:
    store.record(
        [
            make(1),
            make(2, judgement__similarity="incidental"),
            make(3, judgement__exemption="X7"),
        ]
    )
    assert len(rows(store)) == 1
    assert len(rows(store, events=True)) == 3
    assert store.select(events=True).count() == 3


def test_queries_and_order(store: Store, make: Make) -> None:
    low = {"judgement__exposure": Severity.LOW}
    store.record([make(2, **low), make(1), make(3, finding__dataset_id="b")], scan_id="s1")
    store.record([make(9, document__uri="/share/销售2/x.csv", document__path=b"/x")], scan_id="s2")
    order = [cell(row, "path") for row in rows(store)]
    assert order == [
        "/share/销售/list-1.xlsx",
        "/share/销售/list-3.xlsx",
        "/share/销售2/x.csv",
        "/share/销售/list-2.xlsx",
    ]
    assert len(rows(store, under=("/share/销售",))) == 3
    assert len(rows(store, under=("/share/",))) == 4
    assert len(rows(store, under=("/",))) == 4
    assert len(rows(store, under=("/share/销售/list-1.xlsx", "/share/销售2"))) == 2
    assert len(rows(store, severity="high")) == 3
    assert len(rows(store, dataset="b")) == 1
    assert len(rows(store, scan_id="s2")) == 1
    assert [cell(row, "path") for row in rows(store, limit=1, offset=1)] == order[1:2]
    assert [one.row for one in store.select().incidents()] == rows(store)


def test_members_lie_under_their_container(store: Store, make: Make) -> None:
    store.record([make(1, document__uri="/s/a.zip", examined__inner="b/客户.xlsx")])
    (row,) = rows(store, under=("/s/a.zip",))
    assert cell(row, "path") == "/s/a.zip!b/客户.xlsx"
    assert rows(store, under=("/s/a.zi",)) == []


def test_a_second_store_object_sees_the_first(home: Home, store: Store, make: Make) -> None:
    (identity,) = store.record([make(1)])
    with Store.open(home) as other:
        assert other.get(identity).incident == make(1)
        other.record([make(2)])
    assert len(rows(store)) == 2
    assert verify_store(home) == []


def test_a_locked_store_is_told_in_one_line(home: Home, make: Make) -> None:
    with Store.open(home, busy_seconds=0.05) as store:
        other = sqlite3.connect(home.store, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="in use by another process") as told:
            store.record([make(1)])
        assert "\n" not in str(told.value)
        other.execute("ROLLBACK")
        other.close()
        store.record([make(1)])
        assert len(rows(store)) == 1


def test_a_newer_store_is_refused_and_untouched(home: Home) -> None:
    Store.open(home).close()
    with sqlite3.connect(home.store) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
    raw.close()
    with pytest.raises(StoreError, match="newer leakscan"):
        Store.open(home)
    raw = sqlite3.connect(home.store)
    assert raw.execute("SELECT version_num FROM alembic_version").fetchone() == ("9999",)
    raw.close()


def test_a_file_that_is_no_store_is_told(home: Home) -> None:
    home.store.write_bytes(b"not a database at all" * 100)
    with pytest.raises(StoreError, match="damaged"):
        Store.open(home)


def test_a_missing_or_foreign_audit_key_is_told(home: Home) -> None:
    Store.open(home).close()
    key = home.root / "audit.key"
    text = key.read_text()
    key.unlink()
    with pytest.raises(StoreError, match=r"audit\.key is missing"):
        Store.open(home)
    assert not key.exists()
    key.write_text("short\n")
    with pytest.raises(StoreError, match="cannot be read"):
        Store.open(home)
    key.write_text(text)
    Store.open(home).close()


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
def test_the_store_is_for_its_owner_alone(home: Home, store: Store, make: Make) -> None:
    store.record([make(1)])
    for name in ("store.db", "store.db-wal", "audit.key", "audit.anchor"):
        assert (home.root / name).stat().st_mode & 0o777 == 0o600, name


def test_tables_are_those_that_the_migrations_make(store: Store) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from scanner.record.schema import METADATA

    with store._database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
    assert revisions() == sorted(revisions())


def test_importing_the_room_does_not_load_the_database_library() -> None:
    code = "import sys, scanner.record; sys.exit('sqlalchemy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_what_expired_is_in_no_file(home: Home, store: Store, make: Make) -> None:
    canary = "canary-7f3a"
    incident = make(
        1,
        document__uri=f"/share/{canary}.xlsx",
        document__path=f"/share/{canary}.xlsx".encode(),
        event__actor=canary,
        finding__sample=canary,
    )
    (identity,) = store.record([incident], examined=[(incident.document, (incident.examined,))])
    store.review(identity, "confirmed", canary, "li.na")

    def holding() -> set[str]:
        names = sorted(path.name for path in home.root.iterdir())
        return {name for name in names if canary.encode() in (home.root / name).read_bytes()}

    assert holding()
    assert store.expire(1) == 1
    assert holding() == set()
    assert verify_store(home) == []


def test_a_store_damaged_while_it_is_read_is_told(home: Home, make: Make) -> None:
    with Store.open(home) as store:
        store.record([make(number) for number in range(300)])
    data = bytearray(home.store.read_bytes())
    for place in range(40_960, len(data), 4096):
        data[place : place + 256] = b"\xff" * 256
    home.store.write_bytes(data)
    with pytest.raises(StoreError, match="damaged"), Store.open(home) as store:
        rows(store)
