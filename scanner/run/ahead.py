"""One item after another, the next one made in a thread while the last is worked on."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterable
from typing import TypeVar

Item = TypeVar("Item")
_LOOK = 0.1  # seconds after which the thread looks whether it is still wanted


class _End:
    """The end of the items, with what broke them off."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


def ahead(items: Iterable[Item], most: int = 2) -> Generator[Item, None, None]:
    """The items in their order, up to `most` of them made before they are asked for.

    What their making raises is raised here, after the items before it. The thread ends with this
    generator, at the latest behind the item that it is at.
    """
    made: queue.Queue[Item | _End] = queue.Queue(most)
    over = threading.Event()

    def put(item: Item | _End) -> bool:
        while not over.is_set():
            try:
                made.put(item, timeout=_LOOK)
            except queue.Full:
                continue
            return True
        return False

    def work() -> None:
        end = _End()
        try:
            for item in items:
                if not put(item):
                    return
        except BaseException as error:  # noqa: BLE001 - raised again where the items are used
            end = _End(error)
        finally:
            if isinstance(items, Generator):
                items.close()
        put(end)

    thread = threading.Thread(target=work, name="reading ahead", daemon=True)
    thread.start()
    try:
        while not isinstance(item := made.get(), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        over.set()
        thread.join()
