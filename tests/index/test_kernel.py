"""The native kernel, and plain Python, find exactly what the reference finds."""

from __future__ import annotations

import itertools
import pathlib
import re
import tempfile
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanner.index import kernel as kernel_module
from scanner.index.build import build_dataset
from scanner.index.open import Index
from scanner.index.scan import Scanner
from scanner.index.types import Matches
from scanner.model.errors import TableError
from scanner.model.rule import Column, DatasetSpec, FieldKind
from tests.index.reference import Hit, expected

KEY = bytes(range(32))
KINDS = (
    FieldKind.PERSON, FieldKind.PHONE, FieldKind.COMPANY, FieldKind.EMAIL, FieldKind.ADDRESS,
    FieldKind.NATIONAL_ID, FieldKind.ACCOUNT, FieldKind.TEXT,
)  # fmt: skip
SPEC = DatasetSpec("d", tuple(Column(kind.value, kind) for kind in KINDS))

SURE = [
    ["张伟", "13912345678", "上海云海科技有限公司", "zhang.wei@corp.example", "上海市浦东新区世纪大道100号", "11010519900307123X", "6222021234567890123", "喜欢绿茶，每周三来"],
    ["欧陽娜娜", "+86 138-0013-8001", "北京青禾集團股份有限公司", "Ouyang_N@mail.example", "北京市朝陽區建國路88號", "440106198512120011", "CUST-100234", "payment within 30 days"],
    ["John A. Smith", "+1 (415) 555-0100", "Acme Widgets Co., Ltd.", "j.smith@acme.example", "12 Long Street, Springfield", "AB123456C", "GB29 NWBK 6016 1331 9268 19", "likes tea"],
    ["José Muñoz", "0044 20 7946 0018", "Siemens AG", "o'neil@x-y.example", "Straße 5", "123456789", "100234567", "ünïcödé wörds here"],
    ["Привет Мир", "010-62345678/62345679", "株式会社テスト", "a@b.co;c@d.org", "한국 서울", "", "DE89370400440532013000", "x" * 70 + " tail word"],
]  # fmt: skip


def hits(found: Matches, scanner: Scanner) -> set[Hit]:
    told = set()
    for at in range(len(found.source)):
        segment = scanner.segments[int(found.source[at])]
        width = int(segment.numbers["columns"])
        payload = int(found.payload[at])
        cells = [payload]
        if found.several[at]:
            count = int(segment.postings[payload])
            cells = [int(cell) for cell in segment.postings[payload + 1 : payload + 1 + count]]
        for cell in cells:
            told.add(
                Hit(
                    int(found.start[at]),
                    int(found.end[at]),
                    cell // width,
                    cell % width,
                    int(found.first[at]),
                    int(found.last[at]),
                    int(found.line[at]),
                    int(found.length[at]) & 192 if found.lane[at] == 1 else 0,
                )
            )
    return told


def pieces_of(data: bytes, cuts: list[int]) -> list[bytes]:
    """Cut at characters, near the given places."""
    bounds = sorted({0, len(data), *(_boundary(data, cut % (len(data) + 1)) for cut in cuts)})
    return [data[a:b] for a, b in itertools.pairwise(bounds)]


def _boundary(data: bytes, at: int) -> int:
    while at < len(data) and data[at] & 0xC0 == 0x80:
        at += 1
    return at


def look(scanner: Scanner, text: str, cuts: list[int] = []) -> set[Hit]:  # noqa: B006
    stream = scanner.stream(0, 0, False)
    for piece in pieces_of(text.encode("utf-8", "surrogatepass"), cuts):
        stream.feed(piece)
    return hits(stream.finish(), scanner)


def scanner_of(rows: list[list[str]], folder: pathlib.Path) -> Scanner:
    build_dataset(folder, KEY, SPEC, [rows])
    index = Index.open(folder, KEY)
    return Scanner(tuple(index.datasets.values()), index._keys)


@pytest.fixture(params=[*kernel_module.levels(), "python"])
def level(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LEAKSCAN_KERNEL", request.param)
    kernel_module.kernel.cache_clear()
    if request.param != "python" and kernel_module.kernel() is None:
        pytest.skip(f"no kernel for {request.param} was compiled")
    yield request.param
    kernel_module.kernel.cache_clear()


ALPHABET = "ab1 9-.()+/@,_X\t\n零一三张伟張上海。（），－ａ１é\u200bЖ㈱&[かﾞ𠀀"
DISGUISED = [
    "张 伟", "張偉", "張\u200b伟", "139 1234 5678", "+86-139-1234-5678", "8613912345678", "0086 13912345678",
    "一三九一二三四五六七八", "１３９１２３４５６７８", "上海云海科技", "上海雲海科技有限公司", "ZHANG.WEI@CORP.EXAMPLE",
    "zhang.wei [at] corp (dot) example", "zhang.wei＠corp．example", "11010519900307123x", "110105 19900307 123X",
    "歐陽 娜娜", "北京青禾", "cust/100234", "CUST100234", "Smith, John A.", "john a smith", "SMITH John A",
    "(415) 555-0100", "14155550100", "acme widgets", "ACME WIDGETS LIMITED", "Jose Munoz", "MUÑOZ, JOSÉ",
    "020 7946 0018", "+442079460018", "siemens", "Siemens Ltd", "привет, мир", "GB29NWBK60161331926819",
    "gb29 nwbk 6016 1331 9268 19", "&#24352;&#x4f1f;", "张&nbsp;伟", "喜歡綠茶 每周三来", "ab123456c", "AB-123456-C",
    "上海市浦东新区世纪大道１００号", "(010) 6234 5678", "１２３－４５６－７８９", "一二三 四五六 七八九", "123四五六789",
    "o'neil@x-y.example", "c@d.org.", "a@b.co,", "tel13912345678x", "Straße 5", "strasse 5", "ﬁ", "𝟙𝟚𝟛𝟜𝟝𝟞𝟟𝟠𝟡",
]  # fmt: skip
TEXTS = st.lists(
    st.one_of(
        st.text(alphabet=ALPHABET, max_size=12),
        st.sampled_from(DISGUISED),
        st.sampled_from([cell for row in SURE for cell in row]),
        st.sampled_from(
            [" ", "\n", ", ", "，", "—", " " * 20, "（", "x" * 66, "0" * 30, "1 1 1 1 "]
        ),
    ),
    max_size=14,
).map("".join)


@pytest.fixture(scope="module")
def folder() -> pathlib.Path:
    with tempfile.TemporaryDirectory() as path:
        yield pathlib.Path(path)


def test_every_disguise_is_found_on_every_path(level: str, tmp_path: pathlib.Path) -> None:
    scanner = scanner_of(SURE, tmp_path)
    for text in DISGUISED:
        assert look(scanner, text) == expected(SPEC, SURE, text, KEY), (level, text)
    text = "。".join(DISGUISED)
    assert look(scanner, text, [7, 100, 333]) == expected(SPEC, SURE, text, KEY)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=TEXTS, cuts=st.lists(st.integers(0, 5000), max_size=4))
