"""The hash chain over rows: each row's hash covers the row before it.

row_hash = SHA-256(prev_hash + LF + canonical JSON of the row), where canonical JSON has sorted
keys, no spaces and UTF-8 text. The first row follows GENESIS. Editing, removing, inserting or
moving a row breaks the chain at that row; a cut tail is found only against an anchor (row count
and last hash) kept elsewhere.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

GENESIS = "0" * 64

_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def canonical(row: Mapping[str, Any]) -> str:
    """The row as canonical JSON text."""
    return _ENCODER.encode(row)


def link(prev_hash: str, row_json: str) -> str:
    """The hash, hex, of a row given as canonical JSON that follows a row with `prev_hash`.

    Surrogates (bytes that are no text) are hashed in their escaped form.
    """
    data = f"{prev_hash}\n{row_json}".encode("utf-8", "backslashreplace")
    return hashlib.sha256(data).hexdigest()
