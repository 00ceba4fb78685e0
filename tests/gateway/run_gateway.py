"""A gateway of its own process: run_gateway.py HOME LISTEN MODE [ON_FAILURE]."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path


def main() -> int:
    from scanner.gateway import Options, gateway
    from scanner.home import open_home
    from scanner.record.store import Store
    from scanner.settings import load_settings

    opened = Store.open
    Store.open = staticmethod(lambda home, **told: opened(home, busy_seconds=1.0))  # type: ignore
    home, listen, mode, on_failure, release = (*sys.argv[1:], "defer", "")[:5]
    logging.basicConfig(stream=sys.stderr, level=logging.INFO)
    options = Options(
        listen=listen,
        mode=mode,
        on_failure=on_failure or "defer",
        release_seconds=0.3,
        say=lambda text: print(text, flush=True),
        **({"release": tuple(release.split())} if release else {}),
    )
    return gateway(
        open_home(Path(home)),
        load_settings(workers=2, ocr=bool(os.environ.get("GATEWAY_OCR"))),
        options,
    )


if __name__ == "__main__":
    sys.exit(main())
