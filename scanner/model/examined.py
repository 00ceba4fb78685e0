"""What examining one object gave: findings and outcome, as it crosses processes and machines."""

from __future__ import annotations

from dataclasses import dataclass

from scanner.model.finding import Finding
from scanner.model.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Examined:
    """One object (a file, an archive member, a mail part) after extraction and detection.

    `inner` is its path inside the document, members behind `!`, empty for the document itself.
    `file_type` is the extractor's name ("xlsx"), "unknown" where none claimed it. `sha256` is of
    its own bytes, hex, empty where they could not be read. `stable` is False where the bytes
    changed between the first reading and the last.
    """

    inner: str
    file_type: str
    size: int
    sha256: str
    outcome: Outcome
    findings: tuple[Finding, ...] = ()
    segments: int = 0
    characters: int = 0
    seconds: float = 0.0
    stable: bool = True
