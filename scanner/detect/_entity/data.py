"""A Presidio recogniser out of a recogniser file."""

from __future__ import annotations

import re

from presidio_analyzer import Pattern, PatternRecognizer

from scanner.detect._entity.recognisers import RecogniserSpec
from scanner.detect._entity.validators import VALIDATORS

LANGUAGE = "en"
"""Our recognisers serve every language; Presidio wants one name for them."""

_FLAGS = re.DOTALL | re.MULTILINE


class DataRecogniser(PatternRecognizer):
    """A recogniser of a TOML file: expressions told apart by case, a named validator.

    `quick` says that its expressions come with the program and are known to end soon on any text,
    so that nothing has to watch the clock while they run.
    """

    def __init__(
        self, spec: RecogniserSpec, language: str = LANGUAGE, *, quick: bool = False
    ) -> None:
        super().__init__(
            supported_entity=spec.type,
            name=spec.name,
            supported_language=language,
            patterns=[Pattern(one.name, one.regex, one.score) for one in spec.patterns],
            context=list(spec.context),
            global_regex_flags=_FLAGS,
        )
        self.validator = VALIDATORS.get(spec.validator)
        self.quick = quick

    def validate_result(self, pattern_text: str) -> bool | None:
        """True sure, False no, None neither."""
        return self.validator(pattern_text) if self.validator else None
