"""What every detector is: opened once in a worker process, one session for each document.

Each module of scanner.detect offers DETECTOR, a Detector class.
"""

from __future__ import annotations

from typing import Protocol

from scanner.home import Home
from scanner.model.content import Segment
from scanner.model.document import Document
from scanner.model.finding import Finding
from scanner.settings import Settings


class Session(Protocol):
    """One document being looked at."""

    def feed(self, segment: Segment) -> None:
        """Look at the next segment, in reading order."""

    def findings(self) -> list[Finding]:
        """What was found so far; called at the end, and earlier where a document is cut short."""


class Detector(Protocol):
    """One kind of detection. Opening it may map files; starting a session must be cheap."""

    @classmethod
    def open(cls, home: Home, settings: Settings) -> Detector | None:
        """The detector over a home, or None where it has nothing to look for there.

        Called before the sandbox closes: every file it will need is opened or mapped here.
        """

    def session(self, document: Document, inner: str) -> Session:
        """A session for one document or one member of it."""
