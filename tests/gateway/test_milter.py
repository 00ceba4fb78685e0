"""The protocol by itself, a mail server played by hand."""

from __future__ import annotations

import asyncio
import os
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.gateway import milter
from scanner.gateway import session as session_module
from scanner.gateway.held import HeldMessages, release_reviewed
from scanner.gateway.message import IN_MEMORY, Message, Spool
from scanner.gateway.options import Options
from scanner.gateway.session import Answer, Session
from scanner.model.errors import UsageError

TROUBLE = Answer("refuse", "later", 451, "4.7.1")
OFFER = struct.pack("!III", 6, 0x1FF, 0x1FFFFF)


class Server:
    """A session served over a socket pair; `seen` are the messages that were decided over."""

    def __init__(self, tmp_path, answer=None, error: Exception | None = None, slow: float = 0.0):
        self.spool = Spool(tmp_path / "spool")
        self.answer, self.error, self.slow = answer or Answer("accept"), error, slow
        self.seen: list[dict] = []

    async def decide(self, message: Message) -> Answer:
        if self.slow:
            await asyncio.sleep(self.slow)
        if self.error is not None:
            raise self.error
        self.seen.append(
            {
                "sender": message.sender,
                "to": list(message.recipients),
                "data": message.read(),
                "queue": message.queue_id,
                "id": message.message_id,
            }
        )
        return self.answer

    async def talk(self, *frames: bytes, offer: bytes = OFFER) -> list[tuple[bytes, bytes]]:
        """What comes back for the frames, until the session ends."""

        async def serve(reader, writer):
            await Session(reader, writer, self.spool, self.decide, TROUBLE).run()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
        try:
            writer.write(milter.frame(b"O", offer) + b"".join(frames) + milter.frame(b"Q"))
            told = []
            while head := await asyncio.wait_for(reader.read(4), 20):
                while len(head) < 4:
                    head += await reader.readexactly(4 - len(head))
                body = await reader.readexactly(struct.unpack("!I", head)[0])
                told.append((body[:1], body[1:]))
            return told
        finally:
            writer.close()
            server.close()


