"""Whatever a parser does, its document ends in one result with a reason, and the pool lives on."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.model.outcome import Coverage, Outcome

REFUSED = [
    "fork", "exec", "subprocess", "write", "write-null", "read", "list", "socket", "socketpair", "unix",
    "kill-parent", "kill-first", "ptrace", "memfd", "symlink", "unlink", "mkdir", "chmod", "limits",
    "unshare", "dumpable", "environ", "memory", "setuid", "openat2", "uring",
]  # fmt: skip
ALLOWED = ["thread", "import", "map", "abort-self"]


def test_a_plain_document(run) -> None:
    (one,) = run("text LEAK and LEAK", "text more")
    assert one.outcome == Outcome()
    assert one.findings[0].records == 2
    assert (one.file_type, one.segments, one.stable) == ("mock", 2, True)
    assert len(one.sha256) == 64


def test_every_escape_is_refused(run, pool) -> None:
    (one,) = run(*REFUSED, *ALLOWED)
    assert pool.isolation_report()[-1]["level"] == "full"
    told = dict(reason.split(" ", 1) for reason in one.findings[0].reasons)
    assert {name for name in told if told[name].startswith("refused")} == set(REFUSED)
    assert {name for name in told if told[name].startswith("worked")} == set(ALLOWED)
    assert not Path("/tmp/leakscan-escape").exists()


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("hang-c", "timeout"),
        ("hang-python", "timeout"),
        ("sleep 60", "timeout"),
        ("slow", "timeout"),
        ("oom", "memory"),
        ("segv", "crash:SIGSEGV"),
        ("abort", "crash:SIGABRT"),
        ("rust-oom", "memory"),
        ("exit 0", "crash:exit-0"),
        ("exit 3", "crash:exit-3"),
        ("exit-python", "crash:SystemExit"),
        ("close", "crash:closed-socket"),
        ("raise", "damaged"),
        ("unread encrypted", "encrypted"),
        ("io-error", "unreadable:EIO"),
        ("detector raise", "detector-failed"),
        ("detector pattern", "pattern-timeout"),
        ("garbage huge", "crash:protocol"),
        ("garbage letter", "crash:protocol"),
        ("garbage type", "crash:protocol"),
        ("garbage reason", "crash:protocol"),
        ("garbage deep", "crash:protocol"),
        ("garbage nan", "crash:protocol"),
        ("garbage poison", "crash:protocol"),
        ("garbage empty", "crash:protocol"),
        ("garbage error", "crash:protocol"),
    ],
)
def test_it_ends_with_its_reason_and_what_was_found_before_is_kept(
    run, hasty_run, command, reason
) -> None:
    (one,) = (hasty_run if reason == "timeout" else run)("text LEAK", command, "text LEAK")
    assert one.outcome.reason == reason
    assert one.outcome.coverage is Coverage.PARTIAL
    assert one.findings[0].records >= 1
    assert "CANARY" not in repr(one)
    (after,) = run("text LEAK")
    assert after.outcome == Outcome()


def test_a_flood_of_messages_ends_by_its_size_or_at_the_deadline(hasty_run) -> None:
    (one,) = hasty_run("text LEAK", "garbage flood")
    assert one.outcome.reason in {"crash:protocol", "timeout"}
    assert one.findings[0].records == 1


def test_ten_gigabytes_of_output_are_thrown_away(run) -> None:
    (one,) = run("text LEAK", "output 2000")
    assert one.outcome == Outcome()


def test_nothing_read_is_skipped(run) -> None:
    (one,) = run("segv")
    assert one.outcome == Outcome.skipped("crash:SIGSEGV")
    assert len(one.sha256) == 64


def test_a_crash_is_tried_once_more_with_the_careful_readers(run, pool) -> None:
    before = pool.counts.get("retried", 0)
    (one,) = run("text LEAK", "segv-unless-safe", "text LEAK")
    assert one.outcome == Outcome()
    assert one.findings[0].records == 2
    assert pool.counts["retried"] == before + 1


def test_members_read_before_a_crash_are_kept(run) -> None:
    objects = run("text LEAK", "child MOCK|text LEAK LEAK", "child MOCK|text LEAK|segv|text no")
    assert [one.inner for one in objects] == ["", "child19", "child27"]
    assert [one.outcome.reason for one in objects] == ["crash:SIGSEGV", "", "crash:SIGSEGV"]
    assert [one.findings[0].records for one in objects] == [1, 2, 1]


def test_a_member_that_crashes_does_not_hide_its_siblings(run) -> None:
    objects = run("child MOCK|text LEAK|segv", "child MOCK|segv", "child MOCK|text LEAK LEAK LEAK")
    assert [one.outcome for one in objects] == [
        Outcome(),
        Outcome.partial("crash:SIGSEGV"),
        Outcome.skipped("crash:SIGSEGV"),
        Outcome(),
    ]
    assert [sum(f.records for f in one.findings) for one in objects] == [0, 1, 0, 3]


def test_a_member_that_hangs_does_not_hide_its_siblings(hasty_run) -> None:
    objects = hasty_run("child MOCK|text LEAK|hang-c", "child MOCK|text LEAK LEAK LEAK")
    assert [one.outcome for one in objects] == [Outcome(), Outcome.partial("timeout"), Outcome()]
    assert [sum(f.records for f in one.findings) for one in objects] == [0, 1, 3]


def test_too_many_members_that_crash_end_the_document(run) -> None:
    objects = run(*(f"child MOCK|text {'x' * n}|segv" for n in range(9)))
    assert objects[0].outcome == Outcome.partial("crash:SIGSEGV")
    assert [one.outcome.reason for one in objects] == ["crash:SIGSEGV"] * len(objects)
