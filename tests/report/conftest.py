"""The invented incidents and stores of the record room, for the reports too."""

from __future__ import annotations

import importlib.util
from pathlib import Path

_PATH = Path(__file__).resolve().parents[1] / "record" / "conftest.py"
_SPEC = importlib.util.spec_from_file_location("leakscan_test_invented", _PATH)
assert _SPEC is not None
assert _SPEC.loader is not None
_MODULE = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(_MODULE)

make = _MODULE.make
home = _MODULE.home
store = _MODULE.store
