"""An attachment of an Outlook data file that cannot be read is told."""

from __future__ import annotations

import pytest

from scanner.extract import _mapi, pst
from scanner.extract.base import Budget, Limits
from scanner.model.content import Child, Gap


class Attachment:
    """What the library gives for an attachment."""

    def __init__(self, data: bytes, numbers: dict[int, int]) -> None:
        self.data, self.numbers = data, numbers

    def get_size(self) -> int:
        return len(self.data)

    def read_buffer(self, size: int) -> bytes:
        return self.data[:size]


class Message:
    """A message with one attachment."""

    number_of_attachments = 1

    def __init__(self, attachment: Attachment) -> None:
        self.attachment = attachment

    def get_attachment(self, index: int) -> Attachment:
        return self.attachment


@pytest.mark.parametrize(
    ("data", "numbers", "reason", "children"),
    [
        (b"", {0x0E20: 20}, ["damaged"], 0),
        (b"strings of it", {0x3705: 5, 0x0E20: 13}, ["unsupported"], 1),
        (b"name,phone\n", {0x3705: 1, 0x0E20: 11}, [], 1),
        (b"", {0x3705: 1, 0x0E20: 0}, [], 0),
    ],
)
def test_an_attachment_that_is_not_read_whole_is_told(monkeypatch, data, numbers, reason, children):
    monkeypatch.setattr(pst, "_bag", lambda item: _mapi.Bag({}, getattr(item, "numbers", {})))
    message = Message(Attachment(data, numbers))
    told = list(pst._item(message, "message 1", Budget(Limits())))
    assert [one.reason for one in told if isinstance(one, Gap)] == reason
    assert sum(isinstance(one, Child) for one in told) == children
