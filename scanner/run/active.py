"""Notes in the measure log for how long the scanner was active."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from scanner.home import Home
from scanner.model.errors import StoreError
from scanner.record.store import Store
from scanner.run.judging import user

BEAT_SECONDS = 60.0
_log = logging.getLogger(__name__)


@contextmanager
def active(home: Home, kind: str, text: str, *, beat: float = BEAT_SECONDS) -> Iterator[None]:
    """While inside, the measure log says that `kind` (watch, gateway) works over `text`.

    Every `beat` seconds it is noted again, so that after a crash the last beat is known.
    """
    over = threading.Event()
    with Store.open(home) as store:
        number = store.begin_measure(kind, text, host=socket.gethostname(), operator=user())
        beats = threading.Thread(target=_beat, args=(store, number, over, beat), daemon=True)
        beats.start()
        try:
            yield
        finally:
            over.set()
            beats.join()
            _note(store, number, end=True)


def _beat(store: Store, number: int, over: threading.Event, seconds: float) -> None:
    while not over.wait(seconds):
        _note(store, number)


def _note(store: Store, number: int, *, end: bool = False) -> None:
    try:
        store.beat_measure(number, end=end)
    except StoreError as error:  # the work goes on; the last beat that was written stands
        _log.warning("the measure log could not be written: %s", error)
