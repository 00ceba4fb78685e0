"""The cells of an incident, in the order and form of incidents.csv."""

from __future__ import annotations

import hashlib
from datetime import datetime

from scanner import __version__
from scanner.model.chain import canonical
from scanner.model.document import Channel, Document, member_path
from scanner.model.incident import Incident, Severity
from scanner.record.display import listed, shown

SEVERITY_RANK: dict[str, int] = {severity.value: rank for rank, severity in enumerate(Severity)}
_OUTGOING = (Channel.MAIL, Channel.CHECK)


def at_rest(channel: Channel) -> bool:
    """True for documents that lie somewhere, False for those on their way to someone."""
    return channel not in _OUTGOING


def document_key(document: Document) -> bytes:
    """The bytes that name a document: its raw path, else its URI."""
    if document.path is not None:
        return document.path
    return document.uri.encode("utf-8", "surrogatepass")


def incident_id(incident: Incident) -> str:
    """The identity of an incident: 32 hex digits, the same whenever the same thing is found.

    It covers the kind of channel (at rest or outgoing), the document, the place inside it, the
    dataset, the method and, for outgoing documents, the recipients; not the content.
    """
    rest = at_rest(incident.document.provenance.channel)
    recipients = () if rest else sorted({who.casefold() for who in incident.event.recipients})
    named = canonical(
        {
            "at_rest": rest,
            "dataset": incident.finding.dataset_id,
            "document": document_key(incident.document).hex(),
            "inner": incident.examined.inner.encode("utf-8", "surrogatepass").hex(),
            "method": incident.finding.method.value,
            "recipients": list(recipients),
        }
    )
    data = named.encode("utf-8", "backslashreplace")
    return hashlib.sha256(b"leakscan incident 1\n" + data).hexdigest()[:32]


def stamp(moment: datetime | None) -> str:
    """ISO 8601 with offset, in seconds; a time without a zone is taken as local."""
    if moment is None:
        return ""
    if moment.tzinfo is None:
        moment = moment.astimezone()
    return moment.isoformat(timespec="seconds")


def share(number: float) -> str:
    """A ratio with up to six decimals and no trailing zeros: 0.003, 1, 0.85."""
    return f"{number:.6f}".rstrip("0").rstrip(".")


def cells(incident: Incident, identity: str) -> dict[str, str]:
    """The cells of a newly found incident by column; review columns are empty."""
    return {
        "incident_id": identity,
        "detected_at": stamp(incident.event.at),
        "status": "open",
        "verdict": "",
        **_judged(incident),
        **_object(incident),
        **_matched(incident),
        **_happened(incident),
        **_made_by(incident),
        "assignee": "",
        "reviewed_at": "",
        "decision_reason": "",
    }


def _judged(incident: Incident) -> dict[str, str]:
    judgement = incident.judgement
    return {
        "severity": judgement.exposure.value,
        "legal_severity": judgement.legal.value,
        "disposition": shown(judgement.disposition),
        "dataset_id": shown(incident.finding.dataset_id),
        "dataset_title": shown(incident.dataset_title),
        "dataset_owner": shown(incident.dataset_owner),
        "trade_secret_status": shown(judgement.trade_secret_status),
        "secrecy": shown(judgement.secrecy),
        "value": shown(judgement.value),
        "measures": shown(judgement.measures),
        "dataset_coverage": share(judgement.dataset_coverage),
        "similarity": shown(judgement.similarity),
        "obligations": listed(f"{item.id}:{item.state}" for item in judgement.obligations),
        "triggers": listed(one for item in judgement.obligations for one in item.triggers),
        "acts": listed(judgement.acts),
        "third_party": "true" if judgement.third_party else "false",
        "exemption": shown(judgement.exemption),
        "facts_to_establish": listed(judgement.facts_to_establish),
        "pi_persons": str(judgement.pi_persons),
        "pi_categories": listed(judgement.pi_categories),
        "pi_ratio": share(judgement.pi_ratio),
        "policy_pack": shown(judgement.pack),
        "law_refs": listed(judgement.law_refs),
    }


def _object(incident: Incident) -> dict[str, str]:
    document, examined = incident.document, incident.examined
    return {
        "channel": document.provenance.channel.value,
        "path": shown(member_path(document.uri, examined.inner)),
        "file_type": shown(examined.file_type),
        "size_bytes": str(examined.size) if examined.size >= 0 else "",
        "modified_at": stamp(document.provenance.modified_at),
        "owner_account": shown(document.provenance.owner),
        "readers": document.provenance.readers.value,
        "sha256": shown(examined.sha256),
        "coverage": examined.outcome.coverage.value,
        "coverage_reason": shown(examined.outcome.reason),
    }


def _matched(incident: Incident) -> dict[str, str]:
    finding = incident.finding
    return {
        "detection_method": finding.method.value,
        "records_matched": str(finding.records),
        "records_nonpublic": str(finding.nonpublic),
        "records_deep": str(finding.deep),
        "containment": share(finding.containment),
        "fields_matched": listed(name for name, count in finding.field_counts if count),
        "locators": listed(finding.locators),
        "masked_sample": shown(finding.sample),
    }


def _happened(incident: Incident) -> dict[str, str]:
    event = incident.event
    return {
        "actor": shown(event.actor),
        "sender": shown(event.sender),
        "recipients": listed(event.recipients),
        "recipient_class": shown(event.recipient_class),
        "collection_mode": shown(event.collection_mode),
    }


def _made_by(incident: Incident) -> dict[str, str]:
    return {
        "scanner_version": __version__,
        "registry_version": shown(incident.registry_version),
        "config_sha256": shown(incident.config_sha256),
        "operator": shown(incident.operator),
        "host": shown(incident.host),
    }
