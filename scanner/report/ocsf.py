"""OCSF Data Security Findings (class 2006), one JSON object a line, for a SIEM."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from scanner import __version__
from scanner.model.document import Channel
from scanner.model.incident import Severity
from scanner.model.recorded import INCIDENT_COLUMNS, Reading, Recorded
from scanner.report.base import Profile, Report, Written
from scanner.report.files import replacing

SCHEMA_VERSION = "1.8.0"
CLASS = 2006
CATEGORY = 2

_SEVERITY = {
    Severity.NONE.value: (1, "Informational"),
    Severity.LOW.value: (2, "Low"),
    Severity.MEDIUM.value: (3, "Medium"),
    Severity.HIGH.value: (4, "High"),
    Severity.CRITICAL.value: (5, "Critical"),
}
# status -> activity: 1 create, 2 update, 3 close; status_id: 1 new, 2 in progress, 4 resolved
_STATUS = {
    "open": (1, "Create", 1, "New"),
    "reopened": (2, "Update", 1, "New"),
    "in_review": (2, "Update", 2, "In Progress"),
    "closed": (3, "Close", 4, "Resolved"),
    "gone": (3, "Close", 4, "Resolved"),
}
# channel -> detection system, life cycle state
_SYSTEM = {
    Channel.DISK.value: (4, "Data Discovery & Classification", 1, "Data at-Rest"),
    Channel.WATCH.value: (4, "Data Discovery & Classification", 1, "Data at-Rest"),
    Channel.MAIL.value: (6, "Secure Email Gateway", 2, "Data in-Transit"),
    Channel.CHECK.value: (10, "Application-Level DLP", 2, "Data in-Transit"),
}
# disposition -> action, disposition_id
_DISPOSITION = {
    "logged": (1, "Allowed", 17, "Logged"),
    "warned": (1, "Allowed", 15, "Detected"),
    "held": (2, "Denied", 3, "Quarantined"),
    "blocked": (2, "Denied", 2, "Blocked"),
}
# verdict_id of the incident profile
_VERDICT = {
    "confirmed": (2, "True Positive"),
    "false_positive": (1, "False Positive"),
    "authorised": (5, "Benign"),
    "public_information": (5, "Benign"),
    "needs_facts": (7, "Insufficient Data"),
}


def _milliseconds(stamp: str) -> int:
    return int(datetime.fromisoformat(stamp).timestamp() * 1000)


def finding(found: Recorded, profile: Profile) -> dict[str, Any]:
    """One Data Security Finding."""
    activity_id, activity, status_id, status = _STATUS[found.status]
    severity_id, severity = _SEVERITY[found.cell("severity")]
    action_id, action, disposition_id, disposition = _DISPOSITION[found.cell("disposition")]
    told: dict[str, Any] = {
        "activity_id": activity_id,
        "activity_name": activity,
        "category_uid": CATEGORY,
        "category_name": "Findings",
        "class_uid": CLASS,
        "class_name": "Data Security Finding",
        "type_uid": CLASS * 100 + activity_id,
        "time": _milliseconds(found.last_seen),
        "severity_id": severity_id,
        "severity": severity,
        "status_id": status_id,
        "status": status,
        "action_id": action_id,
        "action": action,
        "disposition_id": disposition_id,
        "disposition": disposition,
        "is_alert": activity_id != 3,
        "metadata": _metadata(),
        "finding_info": _finding_info(found),
        "data_security": _data_security(found),
        "file": _file(found, profile),
        "unmapped": _unmapped(found, profile),
    }
    if found.verdict:
        told["verdict_id"], told["verdict"] = _VERDICT[found.verdict]
    if found.assignee:
        told["assignee"] = {"name": found.assignee}
    return told


def _metadata() -> dict[str, Any]:
    return {
        "version": SCHEMA_VERSION,
        "profiles": ["incident", "security_control"],
        "product": {"name": "leakscan", "vendor_name": "leakscan", "version": __version__},
    }


def _finding_info(found: Recorded) -> dict[str, Any]:
    return {
        "uid": found.id,
        "title": f"{found.cell('records_matched')} records of {found.cell('dataset_id')}"
        if found.cell("dataset_id")
        else "a customer list that nobody registered",
        "first_seen_time": _milliseconds(found.detected_at),
        "last_seen_time": _milliseconds(found.last_seen),
        "types": [found.cell("detection_method")],
    }


def _data_security(found: Recorded) -> dict[str, Any]:
    system_id, system, state_id, state = _SYSTEM[found.cell("channel")]
    secret = found.cell("trade_secret_status") == "ts_supported"
    return {
        "category_id": 4,
        "category": "Business",
        "classifier_details": [
            {
                "type": "Customer records",
                "name": found.cell("detection_method"),
                "uid": found.cell("dataset_id"),
            }
        ],
        "confidentiality_id": 3 if secret else 2,
        "confidentiality": "Secret" if secret else "Confidential",
        "detection_system_id": system_id,
        "detection_system": system,
        "data_lifecycle_state_id": state_id,
        "data_lifecycle_state": state,
        "policy": {"name": found.cell("policy_pack")},
    }


def _file(found: Recorded, profile: Profile) -> dict[str, Any]:
    path, size = found.cell("path"), found.cell("size_bytes")
    told: dict[str, Any] = {
        "name": path.replace("!", "/").rpartition("/")[2] or path,
        "path": path,
        "type_id": 1,
        "type": "Regular File",
    }
    if size:
        told["size"] = int(size)
    if digest := found.cell("sha256"):
        told["hashes"] = [{"algorithm_id": 3, "algorithm": "SHA-256", "value": digest}]
    if owner := found.cell("owner_account"):
        told["owner"] = {"name": profile.person(owner)}
    if modified := found.cell("modified_at"):
        told["modified_time"] = _milliseconds(modified)
    return told


_UNMAPPED = (
    *("legal_severity", "trade_secret_status", "secrecy", "value", "measures", "similarity"),
    *("records_matched", "records_nonpublic", "records_deep", "dataset_coverage", "containment"),
    *("obligations", "triggers", "acts", "third_party", "recipient_class", "readers"),
    *("facts_to_establish", "pi_persons", "pi_categories", "coverage", "coverage_reason"),
    *("masked_sample", "actor", "sender", "recipients"),
)


def _unmapped(found: Recorded, profile: Profile) -> dict[str, str]:
    shown = profile.row(found.row)
    cells = dict(zip(INCIDENT_COLUMNS, shown, strict=True))
    return {name: cells[name] for name in _UNMAPPED if cells[name]}


def write(path: Path, reading: Reading, profile: Profile) -> Written:
    """Write the report."""
    with replacing(path) as (sink,):
        rows = 0
        for found in reading.incidents():
            line = json.dumps(finding(found, profile), sort_keys=True) + "\n"
            sink.write(line.encode("ascii"))
            rows += 1
    return Written((path,), rows, sink.sha256)


REPORT = Report("ocsf", "jsonl", write)
