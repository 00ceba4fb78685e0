"""The first tables of the store."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None
branch_labels: str | None = None
depends_on: str | None = None

_CELLS = (
    *("incident_id", "detected_at", "severity", "legal_severity", "status", "verdict"),
    *("disposition", "dataset_id", "dataset_title", "dataset_owner", "trade_secret_status"),
    *("secrecy", "value", "measures", "channel", "path", "file_type", "size_bytes"),
    *("modified_at", "owner_account", "readers", "sha256", "detection_method"),
    *("records_matched", "records_nonpublic", "records_deep", "dataset_coverage"),
    *("containment", "similarity", "fields_matched", "locators", "masked_sample"),
    *("actor", "sender", "recipients", "recipient_class", "obligations", "triggers", "acts"),
    *("third_party", "exemption", "facts_to_establish", "pi_persons", "pi_categories"),
    *("pi_ratio", "coverage", "coverage_reason", "policy_pack", "law_refs"),
    *("scanner_version", "registry_version", "config_sha256", "collection_mode", "operator"),
    *("host", "assignee", "reviewed_at", "decision_reason"),
)


def _text(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _numbers(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Integer, nullable=False) for name in names]


def _bytes(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.LargeBinary, nullable=False) for name in names]


def _table(name: str, keys: tuple[str, ...], *columns: sa.Column[Any]) -> None:
    op.create_table(name, *columns, sa.PrimaryKeyConstraint(*keys, name=f"pk_{name}"))


def _incidents() -> None:
    columns = [
        *_text(*_CELLS),
        *_bytes("document_key"),
        *_numbers("at_rest", "reportable", "severity_rank", "nonpublic"),
        *_text("last_seen"),
        *_numbers("seen_epoch"),
        *_text("scan_id"),
        *_numbers("legal_hold"),
        *_text("body"),
    ]
    _table("incidents", ("incident_id",), *columns)
    op.create_index("ix_incidents_document_key", "incidents", ["document_key"])
    order: list[Any] = [sa.text("severity_rank DESC"), "path", "incident_id"]
    op.create_index("ix_incidents_severity_rank_path_incident_id", "incidents", order)
    by_dataset = ["dataset_id", "severity_rank"]
    op.create_index("ix_incidents_dataset_id_severity_rank", "incidents", by_dataset)
    op.create_index("ix_incidents_seen_epoch", "incidents", ["seen_epoch"])
    _table("record_ids", ("incident_id",), *_text("incident_id"), *_bytes("matched", "nonpublic"))


def _logs() -> None:
    review = [*_numbers("number"), *_text("incident_id", "at", "who", "action", "verdict")]
    _table("reviews", ("number",), *review, *_text("reason"))
    op.create_index("ix_reviews_incident_id", "reviews", ["incident_id"])
    _table("scans", ("scan_id",), *_text("scan_id", "started_at", "ended_at", "state", "body"))
    op.create_index("ix_scans_started_at", "scans", ["started_at"])
    unread = [*_bytes("document_key"), *_text("path"), *_numbers("size"), *_text("file_type")]
    unread += [*_text("coverage", "reason"), *_numbers("segments"), *_text("seconds", "scan_id")]
    _table("unread", ("document_key", "path"), *unread)
    op.create_index("ix_unread_path", "unread", ["path"])
    custody = [*_numbers("number"), *_text("at", "who", "action", "subject", "reason", "detail")]
    _table("custody", ("number",), *custody)
    measure = [*_numbers("number"), *_text("kind", "text", "started_at", "ended_at")]
    _table("measures", ("number",), *measure, *_numbers("open"), *_text("host", "operator"))


def _audit() -> None:
    audit = [*_numbers("seq"), *_text("kind", "subject", "row", "prev_hash", "row_hash")]
    _table("audit", ("seq",), *audit)
    op.create_index("ix_audit_kind_subject_seq", "audit", ["kind", "subject", "seq"])
    _table("seal", ("number",), *_numbers("number", "rows"), *_text("head", "mac"))


def upgrade() -> None:
    """Make the tables."""
    _incidents()
    _logs()
    _audit()


def downgrade() -> None:
    """A store is never taken back to an older version."""
    raise NotImplementedError("a store is never taken back to an older version")
