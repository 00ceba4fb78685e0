"""Customer lists that nobody registered: tables and pseudo-tables judged by their columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from scanner.columns.headers import title_classes
from scanner.detect._lists.evidence import Evidence, read_table
from scanner.detect._lists.score import NONE, judge
from scanner.detect._lists.session import CustomerListSession, ListVerdict
from scanner.home import Home
from scanner.model.content import Segment
from scanner.model.document import MEMBER, Document
from scanner.settings import Settings


class CustomerLists:
    """The detector. It keeps nothing of a home: the word lists come with the program."""

    def __init__(self, *, blind: bool = False) -> None:
        self._blind = blind

    @classmethod
    def open(cls, home: Home, settings: Settings) -> CustomerLists | None:
        """The detector, or None where the settings switch it off. Reads its word lists here."""
        if not settings.customer_lists:
            return None
        warm()
        return cls()

    def session(self, document: Document, inner: str) -> CustomerListSession:
        """A session for one document or one member of it."""
        shown = inner.rsplit(MEMBER, 1)[-1] if inner else document.uri
        return CustomerListSession("" if self._blind else PurePosixPath(shown).name)


def warm() -> None:
    """Read every word list, so that no file is opened once a sandbox is closed."""
    read_table(
        ["customer", "公司"], [["Jane Smith", "上海某某有限公司"], ["Main Street 5", "北京"]], 2
    )
    title_classes("warm")
    judge(Evidence(records=0))


def list_verdicts(segments: Iterable[Segment], name: str = "") -> list[ListVerdict]:
    """The verdict over every table and pseudo-table; `name` is the file's, empty to hide it."""
    session = CustomerListSession(PurePosixPath(name).name if name else "")
    for segment in segments:
        session.feed(segment)
    return session.verdicts()


def list_lines(segments: Iterable[Segment], name: str = "") -> Iterator[dict[str, object]]:
    """The verdicts as `leakscan entities --lists` prints them; one of "none" without any table."""
    verdicts = list_verdicts(segments, name)
    for verdict in verdicts:
        yield {
            "locator": verdict.locator,
            "label": verdict.label,
            "score": verdict.score,
            "records": verdict.records,
            "reasons": list(verdict.reasons),
        }
    if not verdicts:
        yield {"locator": "", "label": NONE, "score": 0.0, "records": 0, "reasons": []}


DETECTOR = CustomerLists
