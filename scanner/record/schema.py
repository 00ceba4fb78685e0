"""The tables of the incident store.

The cells of an incident stand in text columns named as in incidents.csv, exactly as a report
shows them; beside them stand the figures that queries need, and the whole incident as JSON.
"""

from __future__ import annotations

from sqlalchemy import (
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)

from scanner.model.recorded import INCIDENT_COLUMNS

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _text(name: str, *, key: bool = False) -> Column[str]:
    return Column(name, Text, primary_key=key, nullable=False)


def _number(name: str, *, key: bool = False) -> Column[int]:
    return Column(name, Integer, primary_key=key, nullable=False)


def _bytes(name: str, *, key: bool = False) -> Column[bytes]:
    return Column(name, LargeBinary, primary_key=key, nullable=False)


INCIDENTS = Table(
    "incidents",
    METADATA,
    *(_text(name, key=name == "incident_id") for name in INCIDENT_COLUMNS),
    _bytes("document_key"),  # raw bytes of the path, else of the URI
    _number("at_rest"),  # 1: disk, watch; 0: outgoing
    _number("reportable"),  # 0: an event only
    _number("severity_rank"),
    _number("nonpublic"),
    _text("last_seen"),
    _number("seen_epoch"),
    _text("scan_id"),
    _number("legal_hold"),
    _text("body"),
)
Index(None, INCIDENTS.c.document_key)
Index(None, INCIDENTS.c.severity_rank.desc(), INCIDENTS.c.path, INCIDENTS.c.incident_id)
Index(None, INCIDENTS.c.dataset_id, INCIDENTS.c.severity_rank)
Index(None, INCIDENTS.c.seen_epoch)

RECORD_IDS = Table(
    "record_ids",
    METADATA,
    _text("incident_id", key=True),
    _bytes("matched"),  # zlib over little-endian u32
    _bytes("nonpublic"),
)

REVIEWS = Table(
    "reviews",
    METADATA,
    _number("number", key=True),
    _text("incident_id"),
    _text("at"),
    _text("who"),
    _text("action"),  # review, assign, hold, release
    _text("verdict"),
    _text("reason"),
)
Index(None, REVIEWS.c.incident_id)

SCANS = Table(
    "scans",
    METADATA,
    _text("scan_id", key=True),
    _text("started_at"),
    _text("ended_at"),
    _text("state"),
    _text("body"),
)
Index(None, SCANS.c.started_at)

UNREAD = Table(
    "unread",
    METADATA,
    _bytes("document_key", key=True),
    _text("path", key=True),
    _number("size"),
    _text("file_type"),
    _text("coverage"),
    _text("reason"),
    _number("segments"),
    _text("seconds"),
    _text("scan_id"),
)
Index(None, UNREAD.c.path)

CUSTODY = Table(
    "custody",
    METADATA,
    _number("number", key=True),
    _text("at"),
    _text("who"),
    _text("action"),
    _text("subject"),
    _text("reason"),
    _text("detail"),
)

MEASURES = Table(
    "measures",
    METADATA,
    _number("number", key=True),
    _text("kind"),
    _text("text"),
    _text("started_at"),
    _text("ended_at"),
    _number("open"),
    _text("host"),
    _text("operator"),
)

AUDIT = Table(
    "audit",
    METADATA,
    _number("seq", key=True),
    _text("kind"),
    _text("subject"),
    _text("row"),
    _text("prev_hash"),
    _text("row_hash"),
)
Index(None, AUDIT.c.kind, AUDIT.c.subject, AUDIT.c.seq)

SEAL = Table(
    "seal",
    METADATA,
    _number("number", key=True),  # always 1
    _number("rows"),
    _text("head"),
    _text("mac"),
)

# The tables whose rows the chain covers, with their key column.
CHAINED: dict[str, tuple[Table, str]] = {
    "incident": (INCIDENTS, "incident_id"),
    "review": (REVIEWS, "number"),
    "scan": (SCANS, "scan_id"),
    "custody": (CUSTODY, "number"),
    "measure": (MEASURES, "number"),
}