def whole(body: bytes = b"body\r\n", sender: bytes = b"<a@b>", chunks: int = 1) -> list[bytes]:
    """The frames of one message."""
    step = max(1, len(body) // chunks)
    return [
        milter.frame(b"D", b"Mi\0Q123\0{auth_authen}\0zhang\0"),
        milter.frame(b"M", sender + b"\0SIZE=1\0"),
        milter.frame(b"R", b"<x@y>\0"),
        milter.frame(b"R", b"<hidden@z>\0NOTIFY=NEVER\0"),
        milter.frame(b"T"),
        milter.frame(b"L", b"Subject\0 two\n\tlines\0"),
        milter.frame(b"L", b"Message-ID\0 <m@b>\0"),
        milter.frame(b"N"),
        *[milter.frame(b"B", body[at : at + step]) for at in range(0, len(body), step)],
        milter.frame(b"E"),
    ]


def run(server: Server, *frames: bytes, offer: bytes = OFFER):
    return asyncio.run(server.talk(*frames, offer=offer))


def test_the_message_is_put_together_as_it_was(tmp_path):
    server = Server(tmp_path)
    told = run(server, *whole())
    assert [command for command, _ in told] == [b"O", b"c"]
    (seen,) = server.seen
    assert seen["data"] == b"Subject: two\r\n\tlines\r\nMessage-ID: <m@b>\r\n\r\nbody\r\n"
    assert (seen["sender"], seen["to"]) == ("a@b", ["x@y", "hidden@z"])
    assert (seen["queue"], seen["id"]) == ("Q123", "<m@b>")


def test_an_mta_that_takes_out_the_space_and_wants_every_answer(tmp_path):
    server = Server(tmp_path)
    frames = [frame.replace(b"\0 two", b"\0two").replace(b"\0 <m", b"\0<m") for frame in whole()]
    frames = [struct.pack("!I", len(frame) - 4) + frame[4:] for frame in frames]
    told = run(server, *frames, offer=struct.pack("!III", 2, 0x1F, 0x7F))
    assert server.seen[0]["data"].startswith(
        b"Subject: two\r\n\tlines\r\nMessage-ID: <m@b>\r\n\r\n"
    )
    answered = [frame for frame in frames if frame[4:5] in b"MRTLNBE"]
    assert len(told) == 1 + len(answered)


def test_several_messages_on_one_connection_share_nothing(tmp_path):
    server = Server(tmp_path)
    run(server, *whole(b"one"), *whole(b"two")[:6], milter.frame(b"A"), *whole(b"three", b"<c@d>"))
    assert [(seen["data"][-5:], seen["sender"]) for seen in server.seen] == [
        (b"\r\none", "a@b"),
        (b"three", "c@d"),
    ]
    assert [seen["to"] for seen in server.seen] == [["x@y", "hidden@z"]] * 2


@pytest.mark.parametrize(
    ("answer", "offer", "expected"),
    [
        (Answer("accept"), OFFER, [(b"c", b"")]),
        (Answer("hold", "why"), OFFER, [(b"q", b"why\0"), (b"c", b"")]),
        (Answer("hold", "why"), struct.pack("!III", 6, 0x1F, 0x1FFFFF), [(b"y", b"451 4.7.1 later\0")]),
        (Answer("refuse", "no 5% 客户"), OFFER, [(b"y", "550 5.7.1 no 5%% 客户\0".encode())]),
    ],
)  # fmt: skip
def test_answers(tmp_path, answer, offer, expected):
    assert run(Server(tmp_path, answer), *whole(), offer=offer)[1:] == expected


@pytest.mark.parametrize("error", [RuntimeError("x"), OSError(28, "full"), ValueError()])
def test_whatever_fails_makes_the_mail_server_try_again(tmp_path, error):
    told = run(Server(tmp_path, error=error), *whole())
    assert told[1:] == [(b"y", b"451 4.7.1 later\0")]


def test_a_full_disk_makes_the_mail_server_try_again_and_the_next_message_passes(
    tmp_path, monkeypatch
):
    server = Server(tmp_path)
    real = os.write
    full = {"now": True}

    def write(fd, data):
        if full["now"] and os.path.realpath(f"/proc/self/fd/{fd}").endswith(".eml"):
            full["now"] = False
            raise OSError(28, "No space left on device")
        return real(fd, data)

    monkeypatch.setattr(os, "write", write)
    big = b"x" * (IN_MEMORY + 10)
    told = run(server, *whole(big, chunks=40), *whole(big, chunks=40))
    assert told[1:] == [(b"y", b"451 4.7.1 later\0"), (b"c", b"")]
    assert len(server.seen[0]["data"]) > IN_MEMORY
    assert list((tmp_path / "spool").iterdir()) == []


def test_a_long_decision_keeps_the_mail_server_waiting_with_progress(tmp_path, monkeypatch):
    monkeypatch.setattr(session_module, "PROGRESS_EVERY", 0.02)
    told = run(Server(tmp_path, slow=0.2), *whole())
    assert told[-1] == (b"c", b"")
    assert told.count((b"p", b"")) >= 2


def test_left_over_spool_files_are_removed_at_the_start(tmp_path):
    (tmp_path / "spool").mkdir()
    (tmp_path / "spool" / "left.eml").write_bytes(b"x")
    Spool(tmp_path / "spool")
    assert list((tmp_path / "spool").iterdir()) == []


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(b"OCHMRTLNBEADUKx"), st.binary(max_size=60)), max_size=20)
)
def test_no_sequence_of_frames_breaks_a_session(tmp_path_factory, frames):
    server = Server(tmp_path_factory.mktemp("fuzz"))
    told = run(server, *[milter.frame(bytes([command]), data) for command, data in frames])
    assert all(command in (b"O", b"c", b"y", b"q") for command, _ in told)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_break_a_session(tmp_path_factory, garbage):
    async def talk() -> None:
        reader = asyncio.StreamReader()
        reader.feed_data(garbage)
        reader.feed_eof()

        class Writer:
            def write(self, data):
                return

            async def drain(self):
                return

            def close(self):
                return

        spool = Spool(tmp_path_factory.mktemp("fuzz"))
        server = Server(tmp_path_factory.mktemp("fuzz2"))
        await Session(reader, Writer(), spool, server.decide, TROUBLE).run()

    asyncio.run(talk())


