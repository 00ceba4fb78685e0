"""The recognisers in force for a home: ours, the user's own, and Presidio's country packs.

A home's folder `recognisers` holds the user's files, in the format of `recognisers`. A file
`packs.toml` there may name countries whose recognisers Presidio brings:
`countries = ["de", "it"]`; its folder `terms` holds lists of terms. Where a trained spaCy
pipeline is installed, names come too.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from scanner.detect._entity.check import check_specs
from scanner.detect._entity.pipelines import NamesRecogniser, available_pipelines
from scanner.detect._entity.presidio import LANGUAGE, data_registry, make_analyzer
from scanner.detect._entity.recognisers import built_in_files, read_specs
from scanner.detect._entity.scan import EntityScanner
from scanner.detect._entity.terms import TermsRecogniser, read_terms
from scanner.home import Home
from scanner.model.errors import PackError

FOLDER = "recognisers"
PACKS = "packs.toml"
TERMS = "terms"


def user_files(home: Home) -> list[Path]:
    """The user's recogniser files in a home, by name."""
    folder = home.root / FOLDER
    return sorted(file for file in folder.glob("*.toml") if file.name != PACKS)


def scanner_for(home: Home | None = None, **told: Any) -> EntityScanner:
    """An entity scanner with the recognisers in force.

    Raises PackError naming file, line and example where a user's file is wrong or slow.
    """
    files = user_files(home) if home is not None else []
    own = read_specs(built_in_files())
    specs = read_specs([*built_in_files(), *files])
    check_specs([spec for spec in specs if spec not in own])
    registry = data_registry(specs)
    if home is not None and (packs := home.root / FOLDER / PACKS).is_file():
        for recogniser in country_packs(_countries(packs), str(packs)):
            registry.add_recognizer(recogniser)
    if home is not None and (files := sorted((home.root / FOLDER / TERMS).glob("*.toml"))):
        registry.add_recognizer(TermsRecogniser([read_terms(file) for file in files]))
    if pipelines := available_pipelines():
        registry.add_recognizer(NamesRecogniser(pipelines))
    return EntityScanner(make_analyzer(registry, **told))


def _countries(file: Path) -> list[str]:
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PackError(f"{file}: {error}") from None
    countries = table.get("countries")
    if set(table) != {"countries"} or not isinstance(countries, list):
        raise PackError(f'{file}: one line is expected: countries = ["de", "it"]')
    return [str(country).lower() for country in countries]


def country_packs(countries: list[str], where: str = "") -> list[Any]:
    """Presidio's own recognisers of the countries (two-letter codes), patterns only."""
    import presidio_analyzer.predefined_recognizers as predefined
    from presidio_analyzer import PatternRecognizer

    found: dict[str, list[Any]] = {}
    for name in sorted(dir(predefined)):
        made = getattr(predefined, name)
        if isinstance(made, type) and issubclass(made, PatternRecognizer) and made.COUNTRY_CODE:
            found.setdefault(made.COUNTRY_CODE.lower(), []).append(made)
    for country in countries:
        if country not in found:
            known = ", ".join(sorted(found))
            raise PackError(f"{where}: no recognisers for {country!r}; there are some for {known}")
    return [made(supported_language=LANGUAGE) for code in countries for made in found[code]]
