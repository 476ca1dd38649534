"""Taking turns in a pool: pure functions over a state of ids and counters.

Fairness, for members who can always take a lead (n of them, weights w, their sum W):

- round_robin: in any run of picks their counts differ by at most 1, whatever the other members do.
- weighted (smooth): nobody is ever more than 1 - 1/n of a lead ahead of his exact share w/W, nor more than
  1/2 + 1/3 + ... + 1/n behind it (5/6 for three, below 2 for ten); after every W picks the shares are exact.
  Why: the fullest of n cups is served, so the k fullest are on average at most 1/(k+1) fuller than the k+1
  fullest were. When members come and go, a lead counts as shared by those in rotation at that pick, so an
  absence skews nobody else's share: two members of equal weight never differ by more than 1.
- least_loaded: turns per weight differ by at most 1/w of the one ahead, over the ends of periods too.

A returned turn (`credit`) is given before the ordinary ones. A pick that finds nobody changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from fractions import Fraction
from math import floor
from typing import Final

from attrs import evolve, frozen

from leadflow.assignment.pools.eligibility import (
    ABSENCES,
    LEAD_SPECIFIC,
    Situation,
    Skipped,
    free_from_us,
    obstacle,
)
from leadflow.assignment.pools.turns import FRESH, PoolState, Turns, average_level, counted, credit, rolled
from leadflow.assignment.rules import Member, Pool
from leadflow.errors import NotFoundError
from leadflow.model.values import NOTHING

__all__ = ["Pick", "PoolState", "Situation", "Skipped", "Strategy", "Turns", "credit", "pick"]

_UNIT: Final = 1 << 20
"""Resolution of smooth weights: rescaling them when members come or go rounds by a millionth of a turn."""


@frozen(kw_only=True)
class Pick:
    """Who gets the lead (None: nobody can), the state afterwards, and why the others do not.

    `opens_us` is when somebody can take it if only time passes; set only when nobody can now.
    """

    user: str | None
    state: PoolState
    skipped: tuple[Skipped, ...]
    opens_us: int | None = None


Strategy = Callable[[tuple[Member, ...], PoolState, Situation], tuple[str, PoolState]]
"""Chooses one of the eligible members (in order, never empty) and moves its own part of the state; pure."""


def pick(pool: Pool, state: PoolState, situation: Situation, strategies: Mapping[str, Strategy] = NOTHING) -> Pick:
    """Give one lead to a member of the pool.

    Those who cannot take it are set aside before the choice, so that no backup gets their share. `strategies`
    are the host's own, by name. Errors: NotFoundError for a schedule or strategy that is not defined.

    >>> pool = Pool(name="p", members=(Member(user="a", weight=3), Member(user="b")), strategy="weighted")
    >>> state, order = PoolState(), []
    >>> for _ in range(8):
    ...     chosen = pick(pool, state, Situation(now_us=0))
    ...     state = chosen.state
    ...     order.append(chosen.user)
    >>> "".join(order)
    'aabaaaba'
    """
    fresh = rolled(pool, state, situation.now_us)
    members = sorted(pool.members, key=_place)
    found = {m.user: obstacle(pool, m, situation, fresh.of(m.user)) for m in members}
    skipped = tuple(item for item in found.values() if item is not None)
    eligible = tuple(member for member in members if found[member.user] is None)
    if not eligible:
        opens = [free_from_us(pool, m, situation, fresh.of(m.user)) for m in members]
        soonest = min((at_us for at_us in opens if at_us is not None), default=None)
        return Pick(user=None, state=state, skipped=skipped, opens_us=soonest)
    ready = _prepared(members, fresh, found)
    owed = tuple(member for member in eligible if ready.of(member.user).credits > 0)
    if owed and pool.strategy in _IN_ORDER:
        user = _after(owed, ready.pointer).user
    else:
        user, ready = _strategy(pool.strategy, strategies)(eligible, ready, situation)
    others = tuple(Skipped(member.user, "not_next") for member in eligible if member.user != user)
    return Pick(user=user, state=counted(ready, user), skipped=skipped + others)


def _prepared(members: Collection[Member], state: PoolState, found: Mapping[str, Skipped | None]) -> PoolState:
    """The state just before a choice: who cannot be chosen is out of rotation, who is new or back is level.

    Shape: `members` in order; `found` has the obstacle of each. Counters of users who left the pool are
    dropped.
    """
    weights = {member.user: member.weight for member in members}
    known = {user: turns for user, turns in state.members.items() if user in weights}
    absent = {user for user, skip in found.items() if skip is not None and skip.reason in ABSENCES}
    settled = [user for user, turns in known.items() if user not in absent and not turns.is_away]
    has_new = len(settled) + len(absent) < len(found)  # else nobody needs the average, which is costly
    average = average_level(weights, known, settled or list(known)) if has_new else Fraction(0)
    turning: dict[str, int] = {}
    ready: dict[str, Turns] = {}
    for user, skip in found.items():
        turns = known.get(user)
        if user in absent:
            if turns is not None:
                ready[user] = evolve(turns, current=0, is_away=True)
            continue
        if turns is None or turns.is_away:
            turns = _levelled(turns or FRESH, floor(average * weights[user]))
        if skip is None or skip.reason in LEAD_SPECIFIC:
            turning[user] = weights[user]
        elif turns.current:
            turns = evolve(turns, current=0)
        ready[user] = turns
    currents = _balanced({user: turns.current for user, turns in ready.items()}, turning)
    return evolve(state, members=_with_currents(ready, currents))


# -- strategies -------------------------------------------------------------------------------------------


def _round_robin(eligible: tuple[Member, ...], state: PoolState, situation: Situation) -> tuple[str, PoolState]:
    member = _after(eligible, state.pointer)
    return member.user, evolve(state, pointer=_place(member))


def _weighted(eligible: tuple[Member, ...], state: PoolState, situation: Situation) -> tuple[str, PoolState]:
    scale = _UNIT * sum(member.weight for member in eligible)
    currents = {user: turns.current for user, turns in state.members.items()}
    if state.scale not in (0, scale):
        rescaled = {user: current * scale // state.scale for user, current in currents.items()}
        currents = _balanced(rescaled, {member.user: 1 for member in eligible})
    for member in eligible:
        currents[member.user] = currents.get(member.user, 0) + member.weight * _UNIT
    chosen = max(eligible, key=lambda member: currents[member.user]).user  # the first of equals
    currents[chosen] -= scale
    return chosen, evolve(state, members=_with_currents(state.members, currents), scale=scale)


def _least_loaded(eligible: tuple[Member, ...], state: PoolState, situation: Situation) -> tuple[str, PoolState]:
    return min(eligible, key=lambda member: _load(member, state)).user, state


def _capacity(eligible: tuple[Member, ...], state: PoolState, situation: Situation) -> tuple[str, PoolState]:
    def fullness(member: Member) -> tuple[Fraction, Fraction]:
        open_leads = situation.open_counts.get(member.user, 0)
        return Fraction(open_leads, member.cap or 1), _load(member, state)

    return min(eligible, key=fullness).user, state


_BUILT_IN: Final[Mapping[str, Strategy]] = {
    "round_robin": _round_robin,
    "weighted": _weighted,
    "least_loaded": _least_loaded,
    "capacity": _capacity,
}
_IN_ORDER: Final = frozenset({"round_robin", "weighted"})
"""Strategies that do not look at loads, so that a returned turn has to be given first."""


def _strategy(name: str, strategies: Mapping[str, Strategy]) -> Strategy:
    found = _BUILT_IN.get(name) or strategies.get(name)
    if found is None:
        raise NotFoundError(f"no strategy {name!r}", code="strategy_unknown", hint="hand it in as strategies={...}")
    return found


def _load(member: Member, state: PoolState) -> Fraction:
    return Fraction(state.of(member.user).load, member.weight)


def _place(member: Member) -> tuple[int, str]:
    return member.order, member.user


def _after(eligible: tuple[Member, ...], pointer: tuple[int, str] | None) -> Member:
    """The next in the ring; the pointer is a place, not an index, so it survives those who leave or join."""
    if pointer is not None:
        for member in eligible:
            if _place(member) > pointer:
                return member
    return eligible[0]


# -- smooth weights ---------------------------------------------------------------------------------------


def _balanced(currents: Mapping[str, int], weights: Mapping[str, int]) -> dict[str, int]:
    """Smooth weights that sum to 0 again: the excess is taken off by weight, odd units from the last.

    >>> _balanced({"a": 0, "b": 2, "c": 3}, {"b": 1, "c": 1})
    {'a': 0, 'b': 0, 'c': 0}
    """
    level = dict(currents)
    excess = sum(level.values())
    if excess:
        total = sum(weights.values())
        shares = {user: excess * weight // total for user, weight in weights.items()}
        odd = excess - sum(shares.values())
        for number, user in enumerate(reversed(list(weights))):
            level[user] = level.get(user, 0) - shares[user] - (1 if number < odd else 0)
    return level


def _with_currents(members: Mapping[str, Turns], currents: Mapping[str, int]) -> dict[str, Turns]:
    """The counters with other smooth weights."""
    changed = dict(members)
    for user, current in currents.items():
        turns = changed.get(user, FRESH)
        if turns.current != current:
            changed[user] = evolve(turns, current=current)
    return changed


def _levelled(turns: Turns, level: int) -> Turns:
    lacking = max(0, level - turns.level)
    return evolve(turns, calibration=turns.calibration + lacking, is_away=False)
