"""The severity table over all its combinations, against the table written a second time."""

import itertools

from scanner.judge.obligations import judge_facts
from scanner.judge.pack import load_pack

PACK = load_pack("CN")
RECIPIENT = {
    "none": 0, "internal_authorised": 0, "external_authorised": 0, "customer_self": 0,
    "owner_of_data": 0, "internal_unauthorised": 1, "own_removable": 2, "own_personal": 3,
    "external_unauthorised": 4, "unknown_external": 4, "competitor": 5, "public": 5,
}  # fmt: skip
PLACE = {
    None: 0, "approved": 0, "internal_restricted": 0, "unapproved": 1, "internal_everyone": 2,
    "own_removable": 2, "own_personal": 3, "public_internet": 5,
}  # fmt: skip
VOLUME = [
    ((0, 0.0), 0), ((9, 0.001), 0), ((10, 0.001), 1), ((99, 0.01), 1), ((100, 0.01), 2),
    ((999, 0.1), 2), ((1000, 0.1), 3), ((6, 0.5), 3), ((0, 1.0), 0), ((6, 0.49), 0),
]  # fmt: skip
NAMES = ["none", "low", "low", "medium", "medium", "high", "high", "critical"]


def test_every_combination():
    ran = 0
    for (recipient, r), (place, p), (
        (nonpublic, share),
        v,
    ), deep, leaving, promise, core, enc in itertools.product(
        RECIPIENT.items(), PLACE.items(), VOLUME, (2, 3), *itertools.repeat((False, True), 4)
    ):
        facts = {
            "match.level": "substantial",
            "match.nonpublic": nonpublic,
            "match.coverage": share,
            "match.deep": deep,
            "match.foreign_records": 1 if recipient == "none" else None,
            "recipient.class": recipient,
            "location.class": place,
            "actor.status": "left" if leaving else "active",
            "dataset.promise": promise,
            "dataset.level": "core" if core else "ordinary",
            "dataset.status": "ts_supported",
            "dataset.confidential": False,
            "protection.encrypted": enc,
        }
        verdict = judge_facts(facts, PACK)
        audience = max(r, p)
        if recipient == "none" and place is None:
            audience = 1
        points = audience + v + (deep >= 3) + leaving + promise + core
        if enc and recipient in ("own_personal", "own_removable"):
            points = max(1, points - 2)
        if audience == 0:
            assert verdict.exposure == ("low" if verdict.obligations else "none")
        else:
            assert verdict.exposure == NAMES[min(points, 7)], facts
            assert verdict.points == points
        assert verdict.legal == (verdict.exposure if verdict.obligations else "none")
        ran += 1
    assert ran == 12 * 8 * 10 * 2 * 16


def test_legal_severity_is_capped_by_the_status():
    caps = {
        ("ts_supported", False): "critical",
        ("ts_unproven", False): "high",
        ("ts_not_supported", False): "medium",
        ("ts_unproven", True): "critical",
        ("ts_not_supported", True): "critical",
        (None, False): "medium",
    }
    for (status, promise), cap in caps.items():
        facts = {
            "match.level": "identical",
            "match.nonpublic": 10_000,
            "match.deep": 10_000,
            "match.coverage": 1.0,
            "recipient.class": "competitor",
            "dataset.status": status,
            "dataset.promise": promise,
            "dataset.confidential": True,
        }
        verdict = judge_facts(facts, PACK)
        assert (verdict.exposure, verdict.legal) == ("critical", cap)
