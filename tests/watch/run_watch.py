"""A watch of its own process: run_watch.py HOME ROOT STORE [QUARANTINE]; prints what it says."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

_spec = importlib.util.spec_from_file_location("watch_fakes", Path(__file__).parent / "fakes.py")
fakes = importlib.util.module_from_spec(_spec)
sys.modules["watch_fakes"] = fakes
_spec.loader.exec_module(fakes)


def main() -> int:
    from scanner.home import open_home
    from scanner.settings import load_settings
    from scanner.watch import Options, watch

    home, root, store = map(Path, sys.argv[1:4])
    quarantine = Path(sys.argv[4]) if len(sys.argv) > 4 else None
    return watch(
        open_home(home),
        load_settings(settle_seconds=0.1, workers=2),
        [root],
        pipeline_factory=lambda: fakes.FakePipeline(store),
        options=Options(say=lambda text: print(text, flush=True), quarantine=quarantine),
    )


if __name__ == "__main__":
    sys.exit(main())
