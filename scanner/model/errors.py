"""The exception tree.

LeakscanError            one line for the user: what is wrong and what to do (exit 2)
├── UsageError           a command was called with something it cannot use
├── SettingsError        a setting or an environment variable is wrong
├── HomeError            the home folder is missing, unwritable, of a newer version, or locked
├── KeyMissing           the index key is missing, unreadable or another one
├── IndexDamaged         an index file fails its checksum or was made with another key
├── TableError           a table cannot be registered (empty, no usable column, ...)
├── DossierError         a dossier or organisation file is wrong: names file, line and key
├── PackError            a law pack or pattern file is wrong: names file, line and key
├── StoreError           the incident store cannot be used, or its chain is broken
└── ReportError          a report cannot be written
Unread                   inside extraction: this object, or the rest of it, was not read
└── LimitReached         a limit of the shared budget was reached

Messages never hold a customer's value: they name files, lines, columns and keys.
"""

from __future__ import annotations


class LeakscanError(Exception):
    """One line for the user; the command line prints it and exits with 2."""


class UsageError(LeakscanError):
    """A command was called with something it cannot use."""


class SettingsError(LeakscanError):
    """A setting or an environment variable is wrong."""


class HomeError(LeakscanError):
    """The home folder is missing, unwritable, of a newer version, or locked."""


class KeyMissing(LeakscanError):
    """The index key is missing, unreadable, or not the one the index was made with."""


class IndexDamaged(LeakscanError):
    """An index file fails its checksum or was made by another version."""


class TableError(LeakscanError):
    """A table cannot be registered."""


class DossierError(LeakscanError):
    """A dossier or an organisation file is wrong; the message names file, line and key."""


class PackError(LeakscanError):
    """A law pack or a pattern file is wrong; the message names file, line and key."""


class StoreError(LeakscanError):
    """The incident store cannot be used, or its chain is broken."""


class ReportError(LeakscanError):
    """A report cannot be written."""


class Unread(Exception):
    """This object, or the rest of it, was not read; `reason` is a code of scanner.model.outcome."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason if not detail else f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class LimitReached(Unread):
    """A limit of the budget that a whole container tree shares was reached."""
