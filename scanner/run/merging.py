"""Merging the index files of a dataset: at once, or in a process of its own beside the work."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from contextlib import suppress

from scanner.home import Home
from scanner.index.merge import merge_dataset, merge_is_due

PRIORITY = 10  # added to the niceness of a merge: nobody waits for it


def merge_now(home: Home, dataset_id: str) -> int:
    """Merge; gives the bytes of the one file, 0 where the dataset was built anew meanwhile.

    Raises UsageError, HomeError (it is being merged already) or IndexDamaged.
    """
    return merge_dataset(home.index, home.key(), dataset_id)


def merge_in_background(home: Home, dataset_id: str) -> None:
    """Start a merge where one is due. Should it not start or end, the next update starts it."""
    if not merge_is_due(home.index, home.key(), dataset_id):
        return
    command = [sys.executable, "-m", "scanner", "registry", "merge", dataset_id]
    command += ["--home", str(home.root)]
    nothing = subprocess.DEVNULL
    with suppress(OSError):
        started = subprocess.Popen(
            command, stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True
        )
        if os.name == "posix":
            os.setpriority(os.PRIO_PROCESS, started.pid, PRIORITY)
        threading.Thread(target=started.wait, daemon=True).start()  # so that it leaves no zombie
