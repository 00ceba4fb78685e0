"""The parts of an Internet message, found without recursion and whatever its headers claim."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from scanner.extract._mailtext import decode, decode_words, parameters

HEADER_BYTES = 1 << 20
MOST_PARTS = 20_000
DEEPEST = 40
_HEADER = re.compile(rb"([!-9;-~]{1,200})[ \t]*:(.*)", re.DOTALL)
_BOUNDARY_LINE = re.compile(rb"--([^\r\n]{1,200}?)[ \t]*\r?\n")


@dataclass(slots=True)
class Part:
    """A part of a message: its headers and where its body stands in the message's bytes."""

    headers: list[tuple[str, bytes]]
    start: int
    end: int
    number: str = ""
    depth: int = 0
    role: str = ""  # "preamble" or "epilogue" for text around the parts, "as text"
    problems: list[tuple[str, str]] = field(default_factory=list)

    def all(self, name: str) -> list[str]:
        """Every value of a header, decoded, without repetitions."""
        lower = name.lower()
        found = (decode_words(value) for key, value in self.headers if key.lower() == lower)
        return list(dict.fromkeys(found))

    def first(self, name: str) -> str:
        """The first value of a header, or nothing."""
        return next(iter(self.all(name)), "")

    def types(self) -> list[tuple[str, dict[str, str]]]:
        """Every content type told, with its parameters; text/plain where none is."""
        found = [parameters(value) for value in self.all("Content-Type")]
        return [(kind or "text/plain", values) for kind, values in found] or [("text/plain", {})]

    def encodings(self) -> list[str]:
        """Every transfer encoding told, lower case."""
        values = self.all("Content-Transfer-Encoding")
        told = [parameters(value)[0] or value.strip().lower() for value in values]
        return list(dict.fromkeys(told)) or [""]

    def filename(self) -> str:
        """The name of an attachment, or nothing."""
        for header, key in (("Content-Disposition", "filename"), ("Content-Type", "name")):
            for value in self.all(header):
                if name := parameters(value)[1].get(key, ""):
                    return name
        return ""

    def attached(self) -> bool:
        """True where the disposition says attachment."""
        return parameters(self.first("Content-Disposition"))[0] == "attachment"


def headers(data: bytes, start: int, end: int) -> tuple[list[tuple[str, bytes]], int, bool]:
    """The headers that begin at `start`, where the body begins, and whether a limit cut them."""
    found: list[tuple[str, list[bytes]]] = []
    at, limit, whole = start, min(end, start + HEADER_BYTES), True
    body = -1
    while at < limit and body < 0:
        stop = data.find(b"\n", at, end)
        stop = end if stop < 0 else stop + 1
        line = data[at : min(stop, at + HEADER_BYTES)]
        if not line.strip(b"\r\n"):
            body = stop
        elif line[:1] in b" \t" and found:
            found[-1][1].append(line)
        elif match := _HEADER.match(line):
            found.append((match[1].decode("ascii"), [match[2]]))
        elif found or not line.startswith((b"From ", b">From ")):
            body = at
        at = stop
    if body < 0:
        body, whole = at, at >= end
    return [(name, b"".join(lines)) for name, lines in found], body, not whole


def parts(data: bytes, start: int = 0) -> Iterator[Part]:
    """Every part that has no parts itself, in reading order; the whole message's headers first."""
    first = _part(data, start, len(data), "", 0)
    yield first
    stack = [first]
    count = 0
    while stack:
        part = stack.pop()
        count += 1
        if count > MOST_PARTS:
            part.problems.append(("limit:members", f"more than {MOST_PARTS} parts"))
            part.role = "rest"
            yield part
            return
        inner = _inside(data, part)
        if inner is None:
            yield part
        else:
            stack.extend(reversed(inner))


def _part(data: bytes, start: int, end: int, number: str, depth: int) -> Part:
    found, body, cut = headers(data, start, end)
    part = Part(found, body, end, number, depth)
    if cut:
        part.problems.append(("limit:bytes", f"more than {HEADER_BYTES} bytes of headers"))
    return part


def _inside(data: bytes, part: Part) -> list[Part] | None:
    """The parts of a multipart; None where it is no multipart or cannot be taken apart."""
    if part.role or not any(kind.startswith("multipart/") for kind, _ in part.types()):
        return None
    if part.depth >= DEEPEST:
        part.problems.append(("limit:depth", f"more than {DEEPEST} parts in one another"))
        return None
    marks = _boundaries(data, part)
    if not marks:
        part.problems.append(("damaged", "a multipart without its boundary"))
        return None
    found = _split(data, part, marks[0])
    for mark in marks[1:]:
        found += _split(data, part, mark)
    if len(marks) > 1 and found:
        found[0].problems.append(("ambiguous", "several boundaries; all were followed"))
    if any(not kind.startswith("multipart/") for kind, _ in part.types()) and found:
        part.problems.append(("ambiguous", "several content types; all were followed"))
        found.append(Part([], part.start, part.end, "read as text", part.depth + 1, "as text"))
    if part.problems and found:
        found[0].problems.extend(part.problems)
    return found


def _boundaries(data: bytes, part: Part) -> list[bytes]:
    """The boundaries told that occur in the body, else the first line that looks like one."""
    told = [values.get("boundary", "") for _, values in part.types()]
    raw = (value.encode("utf-8", "surrogateescape") for value in dict.fromkeys(told) if value)
    found = [mark for mark in raw if data.find(b"--" + mark, part.start, part.end) >= 0]
    if not found and (match := _BOUNDARY_LINE.search(data, part.start, part.end)):
        found = [match[1]]
    return found


def _split(data: bytes, part: Part, mark: bytes) -> list[Part]:
    line = re.compile(rb"(?:\A|(?<=\n))--" + re.escape(mark) + rb"(--)?[ \t]*(?:\r?\n|\Z)")
    found: list[Part] = []
    number = 0
    last, outside = part.start, True
    prefix = f"{part.number}." if part.number else ""
    ends = [(match.start(), match.end(), match[1] is not None)
            for match in line.finditer(data, part.start, part.end)]  # fmt: skip
    for stop, after, closed in [*ends, (part.end, part.end, True)]:
        if not outside:
            number += 1
            found.append(_part(data, last, stop, f"{prefix}{number}", part.depth + 1))
        elif data[last:stop].strip():
            role = "epilogue" if number else "preamble"
            found.append(Part([], last, stop, role, part.depth + 1, role))
        last, outside = after, closed
        if number > MOST_PARTS:
            break
    return found


def text(data: bytes, part: Part, body: bytes) -> str:
    """The text of a part's decoded body."""
    charset = part.types()[0][1].get("charset", "")
    return decode(body, charset).replace("\r\n", "\n").replace("\r", "\n")
