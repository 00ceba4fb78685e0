"""Presidio speaks to the log; nothing of it belongs into the tests' output."""

from __future__ import annotations

import logging

import pytest


@pytest.fixture(autouse=True, scope="session")
def quiet():
    logging.getLogger("presidio-analyzer").setLevel(logging.CRITICAL)
