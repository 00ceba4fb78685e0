"""Every text shown to people, in Chinese and English, from the tables in patterns/messages/."""

from __future__ import annotations

import os
import tomllib
from functools import cache

from scanner.resources import patterns_dir

LANGUAGES = ("en", "zh")


def language() -> str:
    """LEAKSCAN_LANG, else the locale: "zh" where it begins with zh, else "en"."""
    for name in ("LEAKSCAN_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        if told := os.environ.get(name):
            return "zh" if told.lower().startswith("zh") else "en"
    return "en"


@cache
def _table(room: str) -> dict[str, dict[str, str]]:
    path = patterns_dir() / "messages" / f"{room}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def message(room: str, key: str, lang: str | None = None, /, **values: object) -> str:
    """The text `key` of `patterns/messages/<room>.toml` with its {placeholders} filled in.

    Raises KeyError where there is no such text.
    """
    return _table(room)[key][lang or language()].format(**values)
