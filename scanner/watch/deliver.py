"""Tells others of incidents: runs a command, or posts to a webhook, until it succeeded.

Messages wait in the journal's outbox, so none is lost by a crash and none is sent twice for the
same incident unless the receiver's answer itself was lost (the incident id lets it see that).
They carry ids, places and counts, never a customer's value.
"""

from __future__ import annotations

import json
import logging
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass

from scanner.model.errors import UsageError
from scanner.model.incident import Incident
from scanner.watch.journal import Journal, Outgoing

log = logging.getLogger("leakscan.watch")

TIMEOUT = 30.0
LONGEST_PAUSE = 600.0


def payload(incident: Incident, incident_id: str, quarantined: str = "") -> str:
    """What is told of an incident, as JSON."""
    judgement, finding = incident.judgement, incident.finding
    return json.dumps(
        {
            "incident_id": incident_id,
            "detected_at": incident.event.at.isoformat(timespec="seconds"),
            "path": incident.document.uri,
            "inner": incident.examined.inner,
            "dataset_id": finding.dataset_id,
            "dataset_title": incident.dataset_title,
            "method": finding.method.value,
            "records": finding.records,
            "nonpublic": finding.nonpublic,
            "severity": judgement.exposure.value,
            "legal_severity": judgement.legal.value,
            "obligations": [f"{one.id}:{one.state}" for one in judgement.obligations],
            "quarantine_id": quarantined,
        },
        ensure_ascii=False,
        sort_keys=True,
    )


@dataclass(frozen=True, slots=True)
class Targets:
    """Where incidents are told: a command with its arguments, and an http(s) address."""

    command: tuple[str, ...] = ()
    webhook: str = ""

    def __post_init__(self) -> None:
        if self.webhook and not self.webhook.startswith(("https://", "http://")):
            raise UsageError("a webhook begins with https:// or http://")

    @property
    def names(self) -> tuple[str, ...]:
        """The targets in use."""
        told = (("command", bool(self.command)), ("webhook", bool(self.webhook)))
        return tuple(name for name, used in told if used)


class Courier:
    """Sends what waits in the outbox, on a thread of its own."""

    def __init__(self, journal: Journal, targets: Targets) -> None:
        self._journal = journal
        self._targets = targets
        self._wake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="courier", daemon=True)
        self._thread.start()

    def post(self, incident: Incident, incident_id: str, quarantined: str = "") -> None:
        """Put one incident into the outbox for every target."""
        for target in self._targets.names:
            self._journal.post(target, incident_id, payload(incident, incident_id, quarantined))
        self._wake.set()

    def close(self, patience: float = 5.0) -> None:
        """Send what can be sent within `patience` seconds; the rest waits for the next start."""
        self._stopping = True
        self._wake.set()
        self._thread.join(timeout=patience)

    def _run(self) -> None:
        while True:
            waiting = self._journal.unsent()
            for message in waiting:
                self._send(message)
            if self._stopping:
                return
            if not waiting:
                self._wake.wait(1.0)
                self._wake.clear()

    def _send(self, message: Outgoing) -> None:
        try:
            if message.target == "command":
                _run_command(self._targets.command, message.payload)
            else:
                _post(self._targets.webhook, message.payload, message.incident)
        except (OSError, subprocess.SubprocessError, urllib.error.URLError) as error:
            pause = min(2.0 ** min(message.attempts, 16), LONGEST_PAUSE)
            log.warning(
                "%s for incident %s failed (%s), again in %.0f s",
                message.target, message.incident, _kind(error), pause,
            )  # fmt: skip
            self._journal.not_sent(message, pause)
        else:
            self._journal.sent(message)


def _kind(error: Exception) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        return f"exit code {error.returncode}"
    if isinstance(error, urllib.error.HTTPError):
        return f"HTTP {error.code}"
    return type(error).__name__


def _run_command(command: Sequence[str], text: str) -> None:
    subprocess.run(
        list(command),
        input=text.encode(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=TIMEOUT,
        check=True,
    )


def _post(address: str, text: str, incident: str) -> None:
    request = urllib.request.Request(  # noqa: S310 - the scheme was checked
        address,
        data=text.encode(),
        headers={"Content-Type": "application/json", "Idempotency-Key": incident},
        method="POST",
    )
    with urllib.request.urlopen(request, timeout=TIMEOUT):  # noqa: S310
        return
