"""The gateway behind a real Postfix on loopback."""

from __future__ import annotations

import base64
import io
import time
import zipfile

from gateway_mta import send


def wait_for(condition, seconds: float = 30.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return bool(condition())


def mail(identity: str, body: str = "hello", attachment: tuple[str, bytes] | None = None) -> bytes:
    head = [
        f"Message-ID: <{identity}@corp.example>",
        "From: Sender <sender@corp.example>",
        "To: shown@partner.example",
        "Subject: =?utf-8?B?5oql5Lu3?=",
        "MIME-Version: 1.0",
    ]
    if attachment is None:
        head.append("Content-Type: text/plain; charset=utf-8")
        head.append("Content-Transfer-Encoding: 8bit")
        return ("\r\n".join(head) + "\r\n\r\n").encode() + body.encode() + b"\r\n"
    name, data = attachment
    encoded = base64.encodebytes(data).replace(b"\n", b"\r\n")
    head.append('Content-Type: multipart/mixed; boundary="edge"')
    parts = (
        b"--edge\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + body.encode() + b"\r\n"
        b"--edge\r\nContent-Type: application/octet-stream\r\n"
        b'Content-Disposition: attachment; filename="' + name.encode() + b'"\r\n'
        b"Content-Transfer-Encoding: base64\r\n\r\n" + encoded + b"--edge--\r\n"
    )
    return ("\r\n".join(head) + "\r\n\r\n").encode() + parts


def zipped(name: str, data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return out.getvalue()


def leaks(rows) -> list[tuple[str, bytes]]:
    text = "\r\n".join(rows[:30])
    data = "\n".join(rows[:30]).encode()
    return [
        ("body", mail("body", text)),
        ("attachment", mail("attachment", "see", ("list.csv", data))),
        ("zip", mail("zip", "see", ("list.zip", zipped("内/客户.csv", data)))),
    ]


def incidents(home):
    from scanner.home import open_home
    from scanner.record.store import Store

    with Store.open(open_home(home)) as store:
        return [found.incident for found in store.select(events=True).incidents()]


def test_reject_mode_refuses_what_is_blocked_with_a_text_in_both_languages(
    mailserver, sink, rows, home
):
    postfix, gateway = mailserver("reject")
    assert (
        send(postfix.port, "sender@corp.example", ["li@partner.example"], mail("clean"))[0] == 250
    )
    for name, data in leaks(rows):
        code, text = send(postfix.port, "sender@corp.example", ["x@stranger.example"], data)
        assert (code, name) == (550, name)
        assert "5.7.1" in text and "confidential customer information" in text
        assert "保密的客户信息" in text
    assert wait_for(lambda: sink.ids() == ["<clean@corp.example>"])
    assert postfix.queue() == []
    found = incidents(home)
    assert len(found) == 3
    assert {one.judgement.disposition for one in found} == {"blocked"}
    assert {one.event.recipients for one in found} == {("x@stranger.example",)}
    assert {one.document.provenance.channel.value for one in found} == {"mail"}
    assert gateway.stop() == 0


def test_hold_mode_holds_until_reviewed(mailserver, sink, rows, home):
    from scanner.home import open_home
    from scanner.record.store import Store

    postfix, gateway = mailserver("hold")
    for _, data in leaks(rows):
        assert send(postfix.port, "sender@corp.example", ["x@stranger.example"], data)[0] == 250
    assert wait_for(lambda: len(postfix.held()) == 3)
    assert sink.messages == []
    with Store.open(open_home(home)) as store:
        ids = [found.id for found in store.select(events=True).incidents()]
        assert len(ids) == 3
        store.review(ids[0], "authorised", "agreed with the customer", "reviewer")
        store.review(ids[1], "confirmed", "a leak", "reviewer")
    assert wait_for(lambda: len(sink.messages) == 1)
    time.sleep(1.0)
    assert len(sink.messages) == 1 and len(postfix.held()) == 2
    assert gateway.stop() == 0


def test_monitor_mode_lets_everything_go_and_records_it(mailserver, sink, rows, home):
    postfix, _ = mailserver("monitor")
    for _, data in leaks(rows):
        assert send(postfix.port, "sender@corp.example", ["x@stranger.example"], data)[0] == 250
    assert wait_for(lambda: len(sink.messages) == 3)
    assert {one.judgement.disposition for one in incidents(home)} == {"logged"}


def test_bcc_counts_through_the_envelope(mailserver, sink, rows, home):
    postfix, _ = mailserver("reject")
    people = ["ok@partner.example", "hidden@stranger.example"]
    code, _ = send(postfix.port, "sender@corp.example", people, leaks(rows)[0][1])
    assert code == 550
    (found,) = incidents(home)
    assert found.event.recipients == tuple(people)


def test_an_encrypted_attachment_is_held_and_released_by_a_review(mailserver, sink, home):
    from scanner.home import open_home
    from scanner.record.store import Store

    postfix, _ = mailserver("reject")
    locked = bytearray(zipped("a.csv", b"x" * 200))
    for at in (locked.find(b"PK\x03\x04") + 6, locked.find(b"PK\x01\x02") + 8):
        locked[at] |= 1
    data = mail("locked", "see", ("list.zip", bytes(locked)))
    assert send(postfix.port, "sender@corp.example", ["x@stranger.example"], data)[0] == 250
    assert wait_for(lambda: len(postfix.held()) == 1)
    with Store.open(open_home(home)) as store:
        (found,) = list(store.select(events=True).incidents())
        assert found.incident.finding.method.value == "unread"
        assert found.incident.examined.inner.endswith("a.csv") or found.incident.examined.inner
        store.review(found.id, "false_positive", "opened it", "reviewer")
    assert wait_for(lambda: sink.ids() == ["<locked@corp.example>"])


def test_without_the_gateway_mail_is_put_off(mailserver, sink, rows):
    postfix, gateway = mailserver("reject")
    gateway.kill()
    code, text = send(postfix.port, "sender@corp.example", ["x@stranger.example"], mail("later"))
    assert (code, text[:5]) == (451, "4.7.1")
    gateway.start()
    assert (
        send(postfix.port, "sender@corp.example", ["x@stranger.example"], mail("later"))[0] == 250
    )
    assert wait_for(lambda: sink.ids() == ["<later@corp.example>"])
