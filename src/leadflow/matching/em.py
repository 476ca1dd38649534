"""Learning match weights without labels: expectation maximisation over counts of level patterns.

Pairs are of several kinds: the same record, different records that share a lot (a household, colleagues, branches of a
company), and strangers, who agree by chance. With strangers alone as the alternative, the estimation takes households for
doubles. For each kind it learns how often each level of each comparison occurs.

Only candidate pairs are looked at, yet their share is taken of all pairs: what candidates have in common because they
share a key would otherwise pass for what strangers have in common. The last kind is what is left of all pairs.

Each kind starts from a guess; the guess counts as a few observed pairs and, where `hold` says so, as a share of all pairs
of the kind, so that a kind keeps its meaning while it learns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import log2
from operator import itemgetter

from attrs import frozen

Shares = tuple[float, ...]
_CERTAIN = 60.0
"""Beyond this many bits a probability is 0 or 1 for our purposes."""
_LEAST = 1e-15


@frozen
class Guess:
    """What a kind is thought to be for one comparison: the share of each code (0 for one that never counts).

    `hold` is how much of the guess stays: 0 learns freely, 1 is fixed.
    """

    shares: Shares
    hold: float = 0.0


@frozen
class Term:
    """One comparison as the estimation sees it: where its code is in a pattern, and a guess per kind.

    Where `has_missing`, code 0 says nothing.
    """

    shift: int
    mask: int
    has_missing: bool
    guesses: tuple[Guess, ...]


@frozen
class Everything:
    """All pairs of rows: how many there are, and by comparison how many have each code; the larger part is never seen."""

    pairs: float
    codes: tuple[Shares, ...]


@frozen
class Estimate:
    """What was learnt: each kind's share of all pairs, and by kind and comparison the share of each code."""

    kinds: Shares
    shares: tuple[tuple[Shares, ...], ...]
    rounds: int


def estimate(
    counts: Mapping[int, int],
    terms: Sequence[Term],
    kinds: Shares,
    everything: Everything | None = None,
    *,
    belief: float = 10.0,
    rounds: int = 40,
    tolerance: float = 1e-3,
) -> Estimate:
    """Fit the kinds to counts of patterns; the order of the counts does not matter.

    `kinds` are first guesses of the kinds' shares of `everything` (of the counted pairs, if None); the first is watched
    for convergence. `belief` is how many pairs each guess counts as.

    >>> guesses = Guess((0, 0.8, 0.2), hold=0.2), Guess((0, 0.1, 0.9))
    >>> terms = [Term(2 * at, 3, True, guesses) for at in range(3)]
    >>> got = estimate({0b010101: 40, 0b010110: 10, 0b101010: 900, 0b101001: 50}, terms, (0.1, 0.9))
    >>> got.shares[0][2][1] > 0.8 > 0.1 > got.shares[1][2][1]
    True
    """
    patterns = sorted(counts)
    sizes = [float(counts[pattern]) for pattern in patterns]
    codes = [[pattern >> term.shift & term.mask for pattern in patterns] for term in terms]
    tallies = [_Tally(each, term) for each, term in zip(codes, terms, strict=True)]
    pairs, totals = _all_pairs([tally(sizes) for tally in tallies], sum(sizes), everything)
    shares = [[term.guesses[kind].shares for term in terms] for kind in range(len(kinds))]
    kinds = tuple(max(share, _LEAST) for share in kinds)
    done = 0
    while done < rounds:
        done += 1
        parts = _expected(codes, sizes, terms, shares, kinds)
        for at, tally in enumerate(tallies):
            learnt = _by_kind([tally(part) for part in parts], totals[at])
            for kind, tallied in enumerate(learnt):
                shares[kind][at] = _learnt(tallied, terms[at].guesses[kind], belief)
        before = kinds
        found = [(sum(part) + 1.0) / (pairs + len(parts)) for part in parts[:-1]]
        kinds = (*found, max(1.0 - sum(found), 1.0 / (pairs + len(parts))))
        if abs(before[0] - kinds[0]) < tolerance * kinds[0]:
            break
    return Estimate(kinds, tuple(tuple(each) for each in shares), done)


def _all_pairs(
    counted: list[list[float]], pairs: float, everything: Everything | None
) -> tuple[float, Sequence[Sequence[float]]]:
    """How many pairs there are in all, and by comparison and code; never less than what was counted."""
    if everything is None:
        return pairs, counted
    codes = [list(map(max, a, b)) for a, b in zip(counted, everything.codes, strict=True)]
    return max(pairs, everything.pairs), codes


def _by_kind(tallied: list[list[float]], totals: Sequence[float]) -> list[list[float]]:
    """Pairs by kind and code, where the last kind has all pairs that are left, seen or not."""
    *others, last = tallied
    left = (
        [total - sum(each) for total, each in zip(totals, zip(*others, strict=True), strict=True)] if others else totals
    )
    return [*others, list(map(max, left, last))]


class _Tally:
    """Adds up pairs by the code of one comparison."""

    def __init__(self, codes: Sequence[int], term: Term) -> None:
        self._codes = len(term.guesses[0].shares)
        places: dict[int, list[int]] = {}
        for place, code in enumerate(codes):
            places.setdefault(code, []).append(place)
        if term.has_missing:
            places.pop(0, None)
        self._pickers = [(code, _picker(each)) for code, each in sorted(places.items())]

    def __call__(self, sizes: Sequence[float]) -> list[float]:
        totals = [0.0] * self._codes
        for code, pick in self._pickers:
            totals[code] = sum(pick(sizes))
        return totals


def _picker(places: Sequence[int]) -> Callable[[Sequence[float]], Sequence[float]]:
    if len(places) == 1:
        return lambda sizes: (sizes[places[0]],)
    return itemgetter(*places)


def _expected(
    codes: Sequence[Sequence[int]],
    sizes: Sequence[float],
    terms: Sequence[Term],
    shares: Sequence[Sequence[Shares]],
    kinds: Shares,
) -> list[list[float]]:
    """How many pairs of each pattern are expected to be of each kind."""
    bits = []
    for share, own in zip(kinds, shares, strict=True):
        logs = [level_bits(term.has_missing, each) for term, each in zip(terms, own, strict=True)]
        columns = [map(log.__getitem__, each) for log, each in zip(logs, codes, strict=True)]
        start = log2(share)
        bits.append([start + each for each in map(sum, zip(*columns, strict=True))])
    parts: list[list[float]] = [[] for _ in kinds]
    for size, each in zip(sizes, zip(*bits, strict=True), strict=True):
        top = max(each)
        powers = [2.0 ** (bit - top) if top - bit < _CERTAIN else 0.0 for bit in each]
        size /= sum(powers)
        for part, power in zip(parts, powers, strict=True):
            part.append(size * power)
    return parts


def level_bits(has_missing: bool, shares: Sequence[float]) -> list[float]:
    """log2 of each code's share; 0 where nothing is learnt from the code."""
    bits = [log2(share) if share > 0 else 0.0 for share in shares]
    if has_missing:
        bits[0] = 0.0
    return bits


def _learnt(tallied: Sequence[float], guess: Guess, belief: float) -> Shares:
    if guess.hold >= 1.0:
        return guess.shares
    total = sum(tallied)
    weight = belief + total * guess.hold / (1.0 - guess.hold)
    return tuple((each + weight * share) / (total + weight) for each, share in zip(tallied, guess.shares, strict=True))