def test_any_text_in_any_pieces(
    level: str, tmp_path_factory: pytest.TempPathFactory, text: str, cuts: list[int]
) -> None:
    scanner = _cached(level, tmp_path_factory)
    assert look(scanner, text, cuts) == expected(SPEC, SURE, text, KEY)


_CACHE: dict[str, Scanner] = {}


def _cached(level: str, factory: pytest.TempPathFactory) -> Scanner:
    if level not in _CACHE:
        _CACHE[level] = scanner_of(SURE, factory.mktemp(level))
    return _CACHE[level]


CELLS = st.one_of(
    st.text(alphabet=ALPHABET + "公司有限ltdcoA", max_size=16), st.sampled_from(DISGUISED)
)


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=st.lists(st.lists(CELLS, min_size=8, max_size=8), min_size=1, max_size=4), more=TEXTS)
def test_any_table(
    level: str, tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], more: str
) -> None:
    text = "\n".join(" | ".join(row) for row in rows) + more
    try:
        scanner = scanner_of(rows, tmp_path_factory.mktemp("t"))
    except TableError:
        assert not expected(SPEC, rows, text, KEY)
        return
    assert look(scanner, text) == expected(SPEC, rows, text, KEY)


def test_matches_far_into_a_long_text(level: str, tmp_path: pathlib.Path) -> None:
    scanner = scanner_of(SURE, tmp_path)
    filler = {True: "lorem ipsum dolor 12 sit-amet\n", False: "今天天气不错，我们去公园散步吧。\n"}
    size = 20_000 if level == "python" else 300_000
    rng = np.random.default_rng(5)
    parts, total = [], 0
    while total < size:
        part = filler[bool(rng.integers(2))] * int(rng.integers(1, 40))
        part += DISGUISED[int(rng.integers(len(DISGUISED)))]
        parts.append(part)
        total += len(part)
    text = "".join(parts)
    cuts = [int(cut) for cut in rng.integers(0, size, 5)]
    assert look(scanner, text, cuts) == expected(SPEC, SURE, text, KEY)


CUT = [
    "0 139 1234 5678", "0 0 86 139 12345678", "8 6 13912345678", "+86 139-1234-5678", "139（－ 12345678",
    "0 044 20 7946 0018", "0（－0 44 20 7946 0018", "1 415 555 0100", "110105 19900307 123X", "020 7946 0018", "44 20 7946 0018", "6222 0212 3456 7890 123",
    "zhang.wei@corp.example", "CUST 100234", "12 Long Street Springfield", "北京青禾集團", "John A. Smith",
]  # fmt: skip


def test_a_value_may_stand_where_one_step_of_the_scan_ends(
    level: str, tmp_path: pathlib.Path
) -> None:
    scanner = scanner_of(SURE, tmp_path)
    step = int(re.search(r"STEP = (\d+)", (kernel_module.FOLDER / "scan.h").read_text())[1])
    for text in CUT:
        size = len(text.encode())
        alone = look(scanner, f"{text}|")
        assert alone == expected(SPEC, SURE, f"{text}|", KEY)
        for before in range(step - size - 2, step + 3):
            shifted = {
                replace(hit, start=hit.start + before, end=hit.end + before) for hit in alone
            }
            assert look(scanner, "|" * before + f"{text}|") == shifted, (text, before)


def test_odd_cells_are_kept_as_the_definition_says(level: str, tmp_path: pathlib.Path) -> None:
    mails = ["a@b.co@c.org", "b.co@c.org", "x@y", "<q@r.st>", "a@b.co.@d.ef", "n" * 70 + "@m.no"]
    codes = [
        "CUST-100234" + " " * 80,
        " " * 70 + "AB 123 C4",
        "N/A",
        "not available",
        "na",
        "无",
        "n a b",
    ]
    rows = [[code, "", "", mail, "", code, code, mail] for mail in mails for code in codes]
    text = "\n".join([*mails, *codes, "b.co", "c.org", "co@c.org", "CUST100234 AB123C4"])
    assert look(scanner_of(rows, tmp_path), text) == expected(SPEC, rows, text, KEY)
