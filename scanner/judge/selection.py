"""The selection test: could chance alone have drawn these names out of a directory?"""

from __future__ import annotations

from math import exp, inf, lgamma, log

_LN10 = log(10.0)


def log10_tail(*, universe: int, ours: int, drawn: int, hits: int) -> float:
    """log10 of the chance of at least `hits` of ours among `drawn` names of the directory.

    The directory holds `universe` names, `ours` of which stand in our list (hypergeometric
    tail). 0.0 where nothing speaks against chance or the figures make no test; minus infinity
    where more were drawn than chance could give. It compares with a random pick: in a narrow
    trade the directory must be that trade's, otherwise the figure overstates.
    """
    drawn = min(drawn, universe)
    most = min(ours, drawn)
    if universe <= 0 or ours <= 0 or hits <= max(0, drawn - (universe - ours)):
        return 0.0
    if hits > most:
        return -inf
    base = _ln_choose(universe, drawn)
    top = _ln_term(universe, ours, drawn, hits) - base
    total, term = 1.0, 0.0
    # Terms relative to the first one, each by the ratio to the one before it.
    for k in range(hits, most):
        numerator = (ours - k) * (drawn - k)
        denominator = (k + 1) * (universe - ours - drawn + k + 1)
        term += log(numerator) - log(denominator)
        part = exp(term) if term < 700 else inf
        total += part
        if part < total * 1e-15 and numerator < denominator:
            break
    if total == inf:
        return 0.0
    return min(0.0, (top + log(total)) / _LN10)


def _ln_term(universe: int, ours: int, drawn: int, k: int) -> float:
    return _ln_choose(ours, k) + _ln_choose(universe - ours, drawn - k)


def _ln_choose(n: int, k: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
