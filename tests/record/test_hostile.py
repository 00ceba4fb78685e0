"""Names that are no text, hold line ends, escapes or direction marks: kept, and shown harmless."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.home import Home
from scanner.model.document import Document, Provenance
from scanner.model.examined import Examined
from scanner.model.incident import Incident
from scanner.model.outcome import Outcome
from scanner.record.codec import decode, encode
from scanner.record.display import listed, shown
from scanner.record.store import Store
from scanner.record.verify import verify_store

Make = Callable[..., Incident]
UNSAFE = {"Cc", "Cs", "Zl", "Zp"}
DIRECTION = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"

NAMES = [
    b"/s/\xff\xfe.csv",
    b"/s/two\nlines.csv",
    b"/s/\x1b[31mred.csv",
    "/s/\u202egnp.exe".encode(),
    b"/s/=cmd|' /C calc'!A0",
    b"/s/\xed\xa0\x80.csv",
    b"/s/" + b"x" * 250,
    "/s/\u2028\u200b\ufeff客户.xlsx".encode(),
    b"/s/;semi;colon",
    b"/s/'quote\"",
]


@pytest.mark.parametrize("name", NAMES)
def test_the_name_survives_and_its_shown_form_is_one_safe_line(
    home: Home, store: Store, make: Make, name: bytes
) -> None:
    uri = name.decode("utf-8", "surrogateescape")
    inner = uri[3:]
    document = Document(uri, name, 5, Provenance(owner=inner))
    examined = Examined(inner, "csv", 5, "", Outcome.partial("damaged"))
    incident = make(1, document=document, examined=examined, finding__locators=(inner, inner))
    (identity,) = store.record([incident], examined=[(document, [examined])])
    told = store.get(identity)
    assert told.incident == incident
    assert told.incident.document.path == name
    for cell in (*told.row, next(store.select().unread()).path):
        assert cell.isprintable() or not {unicodedata.category(char) for char in cell} & UNSAFE
        assert not set(cell) & set(DIRECTION)
        cell.encode()
    assert store.record([incident]) == [identity]
    assert store.settle("later", [name]) == 1
    assert verify_store(home) == []


@given(st.text(st.characters(codec=None)))
def test_shown_text_is_one_line_of_real_characters(text: str) -> None:
    safe = shown(text)
    assert not {unicodedata.category(char) for char in safe} & UNSAFE
    assert not set(safe) & set(DIRECTION)
    assert shown(safe) == safe
    assert len(safe.splitlines()) <= 1
    if text.isprintable() and text.isascii():
        assert safe == text


@given(st.lists(st.text(min_size=1), min_size=1))
def test_a_list_cell_has_as_many_items_as_were_put_in(items: list[str]) -> None:
    assert len(listed(items).split(";")) == len(items)


@given(st.text(st.characters(codec=None)), st.floats(0, 1), st.binary())
def test_the_codec_gives_back_what_it_took(text: str, ratio: float, ids: bytes) -> None:
    from tests.record.conftest import build

    incident = build(
        1,
        document__uri=text,
        finding__containment=ratio,
        finding__record_ids=ids,
        finding__nonpublic_ids=b"",
        judgement__facts=((text, text),),
    )
    body = encode(incident)
    assert body.isascii()
    assert decode(json.loads(body), ids) == incident


def test_a_body_of_a_later_version_is_read_as_far_as_it_is_known(make: Make) -> None:
    body = json.loads(encode(make(1)))
    body["colour"] = "red"
    body["event"]["mood"] = "grim"
    finding = make(1).finding
    assert decode(body, finding.record_ids, finding.nonpublic_ids) == make(1)
