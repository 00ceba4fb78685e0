"""The walk: one outcome for each object, whatever its bytes do to their reader."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest

from scanner.extract import _choose, walk
from scanner.extract.base import Blob, Budget, Format, Limits
from scanner.model.content import Child, Gap, Piece, Segment
from scanner.model.errors import Unread
from scanner.model.outcome import Coverage


def events(data: bytes, name: str = "x", **limits: object) -> list[walk.Event]:
    return list(walk.read(Blob.of(data), name, Budget(Limits(**limits))))  # type: ignore[arg-type]


def ends(found: list[walk.Event]) -> dict[str, walk.End]:
    made: dict[str, walk.End] = {}
    for event in found:
        if isinstance(event, walk.End):
            assert event.inner not in made
            made[event.inner] = event
    return made


def nested(data: bytes) -> Child:
    return Child(data.decode("latin-1"), lambda: io.BytesIO(data), len(data))


def _read(blob: Blob, name: str, budget: Budget) -> Iterator[Piece]:
    order = blob.all(budget)[4:]
    yield Segment("before")
    if order == b"unread":
        raise Unread("encrypted")
    if order == b"memory":
        raise MemoryError
    if order == b"recursion":
        raise RecursionError
    if order == b"value":
        raise ValueError("13800138000")
    if order == b"panic":
        raise BaseException("a panic")
    if order == b"gap":
        yield Gap("limit:pixels", "page 3")
    if order == b"self":
        yield nested(b"TOY:self")
    if order.isdigit():
        yield nested(b"TOY:" + str(int(order) + 1).encode())
    if order == b"many":
        for _ in range(50):
            yield nested(b"TOY:leaf")
    if order == b"siblings":
        yield nested(b"TOY:value")
        yield Child("shut", _refuse)
        yield nested(b"TOY:leaf")
    yield Segment("after")


def _refuse() -> io.BytesIO:
    raise Unread("encrypted", "a member")


TOY = Format("toy", lambda head, blob, name: 100 * head.startswith(b"TOY:"), _read)


@pytest.fixture(autouse=True)
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    real = _choose.formats()
    monkeypatch.setattr(_choose, "formats", lambda: (*real, TOY))


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        ("unread", "encrypted"),
        ("memory", "memory"),
        ("recursion", "damaged"),
        ("value", "damaged"),
        ("panic", "damaged"),
    ],
)
def test_an_exception_becomes_an_outcome_and_what_was_read_counts(order: str, reason: str) -> None:
    found = events(b"TOY:" + order.encode())
    assert [event.text for event in found if isinstance(event, Segment)] == ["before"]
    end = ends(found)[""]
    assert (end.outcome.coverage, end.outcome.reason) == (Coverage.PARTIAL, reason)
    assert "13800138000" not in repr(found)


def test_a_gap_makes_it_partial_and_says_where() -> None:
    end = ends(events(b"TOY:gap"))[""]
    assert (end.outcome.reason, end.outcome.detail) == ("limit:pixels", "limit:pixels page 3")
    assert (end.segments, end.characters) == (2, 11)


def test_siblings_go_on() -> None:
    found = ends(events(b"TOY:siblings"))
    assert {inner: end.outcome.coverage.value for inner, end in found.items()} == {
        "": "COMPLETE",
        "TOY:value": "PARTIAL",
        "shut": "SKIPPED",
        "TOY:leaf": "COMPLETE",
    }
    assert found["shut"].outcome.reason == "encrypted"


def test_an_object_in_itself_is_not_read_again() -> None:
    found = ends(events(b"TOY:self"))
    assert found["TOY:self"].outcome.reason == "bomb:nesting"
    assert found[""].outcome.coverage is Coverage.COMPLETE


@pytest.mark.parametrize(("depth", "read"), [(2, 2), (3, 3), (5, 5)])
def test_depth(depth: int, read: int) -> None:
    found = ends(events(b"TOY:0", depth=depth))
    last = found["!".join(f"TOY:{level}" for level in range(1, read + 2))]
    assert last.outcome.reason == "limit:depth"
    assert sum(end.outcome.coverage is Coverage.COMPLETE for end in found.values()) == read + 1


def test_a_deep_chain_needs_no_recursion() -> None:
    found = events(b"TOY:0", depth=3000)
    assert sum(isinstance(event, walk.End) for event in found) == 3002


@pytest.mark.parametrize(("members", "reason"), [(49, "limit:members"), (50, ""), (51, "")])
def test_members(members: int, reason: str) -> None:
    found = [e for e in events(b"TOY:many", members=members) if isinstance(e, walk.End)]
    assert found[-1].outcome.reason == reason
    assert len(found) == min(members, 50) + 1


@pytest.mark.parametrize(("chars", "reason"), [(10, "limit:chars"), (11, ""), (12, "")])
def test_characters(chars: int, reason: str) -> None:
    assert ends(events(b"TOY:gapless", chars=chars))[""].outcome.reason == reason


def test_unknown_bytes_are_never_complete() -> None:
    end = ends(events(bytes(range(256)) * 4))[""]
    assert (end.file_type, end.outcome.reason) == ("unknown", "unsupported")


def test_large_text_members_are_streamed_and_others_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    line = "张三,13800138000\n".encode()
    text = line * (20_000_000 // len(line))

    def wrap(blob: Blob, name: str, budget: Budget) -> Iterator[Piece]:
        yield Child("big.txt", lambda: io.BytesIO(text))
        yield Child("big.toy", lambda: io.BytesIO(b"TOY:" + bytes(20_000_000)))

    form = Format("wrap", lambda head, blob, name: 100 * head.startswith(b"WRAP"), wrap)
    real = _choose.formats()
    monkeypatch.setattr(_choose, "formats", lambda: (*real, form))
    found = events(b"WRAP", member_bytes=10 << 20)
    outcome = ends(found)
    assert outcome["big.txt"].outcome.coverage is Coverage.COMPLETE
    assert outcome["big.txt"].size == len(text)
    assert sum(e.text.count("13800138000") for e in found if isinstance(e, Segment)) == text.count(
        b"\n"
    )
    assert outcome["big.toy"].outcome.reason == "limit:bytes"
    assert outcome["big.toy"].segments == 2
