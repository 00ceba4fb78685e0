"""`check`: envelopes, parts that cannot be read, policies, and what the verdict may show."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.model.errors import UsageError
from scanner.model.examined import Examined
from scanner.model.incident import Severity
from scanner.model.outcome import Outcome
from scanner.run.send_judging import Policy
from scanner.source.mailbox import addresses_of, looks_like_message

ROOT = Path(__file__).parents[2]
LIST = ROOT / "fixtures/demo/customers_cn.csv"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    from scanner.home import open_home
    from scanner.run.enrol import add_dataset

    made = open_home(tmp_path_factory.mktemp("check") / "home")
    add_dataset(made, LIST, "crm-cn", dossier_file=ROOT / "fixtures/demo/dossiers/crm-cn.yaml")
    return made


@pytest.fixture
def verdict(home, tmp_path):
    from scanner.run.outgoing import check
    from scanner.settings import load_settings

    def make(name: str, data: bytes, **told):
        settings = load_settings(workers=1, ocr=False, **told.pop("settings", {}))
        (tmp_path / name).write_bytes(data)
        return check(home, settings, tmp_path / name, **told)

    return make


def rows(first: int, last: int) -> bytes:
    return b"\n".join(LIST.read_bytes().splitlines()[first:last])


def test_the_headers_speak_where_no_envelope_is_told(verdict):
    mail = (
        b'From: "Zhang, San" <zhang@corp.example>\r\nTo: Li <li@a.example>\r\n'
        b"Bcc: hidden@b.example\r\nSubject: x\r\n\r\n" + rows(1, 31)
    )
    told = verdict("offer.eml", mail).as_json()
    assert (told["verdict"], told["sender"]) == ("block", "zhang@corp.example")
    assert [one["address"] for one in told["recipients"]] == ["li@a.example", "hidden@b.example"]
    again = verdict("offer.eml", mail, sender="x@corp.example", recipients=["only@c.example"])
    assert again.event.sender == "x@corp.example" and again.event.recipients == ("only@c.example",)


def test_a_file_that_is_no_message_has_no_recipient_of_its_own(verdict):
    told = verdict("list.csv", rows(0, 31))
    assert told.event.recipients == () and told.incidents[0].event.recipient_class == "none"


def test_the_verdict_shows_no_value_and_is_json(verdict):
    told = verdict("list.csv", rows(0, 31), recipients=["x@nowhere.example"])
    shown = json.dumps(told.as_json(), ensure_ascii=False) + repr(told)
    for line in LIST.read_text(encoding="utf-8-sig").splitlines()[1:31]:
        cells = line.split(",")
        assert all(cell not in shown for cell in (cells[1], cells[3], cells[4], cells[-1]))
    assert set(told.as_json()) == {
        "verdict", "document", "at", "sender", "recipients", "findings", "unread", "reasons",
        "would_allow",
    }  # fmt: skip


def locked() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.csv", b"x" * 50)
    data = bytearray(out.getvalue())
    for at in (data.find(b"PK\x03\x04") + 6, data.find(b"PK\x01\x02") + 8):
        data[at] |= 1
    return bytes(data)


def test_what_cannot_be_read_is_held_unless_the_reason_may_pass(verdict):
    told = verdict("list.zip", locked(), recipients=["x@nowhere.example"])
    assert told.decision == "hold" and "do_readable" in {one.code for one in told.would_allow}
    (part,) = told.as_json()["unread"]
    assert part["reason"] == "encrypted" and part["path"].endswith("a.csv")
    passed = verdict(
        "list.zip",
        locked(),
        recipients=["x@nowhere.example"],
        settings={"pass_unread": ("encrypted",)},
    )
    assert passed.decision == "allow"


def test_the_settings_say_what_is_held_and_blocked(verdict):
    told = {"recipients": ["x@nowhere.example"]}
    high = {"block_from": "critical", "hold_from": "critical"}
    assert verdict("few.csv", rows(1, 4), settings=high, **told).decision == "allow"
    assert verdict("few.csv", rows(1, 4), **told).decision == "block"


def test_a_file_that_is_none_is_a_clear_error(home, tmp_path):
    from scanner.run.outgoing import check
    from scanner.settings import load_settings

    with pytest.raises(UsageError, match="cannot be checked"):
        check(home, load_settings(), tmp_path / "none.csv")


def test_not_recorded_where_it_should_not_be(home, verdict):
    from scanner.record.store import Store

    with Store.open(home) as store:
        before = store.select(events=True).count()
    told = verdict("other.csv", rows(40, 80), recipients=["x@nowhere.example"], record=False)
    assert told.decision == "block" and told.as_json()["findings"][0]["incident_id"] == ""
    with Store.open(home) as store:
        assert store.select(events=True).count() == before


def test_a_list_that_nobody_registered_is_held_for_a_stranger_and_not_for_a_colleague(verdict):
    import random

    chance = random.Random(3)
    lines = ["客户名称\t联系人\t手机\t采购金额\t客户等级"]
    for number in range(60):
        name = "".join(chance.choice("云景博瑞泰恒昌盛宏远嘉禾") for _ in range(4))
        person = chance.choice("赵钱孙李周吴郑王") + chance.choice("明华丽强磊洋")
        phone = f"13{chance.randrange(10**9):09d}"
        lines.append(f"苏州{name}贸易有限公司\t{person}\t{phone}\t{number * 997}\tA")
    data = "\n".join(lines).encode()
    told = verdict("new.txt", data, sender="a@corp.example", recipients=["x@nowhere.example"])
    assert [one.finding.method.value for one in told.incidents] == ["customer_list"]
    assert told.decision == "hold" and "do_register" in {one.code for one in told.would_allow}
    inside = verdict("new.txt", data, sender="a@corp.example", recipients=["b@corp.example"])
    assert inside.decision == "allow"


PART = Examined("a", "zip", 1, "", Outcome.skipped("unreadable:EACCES"))


@pytest.mark.parametrize(
    ("passing", "left"), [((), 1), (("unreadable:",), 0), (("encrypted", "unreadable:EIO"), 1)]
)
def test_reasons_that_may_pass(passing, left):
    assert len(Policy(pass_unread=frozenset(passing)).unread_parts([PART])) == left


def test_domains_with_a_company_key():
    policy = Policy(encrypted_domains=frozenset({"partner.example"}))
    assert policy.encryption("Li <li@Partner.example>") is True
    assert policy.encryption("li@evil-partner.example") is None
    assert policy.hold_from is Severity.LOW


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"Name,Phone\n1,2\n",
        b"To: you\n\nfrom: me",
        b"\x00From: x\nTo: y\n",
        b"Dear all:\nTo: be",
    ],
)
def test_what_is_no_message(head):
    assert not looks_like_message(head)


@given(st.binary(max_size=300))
def test_no_header_breaks_the_reading(head):
    looks_like_message(head)
    addresses_of(b"From: " + head + b"\r\nTo: " + head)


def test_addresses_hidden_in_names_and_comments_are_none():
    head = (
        b'To: "a@quoted.example" <real@x.example> (c@comment.example), b@x.example\r\n'
        b"Cc: =?utf-8?B?5bygQHo=?= <k@d.example>,\r\n\tREAL@x.example\r\n\r\nTo: body@x.example"
    )
    found = addresses_of(head).recipients
    assert found == ("real@x.example", "b@x.example", "k@d.example")
