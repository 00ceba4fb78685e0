"""Finds designated documents, whole or in part, by their fingerprints."""

from __future__ import annotations

from scanner.home import Home
from scanner.index.fingerprint import NAME, Comparison, DocumentIndex, DocumentMatch
from scanner.messages import message
from scanner.model.content import Segment
from scanner.model.document import Document
from scanner.model.finding import Finding, Method
from scanner.settings import Settings

LEAST_SHARE = 0.05  # of a designated document's fingerprints
LEAST_FOUND = 4  # fingerprints, fewer only where the document has fewer than ten times as many


class DocumentSession:
    """One document being looked at."""

    def __init__(self, index: DocumentIndex) -> None:
        self._comparison = Comparison(index)

    def feed(self, segment: Segment) -> None:
        """Look at the next segment."""
        self._comparison.feed(segment)

    def findings(self) -> list[Finding]:
        """One finding for each designated document of which enough was found."""
        return [_finding(match) for match in self._comparison.matches() if _enough(match)]


def _enough(match: DocumentMatch) -> bool:
    least = min(LEAST_FOUND, max(2, match.fingerprints // 10))
    return match.containment >= LEAST_SHARE and match.found >= least


def _finding(match: DocumentMatch) -> Finding:
    reason = message("index", "passages", found=match.found, total=match.fingerprints)
    return Finding(
        Method.DOCUMENT,
        match.dataset_id,
        records=1,
        nonpublic=1,
        dataset_records=1,
        containment=round(match.containment, 4),
        field_depth=round(match.containment, 4),
        locators=match.places,
        reasons=(reason,),
        score=round(match.containment, 4),
    )


class DocumentDetector:
    """Fingerprints of all designated documents of a home."""

    def __init__(self, index: DocumentIndex) -> None:
        self._index = index

    @classmethod
    def open(cls, home: Home, settings: Settings) -> DocumentDetector | None:
        """The detector, None where no document is designated."""
        if not any(home.index.glob(f"*/{NAME}")):
            return None
        return cls(DocumentIndex.open(home.index, home.key()))

    def session(self, document: Document, inner: str) -> DocumentSession:
        """A session for one document."""
        return DocumentSession(self._index)


DETECTOR = DocumentDetector
