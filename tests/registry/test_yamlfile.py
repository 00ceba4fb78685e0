"""YAML read as plain data: values, lines, and refusals."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from scanner.model.errors import DossierError
from scanner.registry.yamlfile import parse_yaml, read_yaml


def parse(text):
    return parse_yaml(text, "f.yaml", DossierError)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"), ("yes", "yes"), ("on", "on"), ("NO", "NO"), ("y", "y"), ("true", True),
        ("False", False), ("tRue", "tRue"), ("null", None), ("~", None), ("''", ""), ("'1'", "1"),
        ("1", 1), ("-7", -7), ("0o17", 15), ("0x1F", 31), ("017", 17), ("1_000", "1_000"),
        ("1.5", 1.5), (".5", 0.5), ("1e3", 1000.0), ("1:30", "1:30"), ("2026-03-01", "2026-03-01"),
        (".inf", ".inf"), (".nan", ".nan"), ("0x", "0x"), ("-", None), ("=", "="), ("", None),
        ("138 0013 8000", "138 0013 8000"), ('"\\u5ba2"', "客"), ("客户", "客户"), ("!", ""),
        ("- 1\n- [a, {b: c}]", [1, ["a", {"b": "c"}]]), ("1: x", {"1": "x"}), ("|\n a\n b", "a\nb"),
    ],
)  # fmt: skip
def test_scalars_by_the_core_schema(text, value):
    found = parse(text).value if text != "-" else parse(text).value[0]
    assert found == value
    assert type(found) is type(value)


def test_every_key_and_item_knows_its_line():
    file = parse("a:\n  - x\n  - b: 1\n    c: 2\nd: 3\n")
    assert file.lines == {
        ("a",): 1, ("a", 0): 2, ("a", 1): 3, ("a", 1, "b"): 3, ("a", 1, "c"): 4, ("d",): 5,
    }  # fmt: skip
    assert file.where(("a", 1, "c")) == "f.yaml:4: a[2].c"
    assert file.where(("a", 1, "nothing")) == "f.yaml:3: a[2].nothing"
    assert file.where(()) == "f.yaml:1: the file"


@pytest.mark.parametrize(
    "text",
    [
        "&a x", "*a", "a: &a 1", "&a k: 1", "*a : 1", "!!int 3", "!x y", "a: !!str b", "<<: {}",
        "a: 1\na: 2", "{a: 1, a: 2}", "--- 1\n--- 2", "? {a: 1}\n: 2", "a: b: c", "\t- x", "a: 'x",
        "[" * 41, "[" * 100_000, "{a: " * 41, "a: \x00", "%TAG ! x\n---\n!a b", "a: \ufffe",
    ],
)  # fmt: skip
def test_what_is_refused(text):
    with pytest.raises(DossierError, match=r"^f\.yaml:\d+: "):
        parse(text)


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(9)
)


def test_an_alias_bomb_is_refused_before_it_unfolds():
    with pytest.raises(DossierError, match=r"^f\.yaml:1: anchors"):
        parse(BOMB)


@settings(max_examples=500, deadline=None)
@given(st.text(alphabet="ab:-[]{}&*!?|>'\"#%,\n \t\\u0x1d8", max_size=60))
@example('"\\ud800"')
@example("\ud800")
@example('a: "\\uD83D\\uDE00"')
def test_any_text_is_read_or_refused_and_what_is_read_can_be_stored(text):
    try:
        value = parse(text).value
    except DossierError as error:
        assert "\n" not in str(error)
        return
    str(value).encode("utf-8")


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=80))
def test_any_bytes_are_read_or_refused(tmp_path_factory, raw):
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(raw)
    try:
        read_yaml(path, DossierError)
    except DossierError as error:
        assert str(path) in str(error)
