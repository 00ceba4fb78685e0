"""The SQLite file under the store: opened, migrated, and one transaction at a time."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from scanner.model.errors import StoreError

_MIGRATIONS = Path(__file__).resolve().parent / "migrations"
BUSY_SECONDS = 30.0


def revisions() -> list[str]:
    """The revisions of the store's schema that this version knows, oldest first."""
    return sorted(path.stem[1:5] for path in (_MIGRATIONS / "versions").glob("v[0-9]*.py"))


class Database:
    """Connections to one store file. Errors come out as StoreError without any value."""

    def __init__(self, path: Path, busy_seconds: float = BUSY_SECONDS) -> None:
        self.path = path
        with translated(path):
            if not path.exists():
                _create_private(path)
            self.engine = _engine(path, busy_seconds)
            try:
                self._migrate()
            except BaseException:
                self.engine.dispose()
                raise

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """A transaction that holds the store's write lock from its start; durable at its end."""
        with translated(self.path), self.engine.connect() as plain:
            connection = plain.execution_options(leakscan_write=True)
            with connection.begin():
                yield connection

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A transaction that sees one state of the store and blocks no writer."""
        with translated(self.path), self.engine.connect() as connection, connection.begin():
            yield connection

    def compact(self) -> None:
        """Bring the write-ahead log home, so that what was erased is in no file any more."""
        with translated(self.path), self.engine.connect() as connection:
            connection.rollback()
            raw = connection.connection.cursor()
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            raw.close()

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    def _revision(self, connection: sa.Connection) -> str:
        if not sa.inspect(connection).has_table("alembic_version"):
            return ""
        return str(connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar())

    def _migrate(self) -> None:
        known = revisions()
        with self.read() as connection:
            have = self._revision(connection)
        if have == known[-1]:
            return
        with self.write() as connection:
            have = self._revision(connection)
            if have and have not in known:
                raise StoreError(
                    f"the incident store {self.path} was made by a newer leakscan (store version "
                    f"{have}, this one reads up to {known[-1]}): update leakscan, or choose "
                    "another home with --home"
                )
            if have != known[-1]:
                _upgrade(connection)


def _create_private(path: Path) -> None:
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
    except OSError as error:
        raise StoreError(f"the incident store {path} cannot be made ({error.strerror})") from None


def _engine(path: Path, busy_seconds: float) -> sa.Engine:
    engine = sa.create_engine(
        sa.URL.create("sqlite", database=os.fspath(path)),
        connect_args={"timeout": busy_seconds, "check_same_thread": False},
        hide_parameters=True,
    )

    @event.listens_for(engine, "connect")
    def _connected(dbapi_connection: Any, _record: Any) -> None:
        dbapi_connection.isolation_level = None  # transactions begin as `_begun` says
        cursor = dbapi_connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA secure_delete=ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begun(connection: sa.Connection) -> None:
        write = connection.get_execution_options().get("leakscan_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


def _upgrade(connection: sa.Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", os.fspath(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turns what the database library raises into a StoreError that says what to do."""
    try:
        yield
    except DBAPIError as error:
        raise StoreError(_said(path, str(error.orig))) from None
    except sqlite3.Error as error:
        raise StoreError(_said(path, str(error))) from None
    except SQLAlchemyError as error:
        raise StoreError(
            f"the incident store {path} cannot be used ({type(error).__name__})"
        ) from None


def _said(path: Path, text: str) -> str:
    if "locked" in text or "busy" in text:
        return (
            f"the incident store {path} is in use by another process: wait until it has finished "
            "and try again"
        )
    if "full" in text:
        return f"the incident store {path} cannot grow, the disk is full: free some space"
    if "malformed" in text or "not a database" in text:
        return (
            f"the incident store {path} is damaged: put a backup of it back, or move it away and "
            "scan again with --full"
        )
    if "readonly" in text or "unable to open" in text:
        return f"the incident store {path} cannot be written: check its owner and permissions"
    return f"the incident store {path} cannot be used ({text})"
