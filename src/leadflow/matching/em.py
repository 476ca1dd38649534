"""Learning match weights without labels: expectation maximisation over counts of level patterns.

Two kinds of pairs are mixed among the candidates: the same record and different ones. For each comparison `m` is how
often the levels occur among the same, `u` among the different. Both start from a guess (`usual` agreement; random pairs)
that also counts as a few observed pairs, so that little data bends the guess only little.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log2

from attrs import frozen

_CERTAIN = 60.0
"""Beyond this many bits a probability is 0 or 1 for our purposes."""


@frozen
class Term:
    """One comparison as the estimation sees it: where its code is, how many codes there are, the first guesses.

    `m` and `u` are by code; where `has_missing`, code 0 is left out of both.
    """

    shift: int
    mask: int
    has_missing: bool
    m: tuple[float, ...]
    u: tuple[float, ...]


@frozen
class Estimate:
    """What was learnt: `prior` in log2 odds among candidates, `m` and `u` by term and code, rounds taken."""

    prior: float
    m: tuple[tuple[float, ...], ...]
    u: tuple[tuple[float, ...], ...]
    rounds: int


def estimate(
    counts: Mapping[int, int],
    terms: Sequence[Term],
    *,
    share: float,
    belief: float = 10.0,
    rounds: int = 50,
    tolerance: float = 1e-5,
) -> Estimate:
    """Fit `m`, `u` and the prior to counts of patterns; the order of the counts does not matter.

    `share` is the first guess of the same pairs' share; `belief` how many pairs each guess counts as.

    >>> terms = [Term(2 * at, 3, True, (0, 0.8, 0.2), (0, 0.1, 0.9)) for at in range(3)]
    >>> got = estimate({0b010101: 40, 0b010110: 10, 0b101010: 900, 0b101001: 50}, terms, share=0.1)
    >>> got.m[2][1] > 0.9 > 0.1 > got.u[2][1]
    True
    """
    patterns = sorted(counts)
    sizes = [float(counts[pattern]) for pattern in patterns]
    codes = [[pattern >> term.shift & term.mask for pattern in patterns] for term in terms]
    totals = [_by_code(each, sizes, term) for each, term in zip(codes, terms, strict=True)]
    m, u = [term.m for term in terms], [term.u for term in terms]
    total = sum(sizes)
    done = 0
    for done in range(1, rounds + 1):
        scores = [level_weights(term, a, b) for term, a, b in zip(terms, m, u, strict=True)]
        same = _same(codes, sizes, scores, log2(share / (1 - share)))
        found = (sum(same) + belief * share) / (total + belief)
        for at, term in enumerate(terms):
            seen = _by_code(codes[at], same, term)
            rest = [max(a - b, 0.0) for a, b in zip(totals[at], seen, strict=True)]
            m[at] = _shares(seen, term.m, term, belief)
            u[at] = _shares(rest, term.u, term, belief)
        moved, share = abs(found - share), min(max(found, 1e-9), 1 - 1e-9)
        if moved < tolerance * share:
            break
    return Estimate(log2(share / (1 - share)), tuple(m), tuple(u), done)


def level_weights(term: Term, m: Sequence[float], u: Sequence[float]) -> list[float]:
    """The weight of each code, log2(m / u); missing weighs nothing."""
    weights = [log2(a / b) if a and b else 0.0 for a, b in zip(m, u, strict=True)]
    if term.has_missing:
        weights[0] = 0.0
    return weights


def _same(
    codes: Sequence[Sequence[int]], sizes: Sequence[float], scores: Sequence[Sequence[float]], prior: float
) -> list[float]:
    """How many pairs of each pattern are expected to be the same record."""
    columns = [map(score.__getitem__, each) for score, each in zip(scores, codes, strict=True)]
    weights = map(sum, zip(*columns, strict=True))
    return [
        0.0 if bits < -_CERTAIN else size if bits > _CERTAIN else size / (1.0 + 2.0**-bits)
        for bits, size in zip((weight + prior for weight in weights), sizes, strict=True)
    ]


def _by_code(codes: Sequence[int], sizes: Sequence[float], term: Term) -> list[float]:
    totals = [0.0] * (term.mask + 1)
    for code, size in zip(codes, sizes, strict=True):
        totals[code] += size
    return totals[: len(term.m)]


def _shares(seen: Sequence[float], guess: Sequence[float], term: Term, belief: float) -> tuple[float, ...]:
    first = 1 if term.has_missing else 0
    total = sum(seen[first:]) + belief
    return (0.0,) * first + tuple(
        (count + belief * share) / total for count, share in zip(seen[first:], guess[first:], strict=True)
    )
