"""Every recogniser file keeps its promises, and wrong ones are refused with file, line, example."""

from __future__ import annotations

import pytest

from scanner.detect._entity.check import check_specs, marked
from scanner.detect._entity.home import country_packs, scanner_for
from scanner.detect._entity.presidio import data_registry, make_analyzer
from scanner.detect._entity.recognisers import built_in_files, read_specs
from scanner.detect._entity.scan import THRESHOLD, entity_lines
from scanner.home import Home
from scanner.model.content import Layout, Segment
from scanner.model.errors import PackError

SPECS = read_specs(built_in_files())


@pytest.fixture(scope="module")
def analyzer():
    return make_analyzer()


def test_china_and_the_general_ones_are_there():
    assert {spec.name for spec in SPECS} >= {
        "cn_mobile", "cn_landline", "cn_service_number", "cn_resident_id", "cn_credit_code",
        "cn_bank_card", "cn_passport", "hk_macao_permit", "tw_permit", "cn_plate", "cn_wechat",
        "cn_qq", "email", "iban", "card", "ip", "us_ssn", "phone",
    }  # fmt: skip


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_examples_in_the_whole_registry(spec, analyzer):
    for example in spec.positive:
        wanted, text = marked(example)
        found = analyzer.analyze(text, "en", entities=[spec.type], score_threshold=THRESHOLD)
        assert set(wanted) <= {(one.start, one.end) for one in found}, example
    for example in spec.negative:
        found = analyzer.analyze(example, "en", entities=[spec.type], score_threshold=THRESHOLD)
        assert [example[one.start : one.end] for one in found] == [], example


def test_ours_pass_the_check_that_users_files_pass():
    check_specs(SPECS)


GOOD = """
type = "OUR_TICKET"
name = "ticket"
[[pattern]]
name = "number"
regex = '''(?<![A-Z])TK-\\d{6}(?!\\d)'''
score = 0.6
[examples]
positive = ["see «TK-123456»"]
negative = ["TK-1234567"]
"""


def home_with(tmp_path, text, name="mine.toml"):
    folder = tmp_path / "recognisers"
    folder.mkdir()
    (folder / name).write_text(text, encoding="utf-8")
    return Home(tmp_path)


def test_a_users_file(tmp_path):
    scanner = scanner_for(home_with(tmp_path, GOOD))
    (found,) = entity_lines([Segment("ticket TK-654321, please", locator="page 2")], scanner)
    assert found == {"type": "OUR_TICKET", "start": 7, "end": 16, "score": 0.6, "locator": "page 2"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("(?<![A-Z])TK-\\d{6}(?!\\d)", "(?:TK-\\d+|\\w+)+$$"), ["line 6", "takes more than"]),
        (("TK-\\d{6}", "TK-(\\d{6}"), ["line 6", "number"]),
        (("name = \"ticket\"", 'name = "ticket"\nvalidator = "lunh"'), ["line 4", "'lunh'", "luhn"]),
        (("see «TK-123456»", "see «TK-12345»"), ["line 9", "see «TK-12345»", "not found"]),
        (('["TK-1234567"]', '["TK-123456"]'), ["line 10", "negative example 'TK-123456'"]),
        (("see «TK-123456»", "see TK-123456"), ["line 9", "marked"]),
        (('type = "OUR_TICKET"', 'typ = "X"'), ["line 2", "typ", "no such key"]),
        (("score = 0.6", "score = 6"), ["line 6", "score"]),
        (('name = "ticket"', 'name = "email"'), ["taken already"]),
        (("[examples]", "[examples"), ["mine.toml"]),
    ],
)  # fmt: skip
def test_wrong_files_are_refused(tmp_path, change, said):
    assert change[0] in GOOD
    with pytest.raises(PackError) as error:
        scanner_for(home_with(tmp_path, GOOD.replace(*change)))
    assert "mine.toml" in str(error.value)
    for part in said:
        assert part in str(error.value)


def test_country_packs_of_presidio(tmp_path):
    assert {type(one).__name__ for one in country_packs(["it"])} >= {"ItFiscalCodeRecognizer"}
    home = home_with(tmp_path, 'countries = ["it"]', "packs.toml")
    found = list(entity_lines([Segment("codice fiscale RSSMRA85T10A562S")], scanner_for(home)))
    assert "IT_FISCAL_CODE" in {one["type"] for one in found}


def test_an_unknown_country(tmp_path):
    with pytest.raises(PackError, match="no recognisers for 'zz'"):
        scanner_for(home_with(tmp_path, 'countries = ["zz"]', "packs.toml"))


def test_full_width_and_ignorable_characters_keep_their_places():
    text = "手机１３８００１３８０００，邮\u200b箱zh\u200bang@a.example。身份证：11010519491231002X"
    found = {one["type"]: text[one["start"] : one["end"]] for one in entity_lines([Segment(text)])}
    assert found == {
        "PHONE_NUMBER": "１３８００１３８０００",
        "EMAIL_ADDRESS": "zh\u200bang@a.example",
        "CN_RESIDENT_ID": "11010519491231002X",
    }


def test_headers_are_context_in_tables():
    text = "ID\tPhone\tCode\n" + "x\ty\tz\n" * 20 + "12345678\t5403926876\t5403926876\n"
    found = [
        (one["type"], one["start"]) for one in entity_lines([Segment(text, layout=Layout.TABLE)])
    ]
    assert found == [("PHONE_NUMBER", text.index("5403926876"))]


def test_long_texts_are_read_in_pieces():
    filler = "nothing to see here\n" * 30_000
    text = f"a@b.example\n{filler}mobile 13800138000 {filler}138-0013-8000"
    found = [(one["type"], one["start"]) for one in entity_lines([Segment(text)])]
    assert found == [
        ("EMAIL_ADDRESS", 0),
        ("PHONE_NUMBER", text.index("13800138000")),
        ("PHONE_NUMBER", text.index("138-0013")),
    ]


def test_the_registry_can_be_given_to_presidio_itself():
    from presidio_analyzer import AnalyzerEngine

    from scanner.detect._entity.presidio import no_op_engine

    engine = AnalyzerEngine(registry=data_registry(), nlp_engine=no_op_engine())
    (found,) = engine.analyze("mail a@b.example", "en", score_threshold=0.35)
    assert (found.entity_type, found.start, found.end) == ("EMAIL_ADDRESS", 5, 16)
