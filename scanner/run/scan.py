"""A scan: folders walked, unchanged documents passed over, the rest examined, judged, recorded."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from scanner import __version__
from scanner.home import Home
from scanner.model.document import Document
from scanner.model.errors import UsageError
from scanner.model.examined import Examined
from scanner.model.incident import Event
from scanner.model.outcome import Coverage, Outcome
from scanner.model.recorded import ScanStart, Totals
from scanner.record.batches import batched
from scanner.record.flatten import document_key
from scanner.record.inventory import Inventory
from scanner.run.judging import user
from scanner.run.pipeline import Pipeline, Processed
from scanner.settings import Settings
from scanner.source.folder import Found, Unwalked, display, walk

BATCH = 200
TAKE_SECONDS = 0.2  # how long a result waits for the window to fill
SETTLE = 5000
_LASTING = ("unsupported", "damaged", "link", "special", "limit:", "bomb:", "volume", "ambiguous")


@dataclass
class Progress:
    """How far a scan is; read by the surface that shows it."""

    documents: int = 0
    bytes: int = 0
    incidents: int = 0
    unchanged: int = 0
    known_documents: int = 0  # seen by the count ahead; grows until `counted`
    known_bytes: int = 0
    counted: bool = False
    started: float = field(default_factory=time.monotonic)


@dataclass(frozen=True, slots=True)
class Scanned:
    """What a scan went through. `state` is complete or stopped."""

    scan_id: str
    roots: tuple[str, ...]
    state: str
    totals: Totals


class Scan:
    """One scan of some paths. `run` works; `stop` may be called from a signal handler."""

    def __init__(
        self,
        home: Home,
        settings: Settings,
        paths: Sequence[str],
        *,
        full: bool = False,
        operator: str = "",
    ) -> None:
        self._home = home
        self._settings = settings
        self._paths = checked_paths(paths)
        self.roots = tuple(display(os.fsencode(path)) for path in self._paths)
        self._full = full
        self.operator = operator or user()
        self._stopping = threading.Event()
        self._outcomes: Counter[Coverage] = Counter()
        self._reasons: Counter[str] = Counter()
        self._read_whole: list[bytes] = []
        self.progress = Progress()

    def stop(self) -> None:
        """Submit nothing more; what is under way is finished and kept."""
        self._stopping.set()

    def run(self) -> Scanned:
        """Scan. Every document that was recorded stays recorded, whatever stops the scan."""
        with Pipeline.open(
            self._home, self._settings, operator=self.operator, verify=True
        ) as pipeline:
            threading.Thread(target=self._count_ahead, daemon=True).start()
            store, judging = pipeline.store, pipeline.judging
            started = time.monotonic()
            pipeline.scan_id = store.start_scan(self._start(pipeline))
            state = "failed"
            try:
                with Inventory.open(self._home, store) as inventory:
                    self._examine(pipeline, inventory, judging.versions)
                    state = "stopped" if self._stopping.is_set() else "complete"
                    self._settle(pipeline, inventory, state)
            finally:
                totals = self._totals(time.monotonic() - started)
                store.finish_scan(
                    pipeline.scan_id, totals, state=state, incidents=self.progress.incidents
                )
            return Scanned(pipeline.scan_id, self.roots, state, totals)

    def _start(self, pipeline: Pipeline) -> ScanStart:
        judging = pipeline.judging
        return ScanStart(
            roots=self.roots,
            operator=judging.operator,
            host=judging.host,
            scanner_version=__version__,
            registry_version=judging.registry_version,
            index_version=judging.index_version,
            pack_version=judging.pack_version,
            config_sha256=judging.config_sha256,
            isolation=str(pipeline.pool.first_isolation().get("level", "none")),
        )

    def _examine(self, pipeline: Pipeline, inventory: Inventory, versions: str) -> None:
        due = time.monotonic() + TAKE_SECONDS
        for document in self._changed(pipeline, inventory, versions):
            while pipeline.full:
                self._take(pipeline, inventory, versions, wait=1.0)
            if time.monotonic() >= due:
                self._take(pipeline, inventory, versions, wait=0.0)
                due = time.monotonic() + TAKE_SECONDS
            pipeline.submit(document, Event(at=datetime.now(UTC)))
        while pipeline.pending:
            self._take(pipeline, inventory, versions, wait=1.0)

    def _changed(
        self, pipeline: Pipeline, inventory: Inventory, versions: str
    ) -> Iterator[Document]:
        """The documents that have to be examined; the others are counted."""
        for batch in batched(self._walked(), BATCH):
            refused = [found for found in batch if isinstance(found, Unwalked)]
            self._note_refused(pipeline, refused)
            documents = [found for found in batch if isinstance(found, Document)]
            known = inventory.unchanged(documents, versions)
            for document, seen in zip(documents, known, strict=True):
                if self._stopping.is_set():
                    return
                if seen is None or self._full:
                    yield document
                    continue
                self._count(Coverage(seen.coverage), seen.reason)
                self.progress.unchanged += 1
                self._advance(document)

    def _walked(self) -> Iterator[Found]:
        """Everything below the paths but the home, whose files change while it works."""
        home = os.fsencode(self._home.root.resolve()) + os.fsencode(os.sep)
        for found in walk(self._paths):
            if found.path is None or not found.path.startswith(home):
                yield found

    def _note_refused(self, pipeline: Pipeline, refused: Sequence[Unwalked]) -> None:
        """Record what was seen and is no document: links out of the tree, pipes, refusals."""
        if not refused:
            return
        told = []
        for found in refused:
            outcome = Outcome.skipped(found.reason, found.detail)
            document = Document(found.uri, found.path, found.size, found.provenance)
            told.append((document, (Examined("", found.reason, found.size, "", outcome),)))
            self._count(outcome.coverage, outcome.reason)
        pipeline.store.record((), scan_id=pipeline.scan_id, examined=told)

    def _take(
        self, pipeline: Pipeline, inventory: Inventory, versions: str, *, wait: float
    ) -> None:
        for processed in pipeline.results(wait=wait):
            self._note(pipeline, processed, inventory, versions)

    def _note(
        self, pipeline: Pipeline, processed: Processed, inventory: Inventory, versions: str
    ) -> None:
        outcomes = [one.outcome for one in processed.examined]
        for outcome in outcomes:
            self._count(outcome.coverage, outcome.reason)
        worst = next((one for one in outcomes if one.reason), Outcome())
        if all(lasting(one.reason) for one in outcomes):
            inventory.mark(processed.document, versions, worst)
        if not worst.reason:
            self._read_whole.append(document_key(processed.document))
            if len(self._read_whole) >= SETTLE:
                self._settle_read(pipeline)
        self.progress.incidents += sum(one.judgement.reportable for one in processed.incidents)
        self._advance(processed.document)

    def _advance(self, document: Document) -> None:
        self.progress.documents += 1
        self.progress.bytes += max(document.size, 0)

    def _count(self, coverage: Coverage, reason: str) -> None:
        self._outcomes[coverage] += 1
        if reason:
            self._reasons[reason] += 1

    def _settle(self, pipeline: Pipeline, inventory: Inventory, state: str) -> None:
        """Mark the incidents that are no longer there, as far as the scan can tell."""
        vanished: list[bytes] = []
        if state == "complete":
            roots = [os.fsencode(os.path.abspath(path)) for path in self._paths]  # noqa: PTH100
            vanished = list(inventory.vanished(roots))
        self._settle_read(pipeline)
        for batch in batched(vanished, SETTLE):
            pipeline.store.settle(pipeline.scan_id, (), batch)
        inventory.forget(vanished)
        if state == "complete":
            self._drop_old_refusals(pipeline, inventory)
        pipeline.store.expire(self._settings.retention_days)

    def _drop_old_refusals(self, pipeline: Pipeline, inventory: Inventory) -> None:
        """Forget links, pipes and refused folders of earlier scans that are no longer there."""
        old = set(pipeline.store.old_unread(pipeline.scan_id, self.roots))
        pipeline.store.settle(pipeline.scan_id, (), old - inventory.walked(old))

    def _settle_read(self, pipeline: Pipeline) -> None:
        pipeline.store.settle(pipeline.scan_id, self._read_whole)
        self._read_whole.clear()

    def _totals(self, seconds: float) -> Totals:
        return Totals(
            documents=self.progress.documents,
            complete=self._outcomes[Coverage.COMPLETE],
            partial=self._outcomes[Coverage.PARTIAL],
            skipped=self._outcomes[Coverage.SKIPPED],
            unchanged=self.progress.unchanged,
            bytes=self.progress.bytes,
            seconds=round(seconds, 3),
            reasons=tuple(sorted(self._reasons.items())),
        )

    def _count_ahead(self) -> None:
        """Count what lies below the paths, so that the time left can be told."""
        for path in self._paths:
            for folder, _, names in os.walk(path):
                for name in names:
                    if self._stopping.is_set():
                        return
                    try:
                        self.progress.known_bytes += os.lstat(os.path.join(folder, name)).st_size  # noqa: PTH118
                    except OSError:
                        continue
                    self.progress.known_documents += 1
        self.progress.counted = True


def lasting(reason: str) -> bool:
    """True where reading an unchanged document again would end the same way."""
    return not reason or reason.startswith(_LASTING)


def checked_paths(paths: Sequence[str]) -> list[str]:
    """The paths, absolute; raises UsageError where one is missing or a URL of no known kind."""
    checked = []
    for path in paths:
        if "://" in path:
            scheme = path.partition("://")[0]
            raise UsageError(
                f"{scheme}:// is not built yet: mount the share read-only and scan its folder"
            )
        if not os.path.lexists(path):
            raise UsageError(f"{path} does not exist: name a folder or a file to scan")
        checked.append(os.path.abspath(path))  # noqa: PTH100
    return checked
