"""Text, delimited text, JSON and what is escaped inside: properties over any content."""

from __future__ import annotations

import base64
import csv
import io
import json
import quopri
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from scanner.extract import _delimited, _escapes, _jsontext, _lines, _quotes
from scanner.extract.base import Blob, Budget
from scanner.extract.walk import read
from scanner.model.content import Child, Layout, Segment

WHO = "欧阳若云的电话是13800138000，住北京市"
words = some.text(
    some.characters(
        codec="utf-8", exclude_characters="\0\x1f\r\ufeff\x85\u2028\u2029\x0b\x0c\x1c\x1d\x1e"
    ),
    max_size=12,
)


def segments(data: bytes, name: str = "x") -> list[Segment]:
    return [one for one in read(Blob.of(data), name, Budget()) if isinstance(one, Segment)]


@given(
    some.lists(some.lists(words, min_size=2, max_size=4), min_size=1, max_size=20),
    some.integers(1, 40),
)
@settings(max_examples=60, deadline=None)
def test_csv_gives_the_cells_of_the_library(rows: list[list[str]], step: int) -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    text = out.getvalue()
    lines = text.splitlines(keepends=True)
    pieces = ["".join(lines[at : at + step]) for at in range(0, len(lines), step)]
    made = "".join(_delimited.table(pieces, ","))
    cells = [" ".join(cell.split()) for row in rows for cell in row]
    found = [" ".join(cell.split()) for line in made.split("\n") for cell in line.split("\t")]
    assert [cell for cell in found if cell] == [cell for cell in cells if cell]


plain = some.one_of(words.filter(str.strip), some.integers(), some.booleans(), some.none())
values = some.recursive(
    plain,
    lambda inner: some.one_of(
        some.lists(inner, max_size=4), some.dictionaries(words.filter(str.strip), inner, max_size=4)
    ),
    max_leaves=20,
)


def leaves(value: object) -> list[str]:
    if isinstance(value, dict):
        return [one for inner in value.values() for one in leaves(inner)]
    if isinstance(value, list):
        return [one for inner in value for one in leaves(inner)]
    if value is None:
        return []
    return [json.dumps(value).lower() if isinstance(value, bool | int) else value]


@given(values, some.booleans(), some.integers(1, 30), some.booleans())
@settings(max_examples=120, deadline=None)
def test_json_loses_no_value(value: object, escaped: bool, step: int, slow: bool) -> None:
    text = json.dumps([value], ensure_ascii=escaped)
    reader = _jsontext.Rows()
    reader._slow = slow
    for at in range(0, len(text), step):
        reader.feed(text[at : at + step])
    reader.feed("", last=True)
    assert not reader.broken
    found = " ".join(" ".join(segment.text.split()) for segment in reader.out)
    for leaf in leaves(value):
        assert " ".join(leaf.split()) in found


def test_equal_objects_are_a_table_with_their_names_above() -> None:
    data = json.dumps([{"name": f"n{at}", "phone": at} for at in range(3)]).encode()
    found = segments(data)
    assert (found[0].layout, found[0].text) == (Layout.TABLE, "name\tphone\nn0\t0\nn1\t1\nn2\t2")
    assert found[0].place(found[0].text.index("n2")) == "table 1 row 4 col A"


@pytest.mark.parametrize(
    "written",
    [
        quote(WHO),
        quote(WHO.encode("gb18030")),
        WHO.encode("unicode_escape").decode("ascii"),
        WHO.encode("unicode_escape").decode("ascii").replace("\\u", "%u"),
        "".join(f"\\x{byte:02x}" for byte in WHO.encode()),
        "".join(f"&#{ord(letter)};" for letter in WHO),
        "".join(f"&#x{ord(letter):x};" for letter in WHO),
        quopri.encodestring(WHO.encode()).decode("ascii"),
        base64.b64encode(WHO.encode()).decode("ascii"),
        base64.b64encode(WHO.encode("gb18030")).decode("ascii"),
        base64.urlsafe_b64encode(WHO.encode()).decode("ascii").rstrip("="),
        base64.encodebytes(WHO.encode() * 5).decode("ascii"),
    ],
)
def test_escapes(written: str) -> None:
    text = f"before {written} after\nnext line\n"
    found = list(_escapes.inside(Segment(text), Budget()))
    assert len(found) == 1
    assert isinstance(found[0], Segment)
    assert WHO in found[0].text


