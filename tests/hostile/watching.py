"""A detector that tells which of the planted words it saw, for tests through the pool."""

from __future__ import annotations

from scanner.model.finding import Finding, Method

WORDS = ("王小明", "13800138000", "wang@example.com")


class _Session:
    def __init__(self) -> None:
        self.seen: set[str] = set()

    def feed(self, segment) -> None:
        self.seen.update(word for word in WORDS if word in segment.text)

    def findings(self) -> list[Finding]:
        if not self.seen:
            return []
        return [Finding(Method.EXACT, "planted", len(self.seen), reasons=tuple(sorted(self.seen)))]


class DETECTOR:
    @classmethod
    def open(cls, home, settings):
        return cls()

    def session(self, document, inner):
        return _Session()
