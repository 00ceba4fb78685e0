"""The normal form and the masks."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.model.rule import FieldKind
from scanner.text.canon import Skip, company_forms, keys_of
from scanner.text.fold import fold, fold_text
from scanner.text.keys import Keys
from scanner.text.mask import mask

KEYS = Keys.of(bytes(range(32)))


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("ＡＢＣ１２３", "abc123"),
        ("Straße É ñ ﬁ", "strasse e n fi"),
        ("歐陽娜娜 國際電話", "欧阳娜娜 国际电话"),
        ("a\u200bb\u202ec\ufeffd\u00ade", "abcde"),
        ("㈱ ① ⅷ ½", "(株) 1 viii 1,2"),
        ("x [at] y (DOT) z", "x@y.z"),
        ("x[ AT ]y{dot}z<dot>w", "x@y.z.w"),
        ("x [attention] y", "x [attention] y"),
        ("&#20013;&#x570B;&amp;&nbsp;&unknown;&#0;", "中国& &unknown;&#0;"),
        ("（０１０）６２３４－５６７８", "(010)6234-5678"),
        ("٠١٢٣", "0123"),
        ("〇々", "零"),
        ("Привет", "привет"),
    ],
)
def test_normal_form(text: str, folded: str) -> None:
    assert fold_text(text) == folded


@given(st.text(max_size=60))
def test_folding_is_stable_and_keeps_offsets(text: str) -> None:
    folded = fold(text)
    assert len(folded.text) == len(folded.origins) == len(folded.ends)
    assert list(folded.origins) == sorted(folded.origins)
    assert all(a < b <= len(text) for a, b in zip(folded.origins, folded.ends, strict=True))
    assert not any(char.isupper() and char.isascii() for char in folded.text)


@given(st.characters(blacklist_categories=("Cs",)))
def test_each_character_is_as_unicode_says(char: str) -> None:
    told = fold_text(char)
    plain = unicodedata.normalize("NFKD", char).casefold()
    if plain.isascii() and plain.isalnum():
        assert told == plain
    assert fold_text(told) == told or "&" in told or "[" in told


@pytest.mark.parametrize(
    ("value", "kind", "masked"),
    [
        ("13800138078", FieldKind.PHONE, "138****78"),
        ("+86 138-0013-8078", FieldKind.PHONE, "861****78"),
        ("zhang.wei@corp.example", FieldKind.EMAIL, "z***@corp.example"),
        ("欧阳娜娜", FieldKind.PERSON, "欧***"),
        ("上海云海科技有限公司", FieldKind.COMPANY, "上海***公司"),
        ("Acme Widgets Ltd", FieldKind.COMPANY, "A*** Ltd"),
        ("上海市浦东新区世纪大道100号", FieldKind.ADDRESS, "上海市***"),
        ("每周三来", FieldKind.TEXT, "[text:4]"),
        ("12345", FieldKind.ACCOUNT, "1***"),
        ("", FieldKind.TEXT, ""),
    ],
)
def test_masks(value: str, kind: FieldKind, masked: str) -> None:
    assert mask(value, kind) == masked


@given(st.text(min_size=4, max_size=40), st.sampled_from(list(FieldKind)))
def test_a_mask_never_holds_the_value(value: str, kind: FieldKind) -> None:
    plain = " ".join(value.split())
    if len(plain) >= 4 and "*" not in plain:
        assert plain not in mask(value, kind)


@pytest.mark.parametrize(
    ("parts", "forms"),
    [
        ("上海云海科技有限公司", ["上海云海科技"]),
        ("北京青禾集团股份有限公司", ["北京青禾"]),
        ("小米有限公司", ["小米有限公司"]),
        ("acme widgets co ltd", ["acmewidgets"]),
        ("siemens ag", ["siemensag", "siemens"]),
        ("sap ag", ["sapag"]),
        ("limited", ["limited"]),
    ],
)
def test_legal_forms_are_optional_tails(parts: str, forms: list[str]) -> None:
    split = parts.split() if parts.isascii() else list(parts)
    assert ["".join(form) for form in company_forms(split)] == forms


def same(one: str, two: str, kind: FieldKind) -> bool:
    a, b = keys_of(one, kind, KEYS), keys_of(two, kind, KEYS)
    assert not isinstance(a, Skip)
    assert not isinstance(b, Skip)
    return bool({key.hash for key in a} & {key.hash for key in b})


@pytest.mark.parametrize(
    ("one", "two", "kind"),
    [
        ("+86 139 1234 5678", "13912345678", FieldKind.PHONE),
        ("0044 20 7946 0018", "+44 (0)20 7946 0018", FieldKind.PHONE),
        ("+44 20 7946 0018", "020 7946 0018", FieldKind.PHONE),
        ("一三九一二三四五六七八", "13912345678", FieldKind.PHONE),
        ("11010519900307123x", "110105 19900307 123X", FieldKind.NATIONAL_ID),
        ("GB29 NWBK 6016 1331 9268 19", "gb29nwbk60161331926819", FieldKind.ACCOUNT),
        ("Smith, John", "JOHN SMITH", FieldKind.PERSON),
        ("van der Berg Jan", "Jan van der Berg", FieldKind.PERSON),
        ("歐陽 娜娜", "欧阳娜娜", FieldKind.PERSON),
        ("上海雲海科技", "上海云海科技有限公司", FieldKind.COMPANY),
        ("A@B.co", "a @ b.co".replace(" ", ""), FieldKind.EMAIL),
    ],
)
def test_two_ways_to_write_one_value(one: str, two: str, kind: FieldKind) -> None:
    assert same(one, two, kind)


@pytest.mark.parametrize(
    "value", ["N/A", "无", "未知", "test@test.com", "13800000000", "11111111", "Unknown"]
)
def test_placeholders_are_left_out(value: str) -> None:
    kind = (
        FieldKind.EMAIL
        if "@" in value
        else FieldKind.PHONE
        if value.isdigit()
        else FieldKind.PERSON
    )
    assert keys_of(value, kind, KEYS) is Skip.PLACEHOLDER


@pytest.mark.parametrize("value", ["12345", "伟", "abc", "a1", "1"])
def test_short_values_are_left_out(value: str) -> None:
    assert keys_of(value, FieldKind.TEXT, KEYS) is Skip.SHORT


def test_surnames_that_are_numerals_stay_names() -> None:
    told = keys_of("陆一", FieldKind.PERSON, KEYS)
    assert not isinstance(told, Skip)
    assert told[0].lane == 0
