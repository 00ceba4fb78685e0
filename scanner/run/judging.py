"""Findings to incidents: the registry and the law pack, held for as long as a surface runs."""

from __future__ import annotations

import getpass
import hashlib
import json
import socket
from collections.abc import Sequence
from dataclasses import dataclass

from scanner import __version__
from scanner.home import Home
from scanner.index.open import Index
from scanner.judge.judge import judge_finding
from scanner.judge.pack import Pack, open_pack
from scanner.model.document import Document
from scanner.model.examined import Examined
from scanner.model.finding import Finding, Method
from scanner.model.incident import Event, Incident
from scanner.registry.registry import Registry
from scanner.settings import Settings

COVERED = 0.5  # of an unregistered list's records, when registered or public ones explain it


@dataclass(frozen=True, slots=True)
class Judging:
    """What judging needs, opened once. `versions` names all that a finding depends on."""

    registry: Registry
    pack: Pack
    config_sha256: str
    index_version: str
    operator: str
    host: str

    @staticmethod
    def open(
        home: Home, settings: Settings, operator: str = "", *, verify: bool = False
    ) -> Judging:
        """The registry of a home and the pack of the settings; `verify` reads the whole index.

        Raises PackError, HomeError, KeyMissing or IndexDamaged.
        """
        return Judging(
            Registry.open(home),
            open_pack(settings.pack),
            config_sha256(settings),
            index_version(home, verify=verify),
            operator or user(),
            socket.gethostname(),
        )

    @property
    def registry_version(self) -> str:
        """The version of the registry that incidents are stamped with."""
        return self.registry.version

    @property
    def pack_version(self) -> str:
        """The law pack with its version."""
        return self.pack.stamp

    @property
    def versions(self) -> str:
        """Everything besides a document that its findings and their judgement depend on."""
        parts = (__version__, self.registry_version, self.index_version, self.pack_version)
        return " ".join((*parts, self.config_sha256))

    def incidents(
        self, document: Document, objects: Sequence[Examined], event: Event
    ) -> list[Incident]:
        """The findings of a document and its members, judged as of the event."""
        return [
            incident
            for examined in objects
            for finding in self._kept(examined.findings)
            if (incident := self._judged(document, examined, finding, event)) is not None
        ]

    def _kept(self, findings: Sequence[Finding]) -> list[Finding]:
        """The findings that can become incidents.

        Public directories make none of their own. An unregistered list whose records are mostly
        those of registered datasets or public directories is no unregistered list.
        """
        public = {entry.id for entry in self.registry.publics()}
        known = sum(one.records for one in findings if one.method is Method.EXACT)
        return [
            one
            for one in findings
            if one.dataset_id not in public
            and (one.method is not Method.CUSTOMER_LIST or known < COVERED * one.records)
        ]

    def _judged(
        self, document: Document, examined: Examined, finding: Finding, event: Event
    ) -> Incident | None:
        designation = None
        if finding.dataset_id:
            designation = self.registry.designation(finding.dataset_id, event.at)
            if designation is None:  # removed from the registry, its index not swept yet
                return None
        return Incident(
            document,
            examined,
            finding,
            event,
            judge_finding(finding, designation, event, document, self.pack),
            dataset_title=designation.title if designation else "",
            dataset_owner=designation.owner if designation else "",
            registry_version=self.registry_version,
            config_sha256=self.config_sha256,
            operator=self.operator,
            host=self.host,
        )


def config_sha256(settings: Settings) -> str:
    """The hash of the settings in force, passwords by their number only."""
    told = settings.model_dump(mode="json", exclude={"workers", "passwords"})
    told["passwords"] = len(settings.passwords)
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def user() -> str:
    """The account that runs the program, "unknown" where the system names none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "unknown"


def index_version(home: Home, *, verify: bool = False) -> str:
    """A short hash of every dataset's index, "empty" where there is none.

    Raises KeyMissing or IndexDamaged, so that nothing is scanned against an index that is not
    whole.
    """
    if not home.index.is_dir() or not any(home.index.iterdir()):
        return "empty"
    index = Index.open(home.index, home.key(), verify=verify)
    try:
        told = sorted((name, dataset.version) for name, dataset in index.datasets.items())
    finally:
        index.close()
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:12]
