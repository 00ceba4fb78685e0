"""The gateway behind a real Postfix on loopback."""

from __future__ import annotations

import asyncio
import io
import time

import pytest
from gateway_mta import leaks, mail, send, storm, zipped


def wait_for(condition, seconds: float = 60.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return bool(condition())


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


@pytest.mark.slow
def test_a_list_in_a_picture_is_refused(mailserver, sink, rows, home, monkeypatch):
    pytest.importorskip("rapidocr", reason="needs the ocr extra")
    from PIL import Image, ImageDraw, ImageFont

    monkeypatch.setenv("GATEWAY_OCR", "1")
    image = Image.new("RGB", (1600, 400), "white")
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(28)
    for number, row in enumerate(rows[:8]):
        cells = row.split(",")
        draw.text((20, 20 + 40 * number), f"{cells[3]}  {cells[4]}", fill="black", font=font)
    out = io.BytesIO()
    image.save(out, "PNG")
    postfix, _ = mailserver("reject")
    data = mail("picture", "see", ("a.png", out.getvalue()))
    assert send(postfix.port, "sender@corp.example", ["x@stranger.example"], data)[0] == 550
    assert sink.messages == []


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


def stormed(mailserver, sink, rows, home, messages: int, kills: int, mode: str = "reject") -> None:
    """Nothing is lost, nothing with the list comes out, no message comes out twice."""
    postfix, gateway = mailserver(mode)
    todo = []
    for number in range(messages):
        if number % 10 == 3:
            kind = number // 10 % 3
            todo.append((f"leak{number}", leaks(rows, f"-{number}")[kind][1]))
        else:
            todo.append((f"clean{number}", mail(f"clean{number}", f"note {number}")))
    answers = asyncio.run(storm(postfix, gateway, todo, kills))
    clean = [name for name, _ in todo if name.startswith("clean")]
    assert {answers[name][0] for name in clean} == {250}
    assert wait_for(lambda: len(sink.messages) >= len(clean))
    time.sleep(0.5)
    assert sorted(sink.ids()) == sorted(f"<{name}@corp.example>" for name in clean)
    secret = rows[3].split(",")[3].encode()
    assert not [data for _, data in sink.messages if secret in data]
    leaked = [name for name, _ in todo if name.startswith("leak")]
    assert {answers[name][0] for name in leaked} == {550}
    assert len({one.document.uri for one in incidents(home)}) == len(leaked)
    assert postfix.queue() == []


def test_killed_again_and_again_nothing_is_lost_or_let_out(mailserver, sink, rows, home):
    stormed(mailserver, sink, rows, home, messages=120, kills=2)


@pytest.mark.slow
def test_ten_thousand_messages_and_fifty_kills(mailserver, sink, rows, home):
    stormed(mailserver, sink, rows, home, messages=10_000, kills=50)


def test_a_store_that_another_process_holds_puts_mail_off_and_loses_nothing(
    mailserver, sink, rows, home
):
    import sqlite3

    postfix, _ = mailserver("reject")
    assert send(postfix.port, "s@corp.example", ["x@stranger.example"], mail("before"))[0] == 250
    other = sqlite3.connect(home / "store.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    message = leaks(rows)[0][1]
    started = time.monotonic()
    code, text = send(postfix.port, "s@corp.example", ["x@stranger.example"], message)
    assert (code, text[:5]) == (451, "4.7.1"), time.monotonic() - started
    other.execute("ROLLBACK")
    other.close()
    code, _ = send(postfix.port, "s@corp.example", ["x@stranger.example"], message, tries=40)
    assert code == 550
    assert wait_for(lambda: sink.ids() == ["<before@corp.example>"])


def test_a_bypass_is_itself_an_incident(mailserver, sink, rows, home):
    import sqlite3

    postfix, _ = mailserver("reject", "pass")
    other = sqlite3.connect(home / "store.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    message = leaks(rows)[0][1]
    assert send(postfix.port, "s@corp.example", ["x@stranger.example"], message)[0] == 250
    assert wait_for(lambda: sink.ids() == ["<body@corp.example>"])
    other.execute("ROLLBACK")
    other.close()
    assert wait_for(lambda: [one.finding.reasons for one in incidents(home)] == [("bypass",)], 60)
    (found,) = incidents(home)
    assert found.event.recipients == ("x@stranger.example",)
    assert wait_for(lambda: not (home / "gateway/bypass.jsonl").exists())


def test_large_messages_pass_through_the_spool_and_leave_nothing_there(
    mailserver, sink, rows, home
):
    postfix, _ = mailserver("reject")
    big = mail("big", "x", ("big.txt", b"plain words and more " * 150_000))
    leak = mail(
        "bigleak",
        "x",
        ("big.txt", b"plain words and more \n" * 150_000 + "\n".join(rows[:30]).encode()),
    )
    assert send(postfix.port, "s@corp.example", ["x@stranger.example"], big)[0] == 250
    assert send(postfix.port, "s@corp.example", ["x@stranger.example"], leak)[0] == 550
    assert wait_for(lambda: sink.ids() == ["<big@corp.example>"])
    assert list((home / "gateway/spool").iterdir()) == []


MALFORMED = {
    "no blank line": b"Subject: x\r\n",
    "no header": b"\r\nbody only\r\n",
    "endless boundary": b"Content-Type: multipart/mixed; boundary="
    + b"b" * 5000
    + b"\r\n\r\n--x\r\n",
    "boundary never closed": b'Content-Type: multipart/mixed; boundary="a"\r\n\r\n--a\r\n\r\nx\r\n',
    "two content types": b"Content-Type: text/plain\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n\r\nx\r\n--a--\r\n",
    "NULs": b"Subject: \0\0\r\n\r\nbo\0dy\r\n",
    "8 bit header": "Subject: 客户名单\r\n\r\nx\r\n".encode("gb18030"),
    "long line": b"Subject: x\r\n\r\n" + b"y" * 900_000 + b"\r\n",
}


@pytest.mark.parametrize("mode", ["monitor"])
def test_malformed_messages_get_an_answer_and_the_next_one_passes(mailserver, sink, mode):
    postfix, gateway = mailserver(mode)
    for name, data in MALFORMED.items():
        code, text = send(postfix.port, "s@corp.example", ["x@stranger.example"], data)
        assert code == 250, (name, code, text)
    assert send(postfix.port, "s@corp.example", ["x@stranger.example"], mail("after"))[0] == 250
    assert wait_for(lambda: len(sink.messages) == len(MALFORMED) + 1)
    assert gateway.process.poll() is None


def test_smuggled_commands_make_no_second_message(mailserver, sink):
    """A bare line feed before and after the dot is no end of a message."""
    postfix, _ = mailserver("monitor")
    smuggled = (
        mail("outer", "x") + b"\n.\nMAIL FROM:<a@evil.example>\r\nRCPT TO:<v@stranger.example>\r\n"
        b"DATA\r\n" + mail("inner", "smuggled")
    )
    send(postfix.port, "s@corp.example", ["x@stranger.example"], smuggled)
    time.sleep(1.0)
    assert "<inner@corp.example>" not in sink.ids()
    assert {tuple(people) for people, _ in sink.messages} <= {("x@stranger.example",)}
