"""How much of what there is gets found: a public English set, and Chinese identifiers in disguise."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path

import pytest

from scanner.detect._entity.presidio import make_analyzer
from scanner.detect._entity.scan import THRESHOLD, entity_lines
from scanner.model.content import Segment
from tests.customer_list import labelled
from tests.entities import corpora

SHARED = Path(__file__).parents[2] / ".." / "shared" / "cases" / "presidio"
SYNTH = SHARED / "synth_dataset_v2.json"


@pytest.mark.skipif(not SYNTH.exists(), reason="the shared set is not beside the checkout")
def test_the_public_english_set():
    analyzer = make_analyzer()
    right, false, missed = Counter(), Counter(), Counter()
    for row in json.loads(SYNTH.read_text(encoding="utf-8")):
        results = analyzer.analyze(row["full_text"], "en", score_threshold=THRESHOLD)
        for kind in (
            "EMAIL_ADDRESS",
            "IBAN_CODE",
            "US_SSN",
            "IP_ADDRESS",
            "CREDIT_CARD",
            "PHONE_NUMBER",
        ):
            gold = [
                (span["start_position"], span["end_position"])
                for span in row["spans"]
                if span["entity_type"] == kind
            ]
            found = [(one.start, one.end) for one in results if one.entity_type == kind]
            for span in gold:
                hit = any(a < span[1] and span[0] < b for a, b in found)
                right[kind] += hit
                missed[kind] += not hit
            false[kind] += sum(not any(a < s[1] and s[0] < b for s in gold) for a, b in found)
    for kind in ("EMAIL_ADDRESS", "IBAN_CODE", "US_SSN", "IP_ADDRESS"):
        assert (false[kind], missed[kind]) == (0, 0), kind
    assert false["CREDIT_CARD"] == 0
    assert right["CREDIT_CARD"] >= 0.95 * (right["CREDIT_CARD"] + missed["CREDIT_CARD"])
    phone = 2 * right["PHONE_NUMBER"]
    assert phone / (phone + false["PHONE_NUMBER"] + missed["PHONE_NUMBER"]) >= 0.93


def _wide(text):
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def _chinese(rnd):
    """(type, label, value) of every Chinese identifier."""
    area = rnd.choice(["010", "021", "0755", "0571", "0531"])
    number = f"{rnd.randrange(2, 9)}{labelled.digits(rnd, 7)}"
    hotline = f"400{rnd.choice('0168')}{labelled.digits(rnd, 6)}"
    card = "62" + labelled.digits(rnd, 16)
    card = next(card + d for d in "0123456789" if corpora.luhn(card + d))
    plate = f"{rnd.choice('京沪粤浙苏川鲁')}{rnd.choice('ABCDEFGH')}{labelled.digits(rnd, 5)}"
    resident = labelled.official(rnd, True)
    return [
        ("PHONE_NUMBER", "手机", labelled.mobile(rnd, True, 0)),
        ("PHONE_NUMBER", "手机", labelled.mobile(rnd, True, rnd.randrange(3))),
        ("PHONE_NUMBER", "电话", f"{area}-{number}"),
        ("PHONE_NUMBER", "热线", f"{hotline[:3]}-{hotline[3:6]}-{hotline[6:]}"),
        ("CN_RESIDENT_ID", "身份证号", resident),
        ("CN_RESIDENT_ID", "身份证号", f"{resident[:6]} {resident[6:14]} {resident[14:]}"),
        ("CN_CREDIT_CODE", "税号", labelled.uscc(rnd)),
        ("CN_BANK_CARD", "卡号", card),
        ("CN_BANK_CARD", "卡号", " ".join(card[i : i + 4] for i in range(0, 19, 4))),
        ("CN_PASSPORT", "护照", rnd.choice("EGP") + labelled.digits(rnd, 8)),
        ("CN_TRAVEL_PERMIT", "通行证", rnd.choice("HMC") + labelled.digits(rnd, 8)),
        ("CN_PLATE", "车牌", plate),
        ("CN_PLATE", "车牌", f"{plate[:2]}D{plate[2:]}"),
    ]


def test_chinese_identifiers_in_all_dresses():
    rnd = random.Random(11)
    found = total = 0
    missed = []
    for _ in range(60):
        for kind, label, value in _chinese(rnd):
            for text in (
                f"他的{label}{value}请尽快核对",
                f"{label}：{value}。",
                f"资料如下，{value}，请查收",
                f"{label}{_wide(value)}已登记",
                value,
            ):
                total += 1
                spans = [
                    one for one in entity_lines([Segment(text)], SCANNER) if one["type"] == kind
                ]
                hit = any(one["end"] - one["start"] >= 0.9 * len(value) for one in spans)
                found += hit
                if not hit:
                    missed.append((kind, text))
    assert found / total >= 0.995, missed[:10]


def test_running_chinese_prose_stays_quiet():
    rnd = random.Random(12)
    text = "\n".join("。".join(rnd.choices(corpora._ZH, k=6)) for _ in range(4000))
    assert list(entity_lines([Segment(text)], SCANNER)) == []


from scanner.detect._entity.scan import EntityScanner  # noqa: E402

SCANNER = EntityScanner()