@pytest.mark.parametrize(
    "text",
    [
        "commit 0a1b2c3d4e5f60718293a4b5c6d7e8f901234567",
        "https://www.example.com/some/path/to/a/page?with=query&and=more",
        "ThisIsALongIdentifierOfAProgram and_another_one_of_them(x) = 100%",
        "6222021234567890123 13800138000 440305199001011234",
        "50% of 30% is 15%",
        "a=1&b=2&c=3",
    ],
)
def test_ordinary_text_is_no_escape(text: str) -> None:
    assert list(_escapes.inside(Segment(text * 3), Budget())) == []


def test_a_document_in_base64_is_a_child() -> None:
    page = f"<!DOCTYPE html><html><body><p>{WHO}</p></body></html>".encode()
    found = list(_escapes.inside(Segment("x " + base64.b64encode(page).decode()), Budget()))
    assert [type(one) for one in found] == [Child]


@given(
    some.text(
        some.characters(codec="utf-8", exclude_characters="\0\r\ufeff"), min_size=1, max_size=300
    ),
    some.integers(1, 7),
)
@settings(max_examples=60, deadline=None)
def test_pieces_of_a_stream_are_the_text(text: str, size: int) -> None:
    old = _lines.CHUNK
    _lines.CHUNK = size
    try:
        made = "".join(_lines.decoded(io.BytesIO(text.encode()), "utf-8"))
    finally:
        _lines.CHUNK = old
    assert made == text


def test_lines_are_counted_over_pieces() -> None:
    data = "".join(f"line {at} 13800138000\n" for at in range(120_000)).encode()
    found = segments(data)
    assert len(found) > 1
    assert all(one.continues for one in found[:-1]) and not found[-1].continues
    last = found[-1]
    at = last.text.index("line 119999 ")
    assert last.place(at) == "line 120000"


@given(some.lists(some.sampled_from([b"\r", b"\n", b"\r\n", b"a", "张".encode(), b"\xd5"])))
def test_line_ends_are_one_whatever_they_were(parts: list[bytes]) -> None:
    data = b"".join(parts)
    told = "".join(_lines.decoded(io.BytesIO(data), "cp1252"))
    assert told == data.decode("cp1252").replace("\r\n", "\n").replace("\r", "\n")


@given(some.text(alphabet='a"",\n\t张', max_size=30))
@settings(max_examples=500, deadline=None)
def test_quotes_taken_off_at_once_are_those_the_library_takes_off(text: str) -> None:
    told = _quotes.unquoted(text, ",")
    if told is None:
        return
    whole = text[: len(text) - len(told[1])]
    rows = list(csv.reader(io.StringIO(whole, newline="")))
    plain = str.maketrans("\t\n", "  ")
    assert told[0].split("\n")[:-1] == ["\t".join(c.translate(plain) for c in r) for r in rows]


def test_a_quote_that_is_only_a_sign_is_left_to_the_lines() -> None:
    assert _quotes.unquoted('5" pipe,b\n', ",") is None
    assert _quotes.unquoted('"a" b,c\n', ",") is None
    assert _quotes.unquoted('a,"b\n' + "c\n" * 201 + '",d\n', ",") is None
    assert _quotes.unquoted('a,"b""c",\t"\n', ",") is None
    assert _quotes.unquoted('a,"b""\nc","",x\ty\n"op', ",") == ('a\tb" c\t\tx y\n', '"op')


@pytest.mark.parametrize("small", [0, 1 << 16])
def test_one_odd_line_costs_no_other(small: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_delimited, "_SMALL", small)
    rows = [["a", 'b "c"', "d, e"], ["f", "g", "h"]]
    for odd in ('5" pipe,b', 'a,"open', '"x" y,z'):
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows(rows)
        texts = [out.getvalue() + odd + "\n", out.getvalue() * 2]
        told = "".join(_delimited.table(texts, ",")).split("\n")
        assert [told.count("\t".join(row)) for row in rows] == [3, 3], odd
