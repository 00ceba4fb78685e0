"""Writes docs/commands.md and docs/settings.md from the program: `python docs/build.py`.

A test compares them with what this gives, so they cannot go stale.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def commands() -> str:
    """Every command with its arguments and options."""
    from typer.main import get_command

    from scanner.cli.main import app

    lines = [
        "# Commands",
        "",
        "Made from the program by `python docs/build.py`. `--home DIR` may stand before or after",
        "the subcommand. Commands that print a table take `--json`.",
        "",
    ]
    _describe(get_command(app), "leakscan", lines)
    return "\n".join(lines).rstrip() + "\n"


def _describe(command: Any, path: str, lines: list[str]) -> None:
    subcommands = getattr(command, "commands", None)
    if subcommands:
        for name in subcommands:
            _describe(subcommands[name], f"{path} {name}", lines)
        return
    lines += [f"## {path}", "", (command.help or "").strip(), ""]
    rows = []
    for parameter in command.params:
        if parameter.name == "help":
            continue
        names = (
            ", ".join(parameter.opts)
            if parameter.param_type_name == "option"
            else (parameter.metavar or parameter.name.upper())
        )
        rows.append(
            f"| `{names}` | {'required' if parameter.required else ''} | {getattr(parameter, 'help', '') or ''} |"
        )
    if rows:
        lines += ["| argument or option | | |", "|---|---|---|", *rows, ""]


def settings() -> str:
    """Every setting with its default and meaning."""
    from scanner.settings import Settings

    lines = [
        "# Settings",
        "",
        "Made from the program by `python docs/build.py`. A setting is given in `settings.toml` in the",
        "home, overruled by the environment (`LEAKSCAN_` and the name in capitals), overruled by the",
        "command line where there is an option for it. Unknown names in the file are errors.",
        "",
        "| setting | default | meaning |",
        "|---|---|---|",
    ]
    for name, field in Settings.model_fields.items():
        lines.append(f"| `{name}` | `{field.default!r}` | {field.description} |")
    lines += [
        "",
        "Read from the environment only: `LEAKSCAN_HOME` (the home), `LEAKSCAN_KEY_FILE` (the index",
        "key), `LEAKSCAN_LANG` (`zh` or `en`).",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    (HERE / "commands.md").write_text(commands(), encoding="utf-8")
    (HERE / "settings.md").write_text(settings(), encoding="utf-8")
