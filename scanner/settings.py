"""Every setting, declared once: name, default, bounds and meaning. Help and docs come from here."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from scanner.model.errors import SettingsError


class Settings(BaseSettings):
    """The settings in force: command line over LEAKSCAN_<NAME> over settings.toml over defaults."""

    model_config = SettingsConfigDict(env_prefix="LEAKSCAN_", extra="ignore", frozen=True)

    workers: int = Field(0, ge=0, le=256, description="worker processes; 0 means one a core")
    deadline_seconds: float = Field(
        120.0, gt=0, description="seconds one document may take, plus 1 s for each MiB of its size"
    )
    worker_memory_mib: int = Field(1536, ge=256, description="memory cap of one worker, MiB")
    max_depth: int = Field(16, ge=1, le=64, description="nesting levels of containers")
    max_members: int = Field(100_000, ge=1, description="members of one document, all levels")
    max_expanded_mib: int = Field(4096, ge=1, description="expanded bytes of one document, MiB")
    max_member_mib: int = Field(512, ge=1, description="bytes held in memory of one member, MiB")
    max_ratio: int = Field(200, ge=2, description="expanded to compressed bytes, above 32 MiB")
    max_pixels: int = Field(100_000_000, ge=1, description="pixels of one picture")
    ocr: bool = Field(True, description="read pictures where the ocr extra is installed")
    pack: str = Field("CN", description="law pack that judges findings")
    customer_lists: bool = Field(True, description="look for customer lists that nobody registered")
    passwords: tuple[str, ...] = Field(
        (), description="passwords to try on encrypted documents", repr=False
    )
    settle_seconds: float = Field(0.3, ge=0, description="quiet time before a watched file is read")
    hold_from: Literal["low", "medium", "high", "critical"] = Field(
        "low", description="severity from which an outgoing document is held"
    )
    block_from: Literal["low", "medium", "high", "critical"] = Field(
        "high", description="severity from which an outgoing document is blocked"
    )
    pass_unread: tuple[str, ...] = Field(
        (), description="reasons why a part was not read that do not hold an outgoing document"
    )
    encrypted_domains: tuple[str, ...] = Field(
        (), description="domains to which mail always travels under a key of the company's"
    )
    retention_days: int = Field(1095, ge=1, description="days an incident is kept")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over values read from the file, which come as init values."""
        return env_settings, init_settings


# Read by other rooms straight from the environment: they say where things are, not how to work.
PLACES = frozenset({"LEAKSCAN_HOME", "LEAKSCAN_KEY_FILE", "LEAKSCAN_LANG"})


def load_settings(file: Path | None = None, **overrides: Any) -> Settings:
    """The settings in force. `overrides` (from the command line) win where they are not None.

    Raises SettingsError naming the file or variable and the setting.
    """
    values: dict[str, Any] = {}
    if file is not None and file.exists():
        try:
            values = tomllib.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise SettingsError(f"{file}: {error}") from None
        if unknown := sorted(set(values) - set(Settings.model_fields)):
            raise SettingsError(f"{file}: there is no setting {unknown[0]!r}")
    try:
        settings = Settings(**values)
        told = {key: value for key, value in overrides.items() if value is not None}
        return settings.model_validate({**settings.model_dump(), **told}) if told else settings
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise SettingsError(f"the setting {name}: {first['msg']}") from None
