"""No template, message or pack says that somebody did wrong: findings are potential."""

import re
import tomllib

import pytest
import yaml

from scanner.resources import patterns_dir

BANNED = re.compile(
    r"\b(stole|stolen|steals?|thief|thieves|guilty|culprits?|violat(ed|es|or|ors)|infringed|"
    r"convicted|perpetrators?|criminals?|leakers?|unlawfully|illegally|committed|betray\w*)\b"
    r"|窃取|盗窃|偷窃|偷走|泄密者|泄密人|违法(?!的)|违反了|已构成|构成侵权|构成犯罪|犯罪嫌疑|有罪|罪犯|侵权人|侵犯了|非法",
    re.IGNORECASE,
)
FILES = sorted(
    path for path in patterns_dir().rglob("*") if path.suffix in (".toml", ".yaml", ".yml", ".html")
)


def texts(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)


def read(path):
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".toml":
        return tomllib.loads(text)
    return yaml.safe_load(text) if path.suffix in (".yaml", ".yml") else text


def guilty(path):
    if path.suffix == ".toml" and path.parent.name not in ("messages", "law"):
        return []  # patterns and word lists, shown to nobody
    return [text for text in texts(read(path)) if BANNED.search(text)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_verdict_word(path):
    assert guilty(path) == []


@pytest.mark.parametrize(
    ("text", "caught"),
    [
        ("The employee stole the customer list.", True),
        ("该员工窃取了客户名单，已构成侵权。", True),
        ("VIOLATED obligation O2", True),
        ("他是泄密者", True),
        ("Potential disclosure outside; a person has to establish the facts.", False),
        ("疑似对外提供商业秘密，有待人工核实。", False),
    ],
)
def test_the_list_catches_verdicts_and_lets_findings_pass(text, caught):
    assert bool(BANNED.search(text)) is caught


def test_the_words_of_a_finding():
    pack = yaml.safe_load((patterns_dir() / "law" / "CN.yaml").read_text(encoding="utf-8"))
    assert pack["wording"]["potential"] == {"zh": "疑似", "en": "potential"}
    assert set(pack["wording"]) == {"potential", "risk", "indicator", "legal_note"}
