"""`leakscan judge FACTS.yaml`: the law engine alone, on cases that a person wrote down."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from scanner.judge.obligations import Verdict, judge_facts
from scanner.judge.pack import Pack, open_pack
from scanner.judge.vocabulary import FACTS
from scanner.model.errors import UsageError
from scanner.registry.yamlfile import YamlFile, read_yaml


def judge_cases(path: Path, pack_id: str = "CN") -> list[dict[str, Any]]:
    """The verdicts on a file's cases, in its order, as plain data for JSON.

    Raises UsageError naming file, line, case and fact; PackError where there is no such pack.
    """
    pack = open_pack(pack_id)
    source = read_yaml(path, UsageError)
    cases = source.value
    prefix: tuple[str | int, ...] = ()
    if isinstance(cases, dict) and list(cases) == ["cases"]:
        cases, prefix = cases["cases"], ("cases",)
    if not isinstance(cases, list):
        raise UsageError(f"{source.name}:1: must be a list of cases, each `{{id, facts: {{…}}}}`")
    seen: set[str] = set()
    return [_case(case, (*prefix, n), source, pack, seen) for n, case in enumerate(cases)]


def _case(
    case: Any, path: tuple[str | int, ...], source: YamlFile, pack: Pack, seen: set[str]
) -> dict[str, Any]:
    if not isinstance(case, dict) or "id" not in case:
        raise UsageError(f"{source.name}:{source.line(path)}: a case needs an id and facts")
    name = str(case["id"])
    place = f"case {name!r}"
    if odd := next((key for key in case if key not in ("id", "facts", "note")), None):
        line = source.line((*path, odd))
        raise UsageError(f"{source.name}:{line}: {place}: there is no such key {odd!r}")
    if name in seen:
        raise UsageError(f"{source.name}:{source.line(path)}: {place} stands twice")
    seen.add(name)
    facts = case.get("facts")
    if facts is None:
        facts = {}
    if not isinstance(facts, dict):
        line = source.line((*path, "facts"))
        raise UsageError(f"{source.name}:{line}: {place}: facts must be `fact: value`")
    try:
        verdict = judge_facts(facts, pack)
    except ValueError as error:
        wrong = next((fact for fact in facts if fact in str(error)), "")
        line = source.line((*path, "facts", wrong))
        raise UsageError(f"{source.name}:{line}: {place}: {error}") from None
    return answer(name, verdict)


def answer(name: str, verdict: Verdict) -> dict[str, Any]:
    """A verdict as the command prints it; every fact that was not given is a question."""
    asked = [fact for fact in FACTS if fact not in verdict.facts]
    return {
        "id": name,
        "status": verdict.status,
        "obligations": [
            {"id": state.id, "state": state.state, "triggers": list(state.triggers)}
            for state in verdict.obligations
        ],
        "acts": list(verdict.acts),
        "exemption": verdict.exemption,
        "exposure": str(verdict.exposure),
        "legal": str(verdict.legal),
        "facts_to_establish": list(dict.fromkeys((*verdict.questions, *asked))),
    }
