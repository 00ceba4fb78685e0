from __future__ import annotations

import subprocess
import sys

from scanner.run.sandbox.warm import samples, warm_up


def test_every_sample_is_read_whole() -> None:
    assert warm_up() == dict.fromkeys(samples(), "")


def test_warming_up_starts_no_thread() -> None:
    """A process with threads cannot be forked from safely."""
    code = (
        "from scanner.run.sandbox.warm import warm_up; import os; warm_up(); "
        "print(len(os.listdir('/proc/self/task')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1"
