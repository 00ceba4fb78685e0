"""The detector stays light: no Presidio, no spaCy, no pandas come in with it."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("presidio_analyzer", "spacy", "pandas", "hyperscan", "re2", "tldextract", "phonenumbers")


@pytest.mark.parametrize("module", ["scanner.detect.customer_list", "scanner.columns.typing"])
def test_nothing_heavy_is_imported(module):
    code = (
        f"import {module}, sys; from scanner.detect import customer_list; customer_list.warm();"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