def test_a_second_try_is_the_same_message_and_other_recipients_are_another(tmp_path):
    spool = Spool(tmp_path)

    def identity(recipients, data=b"x"):
        message = Message(spool, sender="a@b", recipients=recipients)
        message.add(data)
        return message.identity

    tries = []
    for date in (b"Mon, 1 Jun", b"Tue, 2 Jun"):
        message = Message(spool, sender="a@b", recipients=["x@y"])
        for line in (b"Date: " + date, b"Subject: s", b"Message-ID: <m@b>"):
            message.add_header(line + b"\r\n")
        message.add(b"\r\nbody")
        tries.append(message.identity)
    assert tries[0] == tries[1]
    assert identity(["x@y", "z@y"]) == identity(["z@y", "x@y"])
    assert len({identity(["x@y"]), identity(["z@y"]), identity(["x@y"], b"other")}) == 3


def test_held_messages_wait_for_every_incident(tmp_path):
    held = HeldMessages(tmp_path)
    log = tmp_path / "released"
    command = ("sh", "-c", f"echo {{id}} >> {log}")
    held.add("Q1", "i1", ["a", "b"], "s@x")
    held.add("Q2", "i2", ["c"], "s@x")
    held.add("Q3", "i3", ["d"], "s@x")
    verdicts = {"a": "authorised", "c": "confirmed", "d": "needs_facts"}
    assert release_reviewed(held, lambda one: verdicts.get(one, ""), command) == []
    verdicts |= {"b": "false_positive"}
    assert [
        one.queue_id for one in release_reviewed(held, lambda o: verdicts.get(o, ""), command)
    ] == ["Q1"]
    assert log.read_text() == "Q1\n"
    assert {one.queue_id: one.state for one in held.all()} == {
        "Q1": "released",
        "Q2": "kept",
        "Q3": "held",
    }
    verdicts["d"] = "authorised"
    assert release_reviewed(held, lambda o: verdicts.get(o, ""), ("false",)) == []
    assert [one.queue_id for one in held.all("held")] == ["Q3"]
    held.add("Q4", "i4", [], "s@x")  # nothing to review: never let go by itself
    assert release_reviewed(held, lambda o: verdicts.get(o, ""), ("false",)) == []
    assert release_reviewed(held, lambda o: "", command) == []
    assert {one.queue_id for one in held.all("held")} == {"Q3", "Q4"}
    held.add("Q3", "i9", ["e"], "s@x")
    assert {one.identity for one in held.all("held")} - {"i4"} == {"i9"}
    held.close()


@pytest.mark.parametrize(
    "wrong", [{"listen": "15080"}, {"listen": "inet:x:y"}, {"mode": "drop"}, {"on_failure": "open"}]
)
def test_wrong_options_are_refused(wrong):
    with pytest.raises(UsageError):
        Options(**wrong)


class _Pipeline:
    """Breaks on one document, in the thread of the bridge."""

    def __init__(self) -> None:
        self.done = []

    def submit(self, document, event, *, data=None, token=None) -> None:
        self.done.append((document, token))

    def results(self, *, wait=None):
        done, self.done = self.done, []
        for document, token in done:
            if document.uri == "poison":
                raise NameError("name 'rule_facts' is not defined")
            yield type("P", (), {"document": document, "token": token})

    def close(self) -> None:
        return


def test_a_bug_that_a_message_sets_off_stops_nothing(tmp_path):
    from datetime import UTC, datetime

    from scanner.gateway.bridge import Bridge, Unavailable
    from scanner.home import open_home
    from scanner.model.document import Document
    from scanner.model.incident import Event

    async def talk() -> None:
        bridge = Bridge(open_home(tmp_path / "home"), _Pipeline, 4)
        event = Event(at=datetime.now(UTC))
        with pytest.raises(Unavailable, match="NameError"):
            await bridge.examine(Document("poison"), event, lambda: b"")
        assert not bridge.healthy
        for _ in range(200):
            try:
                told = await bridge.examine(Document("fine"), event, lambda: b"")
                break
            except Unavailable:
                await asyncio.sleep(0.02)
        assert told.document.uri == "fine" and bridge.healthy
        bridge.close()
        with pytest.raises(Unavailable):
            await bridge.examine(Document("late"), event, lambda: b"")

    asyncio.run(asyncio.wait_for(talk(), 30))
