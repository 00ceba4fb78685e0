"""How far a long command is, told on standard error while it works."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable

from scanner.cli.options import tell

ON_TERMINAL, ELSEWHERE = 0.5, 30.0  # seconds between two lines


class Shown:
    """Progress: one line that changes on a terminal, a line now and then elsewhere."""

    def __init__(self, line: Callable[[], str], quiet: bool) -> None:
        self._line = line
        self._quiet = quiet
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> None:
        if not self._quiet:
            self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if not self._quiet:
            self._thread.join()

    def _run(self) -> None:
        terminal = sys.stderr.isatty()
        while not self._over.wait(ON_TERMINAL if terminal else ELSEWHERE):
            line = self._line()
            sys.stderr.write(f"\r\x1b[K{line}" if terminal else f"{line}\n")
            sys.stderr.flush()
        if terminal:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


class Rows(Shown):
    """Progress of a table that is read: `count` is told the rows read so far."""

    def __init__(self, quiet: bool) -> None:
        self._rows = 0
        super().__init__(lambda: tell("rows_read", rows=f"{self._rows:,}"), quiet)

    def __enter__(self) -> Rows:  # type: ignore[override]
        super().__enter__()
        return self

    def count(self, rows: int) -> None:
        """Take the number of rows read so far."""
        self._rows = rows
