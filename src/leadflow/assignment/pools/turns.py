"""A pool's counters: ids and whole numbers only, and how they move between picks."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from fractions import Fraction
from math import floor
from typing import Any, Final

from attrs import evolve, frozen

from leadflow.assignment.pools.hours import period_start_us
from leadflow.assignment.rules import Pool
from leadflow.model.coding import from_plain, to_plain
from leadflow.model.values import NOTHING

_CARRIED_ROUNDS: Final = 2


@frozen
class Turns:
    """One member's counters.

    `turns` were used in the period, `calibration` puts a newcomer at the average, `credits` are turns given
    back and not used yet, `current` is the smooth weight; `leads` and `leads_today` are what was given, for
    the caps; `is_away` remembers an absence until he is back.
    """

    turns: int = 0
    calibration: int = 0
    credits: int = 0
    current: int = 0
    leads: int = 0
    leads_today: int = 0
    is_away: bool = False

    @property
    def level(self) -> int:
        """Turns that count against him, credits apart."""
        return self.turns + self.calibration

    @property
    def load(self) -> int:
        """Turns that count against him."""
        return self.turns + self.calibration - self.credits


FRESH: Final = Turns()


@frozen(kw_only=True)
class PoolState:
    """Where a pool's rotation stands.

    `pointer` is the place (order, user) of the one served last in order; `scale` units of smooth weight are
    one turn; `period_us` and `day_us` are when the counted period and day began.

    >>> state = PoolState(members={"ana": Turns(turns=2)}, pointer=(0, "ana"))
    >>> PoolState.from_plain(state.to_plain()) == state
    True
    """

    members: Mapping[str, Turns] = NOTHING
    pointer: tuple[int, str] | None = None
    scale: int = 0
    period_us: int | None = None
    day_us: int | None = None

    def of(self, user: str) -> Turns:
        """The user's counters, all zero for a stranger."""
        return self.members.get(user, FRESH)

    def to_plain(self) -> dict[str, Any]:
        """The state as JSON can hold it."""
        plain = to_plain(self, skip=frozenset({"members"}))
        plain["members"] = {user: to_plain(turns) for user, turns in self.members.items()}
        return plain

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> PoolState:
        """The state back from `to_plain`. Errors: InvalidInputError for a field it does not know."""
        members = {user: from_plain(Turns, turns) for user, turns in plain.get("members", {}).items()}
        return evolve(from_plain(cls, {**plain, "members": {}}), members=members)


def credit(state: PoolState, user: str, assigned_us: int | None = None) -> PoolState:
    """Give a turn back: the lead was rejected, invalid or taken away.

    With `assigned_us` (when he got it) the lead no longer counts against his caps of that day and period
    either. A user without counters is left alone.

    >>> credit(PoolState(members={"ana": Turns(turns=2)}), "ana").members["ana"].load
    1
    """
    turns = state.members.get(user)
    if turns is None:
        return state
    in_period = assigned_us is not None and state.period_us is not None and assigned_us >= state.period_us
    in_day = assigned_us is not None and state.day_us is not None and assigned_us >= state.day_us
    given = evolve(
        turns,
        credits=turns.credits + 1,
        leads=max(0, turns.leads - in_period),
        leads_today=max(0, turns.leads_today - in_day),
    )
    return evolve(state, members={**state.members, user: given})


def counted(state: PoolState, user: str) -> PoolState:
    """The state after the user got a lead; a returned turn is used before an ordinary one."""
    turns = state.of(user)
    returned = 1 if turns.credits > 0 else 0
    more = evolve(
        turns,
        turns=turns.turns + 1 - returned,
        credits=turns.credits - returned,
        leads=turns.leads + 1,
        leads_today=turns.leads_today + 1,
    )
    return evolve(state, members={**state.members, user: more})


def rolled(pool: Pool, state: PoolState, now_us: int) -> PoolState:
    """Start the counters anew in a new calendar day or period.

    What a member is ahead or behind is carried over (two rounds at most); otherwise the first in order would
    get the odd lead of every period.
    """
    day_us = period_start_us(now_us, "day", pool.time_zone)
    period_us = period_start_us(now_us, pool.period, pool.time_zone)
    new_day = state.day_us is None or day_us > state.day_us
    new_period = state.period_us is None or period_us > state.period_us
    if not new_day and not new_period:
        return state
    members = state.members
    if new_period:
        weights = {member.user: member.weight for member in pool.members}
        rounds = floor(average_level(weights, members, [u for u, turns in members.items() if not turns.is_away]))
        members = {
            user: evolve(turns, turns=0, leads=0, calibration=_carried(turns, weights.get(user, 1), rounds))
            for user, turns in members.items()
        }
    return evolve(
        state,
        members={user: evolve(turns, leads_today=0) if new_day else turns for user, turns in members.items()},
        day_us=day_us if new_day else state.day_us,
        period_us=period_us if new_period else state.period_us,
    )


def average_level(weights: Mapping[str, int], members: Mapping[str, Turns], users: Collection[str]) -> Fraction:
    """Mean of turns per weight of some users; 0 of none."""
    levels = [Fraction(members[user].level, weights[user]) for user in users if user in weights]
    return Fraction(sum(levels), len(levels)) if levels else Fraction(0)


def _carried(turns: Turns, weight: int, rounds: int) -> int:
    most = _CARRIED_ROUNDS * weight
    return max(-most, min(most, turns.level - weight * rounds))
