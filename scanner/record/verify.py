"""Whether a store's chain is whole, and whether its tables are what the chain says."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scanner.home import Home
from scanner.messages import message
from scanner.model.chain import GENESIS, link
from scanner.model.errors import StoreError
from scanner.model.recorded import Problem
from scanner.record.anchor import Anchor
from scanner.record.chain import Head, audit_key, digest, mac, told
from scanner.record.schema import CHAINED
from scanner.record.store import audit_files

_ALARMS = frozenset({"anchor_lost", "unsealed_before", "edited_before"})
_ALARM_VALUES = ("at", "subject", "found", "anchored")


def verify_store(home: Home, outside: str = "") -> list[Problem]:
    """What is wrong with the store of a home, nothing where it is untouched.

    `outside` is an anchor exported earlier (Store.export_anchor). The store is only read.
    """
    path = home.store
    key_file, anchor_file = audit_files(home)
    if not path.exists():
        raise StoreError(f"there is no incident store {path}")
    key = audit_key(key_file, create=False)
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    except sqlite3.Error as error:
        raise StoreError(f"the incident store {path} cannot be read ({error})") from None
    try:
        connection.execute("BEGIN")
        anchors = {"anchor": Anchor(anchor_file, key).read()}
        if outside:
            anchors["outside"] = _outside(outside, key)
        return [
            *_chain(connection, key, anchors),
            *_tables(connection),
            *_record_ids(connection),
        ]
    except sqlite3.OperationalError as error:
        if "no such" in str(error):  # a table or a column was taken away
            return [Problem("file", str(path), "damaged")]
        raise StoreError(f"the incident store {path} cannot be read ({error})") from None
    except sqlite3.DatabaseError:
        return [Problem("file", str(path), "damaged")]
    finally:
        connection.close()


def _outside(text: str, key: bytes) -> Head:
    try:
        told = json.loads(text)
        head = Head(int(told["rows"]), str(told["head"]))
        if mac(key, "export", head) == told["mac"]:
            return head
    except (ValueError, KeyError, TypeError):
        pass
    raise StoreError("the anchor given is not one that this store's audit key made")


def _chain(
    connection: sqlite3.Connection, key: bytes, anchors: dict[str, Head | None]
) -> Iterator[Problem]:
    wanted = {head.rows: (name, head) for name, head in anchors.items() if head and head.rows}
    before, seq = GENESIS, 0
    query = "SELECT seq, kind, subject, row, prev_hash, row_hash FROM audit ORDER BY seq"
    for found, kind, subject, row, prev_hash, row_hash in connection.execute(query):
        seq += 1
        if found != seq:
            yield Problem("audit", str(seq), "removed")
            seq = found
        elif prev_hash != before:
            yield Problem("audit", str(seq), "out_of_place")
        tail = f'"kind":{json.dumps(kind)},"seq":{seq},"subject":{json.dumps(subject)}}}'
        if link(prev_hash, row) != row_hash or not row.endswith(tail):
            yield Problem("audit", str(seq), "changed")
        elif kind == "alarm":
            yield _alarm(seq, row)
        if seq in wanted and wanted[seq][1].hash != row_hash:
            yield Problem("audit", str(seq), "not_anchored", (("anchor", wanted[seq][0]),))
        before = row_hash
    yield from _ends(connection, key, Head(seq, before), anchors)


def _alarm(seq: int, row: str) -> Problem:
    """What leakscan noted itself when it came upon it."""
    said = told(row)
    known = {**said, **(said.get("detail") or {})}
    values = tuple((name, str(known.get(name, "?"))) for name in _ALARM_VALUES)
    action = str(said.get("action"))
    return Problem("audit", str(seq), action if action in _ALARMS else "changed", values)


def _ends(
    connection: sqlite3.Connection, key: bytes, head: Head, anchors: dict[str, Head | None]
) -> Iterator[Problem]:
    seal = connection.execute("SELECT rows, head, mac FROM seal").fetchall()
    if head.rows and seal != [(head.rows, head.hash, mac(key, "seal", head))]:
        yield Problem("seal", "", "unsealed")
    for name, anchored in anchors.items():
        if anchored is None:
            yield Problem("file", name, "no_anchor")
        elif anchored.rows > head.rows:
            yield Problem(
                "audit", str(head.rows + 1), "cut_off", (("count", str(anchored.rows - head.rows)),)
            )


def _tables(connection: sqlite3.Connection) -> Iterator[Problem]:
    connection.row_factory = sqlite3.Row
    for kind, (table, key) in CHAINED.items():
        number = key == "number"
        subject = "CAST(m.subject AS INTEGER)" if number else "m.subject"
        latest = f"""
            SELECT a.subject AS chain_subject, a.row AS chain_row, t.*
            FROM (SELECT subject, max(seq) AS seq FROM audit WHERE kind = ? GROUP BY subject) m
            JOIN audit a ON a.seq = m.seq
            LEFT JOIN {table.name} t ON t.{key} = {subject}
        """  # noqa: S608 - names of our own tables
        for row in connection.execute(latest, (kind,)):
            state = {name: row[name] for name in row.keys()[2:]}
            if state[key] is None:
                yield Problem(kind, row["chain_subject"], "removed")
            elif digest(state) != told(row["chain_row"]).get("digest"):
                yield Problem(kind, row["chain_subject"], "changed")
        unknown = f"""
            SELECT CAST({key} AS TEXT) FROM {table.name} t WHERE NOT EXISTS
            (SELECT 1 FROM audit WHERE kind = ? AND subject = CAST(t.{key} AS TEXT))
        """  # noqa: S608
        for (subject,) in connection.execute(unknown, (kind,)):
            yield Problem(kind, subject, "unchained")


def _record_ids(connection: sqlite3.Connection) -> Iterator[Problem]:
    """The record numbers lie apart from their incident, which holds their hashes."""
    query = """
        SELECT i.incident_id, i.body, r.matched, r.nonpublic
        FROM incidents i LEFT JOIN record_ids r ON r.incident_id = i.incident_id
        UNION ALL
        SELECT r.incident_id, '', r.matched, r.nonpublic FROM record_ids r
        WHERE NOT EXISTS (SELECT 1 FROM incidents i WHERE i.incident_id = r.incident_id)
    """
    for identity, body, *packed in connection.execute(query):
        finding = told(body).get("finding", {})
        wanted = [finding.get(name, "") for name in ("record_ids", "nonpublic_ids")]
        if [_unpacked_hash(item) for item in packed] != wanted:
            yield Problem("incident", identity, "changed")


def _unpacked_hash(packed: bytes | None) -> str:
    if not packed:
        return ""
    stream = zlib.decompressobj()
    try:
        ids = stream.decompress(packed)
    except zlib.error:
        return "damaged"
    return hashlib.sha256(ids).hexdigest() if stream.eof and not stream.unused_data else "damaged"


def store_size(path: Path) -> dict[str, Any]:
    """How many rows the store's tables hold, for `doctor`; empty where there is no store."""
    if not path.exists():
        return {}
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    try:
        return {
            table.name: connection.execute(f"SELECT count(*) FROM {table.name}").fetchone()[0]  # noqa: S608
            for table, _ in CHAINED.values()
        }
    except sqlite3.Error as error:
        raise StoreError(f"the incident store {path} cannot be read ({error})") from None
    finally:
        connection.close()


def said(problem: Problem, lang: str | None = None) -> str:
    """A problem as a sentence for people."""
    place = message("record", f"place_{problem.place}", lang, subject=problem.subject)
    return message("record", problem.code, lang, place=place, **dict(problem.values))
