"""What the tests of the extractors share: reading bytes to the end."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path

from scanner.extract.base import Blob, Budget, Limits
from scanner.extract.walk import Begin, End, read
from scanner.model.content import Segment
from scanner.model.outcome import Coverage, Outcome


@dataclass
class Got:
    """Every segment with the object it stands in, and the outcome of every object."""

    segments: list[tuple[str, Segment]] = field(default_factory=list)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return "\n".join(segment.text for _, segment in self.segments)

    def at(self, locator: str, inner: str = "") -> list[str]:
        return [one.text for path, one in self.segments if (path, one.locator) == (inner, locator)]

    @property
    def reasons(self) -> set[str]:
        return {
            one.reason for one in self.outcomes.values() if one.coverage is not Coverage.COMPLETE
        }


def got(data: bytes, name: str = "x", limits: Limits | None = None, safe: bool = False) -> Got:
    found = Got()
    stack: list[str] = []
    budget = Budget(limits or Limits(), safe_mode=safe)
    for event in read(Blob.of(data), name, budget):
        if isinstance(event, Begin):
            stack.append(event.inner)
        elif isinstance(event, End):
            assert stack.pop() == event.inner
            found.outcomes[event.inner] = event.outcome
            found.types[event.inner] = event.file_type
        else:
            found.segments.append((stack[-1], event))
    assert not stack
    return found


def chinese_font() -> str:
    """A font with Chinese letters that a package or the system brought; empty without one."""
    places = [
        Path(sys.prefix) / "NotoSansCJKtc-Regular.otf",
        Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"),
        Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc"),
        Path("C:/Windows/Fonts/simhei.ttf"),
        Path("/System/Library/Fonts/STHeiti Light.ttc"),
    ]
    return next((str(place) for place in places if place.is_file()), "")
