"""How closely a document reflects a dataset: identical, substantial, partial or incidental.

An indicator, never a verdict, and always as to the records that were matched. Order and format
of the rows carry no weight, and neither does the share of the list alone.
"""

from __future__ import annotations

from scanner.judge.packfile import SimilarityFile
from scanner.judge.selection import log10_tail
from scanner.model.finding import Finding, Method

IDENTICAL, SUBSTANTIAL, PARTIAL, INCIDENTAL = "identical", "substantial", "partial", "incidental"


def level(
    *,
    nonpublic: int,
    deep: int,
    coverage: float,
    containment: float,
    depth: float,
    canaries: int,
    limits: SimilarityFile,
    matched: int = 1,
) -> str:
    """The level of these figures under a pack's thresholds."""
    if not matched:
        return INCIDENTAL
    same = limits.identical
    if coverage >= same.coverage and containment >= same.containment and depth >= same.depth:
        return IDENTICAL
    much = limits.substantial
    few = much.deep_or_canary
    if nonpublic >= much.nonpublic and (deep >= few.deep or canaries >= few.canaries):
        return SUBSTANTIAL
    many = much.many
    filled = containment >= many.containment or coverage >= many.coverage
    if nonpublic >= many.nonpublic and filled:
        return SUBSTANTIAL
    if nonpublic >= limits.partial.nonpublic or deep >= limits.partial.deep:
        return PARTIAL
    return INCIDENTAL


def similarity(finding: Finding, limits: SimilarityFile) -> str:
    """The level of a finding; empty where there is no dataset to be similar to."""
    if finding.method is Method.CUSTOMER_LIST or not finding.dataset_id:
        return ""
    if finding.method is Method.SELECTION:
        return PARTIAL if selection_log10p(finding) <= limits.selection_log10p else INCIDENTAL
    if finding.method is Method.DOCUMENT:
        return _document(finding, limits)
    return level(
        nonpublic=finding.nonpublic,
        deep=finding.deep,
        coverage=coverage(finding),
        containment=finding.containment,
        depth=finding.field_depth,
        canaries=finding.canaries,
        limits=limits,
        matched=finding.records,
    )


def coverage(finding: Finding) -> float:
    """The share of the dataset that was matched, 0 where its size is not known."""
    if not finding.dataset_records:
        return 0.0
    return min(1.0, finding.records / finding.dataset_records)


def selection_log10p(finding: Finding) -> float:
    """How unlikely a chance draw of these names from the directory is, as log10 of p."""
    universe = finding.selection_universe
    return log10_tail(
        universe=universe,
        ours=min(finding.dataset_records, universe),
        drawn=finding.selection_universe_hits,
        hits=min(finding.records, finding.selection_universe_hits),
    )


def _document(finding: Finding, limits: SimilarityFile) -> str:
    """A registered document: how much of it stands in this one, as fingerprints."""
    share = coverage(finding) if finding.dataset_records else finding.containment
    if share >= limits.identical.coverage:
        return IDENTICAL
    if share >= limits.substantial.many.coverage:
        return SUBSTANTIAL
    return PARTIAL if finding.records else INCIDENTAL
