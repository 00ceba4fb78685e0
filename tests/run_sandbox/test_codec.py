"""What crosses between worker and supervisor: whole and unchanged, or refused."""

from __future__ import annotations

import json
import mmap
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.model.document import Document
from scanner.model.examined import Examined
from scanner.model.finding import Finding
from scanner.model.outcome import REASONS, Coverage, Outcome
from scanner.run.sandbox import blackbox
from scanner.run.sandbox.codec import Malformed, pack, unpack
from scanner.run.sandbox.frames import Inbox, frame

text = st.text(max_size=20)
count = st.integers(0, 1 << 40)
share = st.floats(allow_nan=False, allow_infinity=False)
outcomes = st.one_of(
    st.just(Outcome()),
    st.builds(
        Outcome,
        st.sampled_from([Coverage.PARTIAL, Coverage.SKIPPED]),
        st.sampled_from(sorted(code + "x" * code.endswith(":") for code in REASONS)),
        text,
    ),
)
findings = st.builds(
    Finding,
    dataset_id=text,
    records=count,
    containment=share,
    field_counts=st.lists(st.tuples(text, count), max_size=3).map(tuple),
    record_ids=st.binary(max_size=40),
    locators=st.lists(text, max_size=3).map(tuple),
    sample=text,
    reasons=st.lists(text, max_size=3).map(tuple),
    score=share,
)
examined = st.builds(
    Examined,
    inner=text,
    size=count,
    outcome=outcomes,
    findings=st.lists(findings, max_size=3).map(tuple),
    seconds=share,
)
documents = st.builds(
    Document,
    uri=text,
    path=st.none() | st.binary(max_size=30),
    size=count,
    signature=text,
)


@given(st.one_of(examined, documents, findings))
def test_what_is_packed_comes_back_the_same(value) -> None:
    inbox = Inbox()
    sent = frame(b"O", pack(value))
    for at in range(0, len(sent), 7):
        inbox.add(sent[at : at + 7])
    letter, told = inbox.next() or (b"", None)
    assert (letter, unpack(type(value), told)) == (b"O", value)
    assert inbox.next() is None


def test_times_keep_their_zone() -> None:
    from scanner.model.document import Provenance

    for zone in (UTC, timezone(timedelta(hours=8))):
        value = Provenance(modified_at=datetime(2026, 3, 1, 12, 0, 1, 500, tzinfo=zone))
        told = unpack(Provenance, json.loads(json.dumps(pack(value))))
        assert told == value
        assert told.modified_at.utcoffset() == zone.utcoffset(None)


GOOD = json.loads(json.dumps(pack(Examined("a", "csv", 1, "0" * 64, Outcome(), (), 1, 2, 0.5))))

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(json_values)
def test_no_value_breaks_the_reader(value) -> None:
    try:
        unpack(Examined, value)
    except Malformed:
        return
    raise AssertionError("a random value is no Examined")


@given(st.integers(0, len(GOOD) - 1), json_values)
def test_a_field_of_another_type_is_refused(place, value) -> None:
    changed = [*GOOD]
    changed[place] = value
    try:
        told = unpack(Examined, changed)
    except Malformed:
        return
    assert json.loads(json.dumps(pack(told))) == changed


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"NaN", b"[Infinity]", b"[" * 100_000, b"9" * 10_000, b"\xff", b'"\\ud800', b"nul"],
)
def test_a_body_that_is_no_json_is_refused(body) -> None:
    inbox = Inbox()
    inbox.add(len(body).to_bytes(4, "big") + b"O" + body)
    with pytest.raises(Malformed):
        inbox.next()


def test_a_message_above_the_limit_is_refused_before_it_comes() -> None:
    inbox = Inbox(limit=1000)
    inbox.add((1001).to_bytes(4, "big") + b"O")
    with pytest.raises(Malformed):
        inbox.next()


# ---- the flight recorder


def page() -> mmap.mmap:
    return mmap.mmap(-1, blackbox.SIZE)


def opened(number: int, inner: str, segments: int = 0) -> blackbox.Open:
    return blackbox.Open(number, inner, "zip", 10, segments)


def test_the_recorder_tells_what_was_open() -> None:
    held = page()
    stack = [opened(0, ""), opened(3, "客户.zip"), opened(4, "客户.zip!a\x00\ud800")]
    blackbox.write(held, 7, "ab" * 32, stack)
    blackbox.count(held, 12)
    told = blackbox.read(held, 7)
    assert told.sha256 == "ab" * 32
    assert told.open == (*stack[:2], opened(4, "客户.zip!a\x00\ud800", 12))
    assert blackbox.read(held, 8) == blackbox.Trace()


def test_paths_too_long_for_the_recorder_are_left_out_from_within() -> None:
    held = page()
    stack = [opened(n, "x" * 30_000) for n in range(16)]
    blackbox.write(held, 1, "", stack)
    told = blackbox.read(held, 1)
    assert told.open == tuple(stack[: len(told.open)])
    assert 1 <= len(told.open) < 16


def test_taking_back_does_not_disturb_the_record() -> None:
    held = page()
    blackbox.write(held, 1, "", [opened(0, "y" * 129_000)])
    before = blackbox.read(held, 1)
    blackbox.revoke(held, 99)
    assert blackbox.revoked(held) == 99
    assert blackbox.read(held, 1) == before


@given(st.binary(min_size=1, max_size=200), st.integers(0, 60))
def test_no_garbage_in_the_recorder_breaks_its_reader(garbage, at) -> None:
    held = page()
    blackbox.write(held, 5, "", [opened(0, "")])
    held[at : at + len(garbage)] = garbage
    blackbox.read(held, 5)
