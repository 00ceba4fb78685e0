"""What is done about the incidents of a watched document: tell, move away, leave a notice."""

from __future__ import annotations

import logging
from collections.abc import Callable

from scanner.model.incident import Incident
from scanner.run.health import Health
from scanner.run.live import ProcessedLike
from scanner.source.watched import shown
from scanner.watch.deliver import Courier
from scanner.watch.options import Options, at_least
from scanner.watch.quarantine import Entry, Quarantine

log = logging.getLogger("leakscan.watch")


class Actions:
    """Acts on reportable incidents, in the order: quarantine, notice, command and webhook."""

    def __init__(
        self,
        options: Options,
        courier: Courier | None,
        health: Health,
        say: Callable[..., None],
    ) -> None:
        self._options = options
        self._courier = courier
        self._health = health
        self._say = say
        self.quarantine = Quarantine(options.quarantine) if options.quarantine else None

    def act(self, processed: ProcessedLike, path: bytes, signature: str) -> None:
        """Act on what came of one document. Never raises for one that cannot be moved."""
        pairs = [
            (incident, incident_id)
            for incident, incident_id in zip(
                processed.incidents, processed.incident_ids, strict=True
            )
            if incident.judgement.reportable
        ]
        if not pairs:
            return
        entry = self._isolate(pairs, path, signature)
        for incident, incident_id in pairs:
            self._health.count("incidents")
            if self._options.on_incident is not None:
                self._options.on_incident(incident, incident_id)
            else:
                self._say(
                    "incident",
                    id=incident_id,
                    path=incident.document.uri,
                    severity=incident.judgement.exposure.value,
                )
            if self._courier is not None:
                self._courier.post(incident, incident_id, entry.id if entry else "")

    def _isolate(
        self, pairs: list[tuple[Incident, str]], path: bytes, signature: str
    ) -> Entry | None:
        grave = [
            incident_id
            for incident, incident_id in pairs
            if at_least(incident.judgement.exposure, self._options.quarantine_from)
        ]
        if self.quarantine is None or not grave:
            return None
        whole = [pair[0].examined.sha256 for pair in pairs if not pair[0].examined.inner]
        sha256 = whole[0] if whole else ""
        try:
            if self.quarantine.released(path, sha256):
                return None
            entry = self.quarantine.take(path, signature, sha256, tuple(grave))
            if entry is None:
                return None
            self._health.count("quarantined")
            self._say("quarantined", id=entry.id, path=shown(path))
            if self._options.notice:
                self.quarantine.notice(entry)
        except OSError as error:
            self._health.count("quarantine_failures")
            self._say("quarantine_failed", path=shown(path), error=error.strerror or "")
            return None
        return entry
