"""Who of a pool can take a lead now, why the others cannot, and when that ends by itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from attrs import frozen

from leadflow.assignment.pools.hours import is_open, local_day, next_opening, period_start_us, wall_us
from leadflow.assignment.pools.schedule import Leave, Schedule
from leadflow.assignment.pools.turns import Turns
from leadflow.assignment.rules import Member, Pool
from leadflow.errors import NotFoundError
from leadflow.model.time import to_datetime
from leadflow.model.values import NOTHING

ABSENCES: Final = frozenset({"inactive", "unavailable", "paused", "paused_until", "on_leave"})
"""Obstacles that mean the member is not there; coming back, he is calibrated to the average."""
LEAD_SPECIFIC: Final = frozenset({"missing_skill", "former_owner"})
"""Obstacles that lie in this lead; the member stays in rotation."""

Params = Mapping[str, str | int]


@frozen
class Skipped:
    """A user who did not get the lead: a reason code and its parameters."""

    user: str
    reason: str
    params: Params = NOTHING


@frozen(kw_only=True)
class Situation:
    """What a pool looks at besides its own turns.

    `inactive` are users whose account is off, `unavailable` those out of rotation for now, `paused` those who are so
    until a moment, `open_counts` the
    open leads per user, `skills` those this lead requires, `former` the users who must not get it (again).
    """

    now_us: int
    inactive: frozenset[str] = frozenset()
    unavailable: frozenset[str] = frozenset()
    paused: Mapping[str, int] = NOTHING
    open_counts: Mapping[str, int] = NOTHING
    schedules: Mapping[str, Schedule] = NOTHING
    skills: frozenset[str] = frozenset()
    former: frozenset[str] = frozenset()
    ignore_hours: bool = False


def obstacle(pool: Pool, member: Member, situation: Situation, given: Turns) -> Skipped | None:
    """What keeps a member from taking the lead now, None when nothing does.

    Shape: `given` are his counters of the current period and day.
    Errors: NotFoundError for a schedule that is not defined.

    >>> ana = Member(user="ana", cap_per_day=2, skills=("de",))
    >>> pool = Pool(name="p", members=(ana,))
    >>> obstacle(pool, ana, Situation(now_us=0), Turns(leads_today=2))
    Skipped(user='ana', reason='day_cap_reached', params={'cap': 2})
    >>> obstacle(pool, ana, Situation(now_us=0, skills=frozenset({"de"})), Turns()) is None
    True
    """
    found = _absent(pool, member, situation) or _busy(pool, member, situation, given)
    if found is None:
        for skill in sorted(situation.skills.difference(member.skills)):
            return Skipped(member.user, "missing_skill", {"skill": skill})
        if member.user in situation.former:
            return Skipped(member.user, "former_owner")
    return found


def _absent(pool: Pool, member: Member, situation: Situation) -> Skipped | None:
    if member.user in situation.inactive:
        return Skipped(member.user, "inactive")
    if member.user in situation.unavailable:
        return Skipped(member.user, "unavailable")
    if member.paused:
        return Skipped(member.user, "paused")
    if situation.paused.get(member.user, 0) > situation.now_us:
        return Skipped(member.user, "paused_until", {"until": to_datetime(situation.paused[member.user]).isoformat()})
    leave = _leave_at(pool, member, situation, situation.now_us)
    return Skipped(member.user, "on_leave", {"until": leave.last}) if leave else None


def _busy(pool: Pool, member: Member, situation: Situation, given: Turns) -> Skipped | None:
    user, schedule = member.user, _schedule(pool, member, situation)
    if schedule is not None and not situation.ignore_hours and not is_open(schedule, situation.now_us):
        return Skipped(user, "off_hours", {"schedule": schedule.name})
    if member.cap is not None and situation.open_counts.get(user, 0) >= member.cap:
        return Skipped(user, "cap_reached", {"open": situation.open_counts.get(user, 0), "cap": member.cap})
    if member.cap_per_day is not None and given.leads_today >= member.cap_per_day:
        return Skipped(user, "day_cap_reached", {"cap": member.cap_per_day})
    if member.cap_per_period is not None and given.leads >= member.cap_per_period:
        return Skipped(user, "period_cap_reached", {"cap": member.cap_per_period, "period": pool.period})
    return None


def free_from_us(pool: Pool, member: Member, situation: Situation, given: Turns) -> int | None:
    """When the member can take the lead if only time passes; None when that is not enough."""
    user, now_us = member.user, situation.now_us
    full = member.cap is not None and situation.open_counts.get(user, 0) >= member.cap
    unfit = not situation.skills.issubset(member.skills) or user in situation.former
    is_out = member.paused or user in situation.inactive or user in situation.unavailable
    if is_out or full or unfit:
        return None
    free_us = max(now_us, situation.paused.get(user, 0))
    if member.cap_per_day is not None and given.leads_today >= member.cap_per_day:
        free_us = max(free_us, period_start_us(now_us, "day", pool.time_zone, ahead=1))
    if member.cap_per_period is not None and given.leads >= member.cap_per_period:
        free_us = max(free_us, period_start_us(now_us, pool.period, pool.time_zone, ahead=1))
    schedule, zone = _schedule(pool, member, situation), _zone(pool, member, situation)
    for _ in range(len(member.leave) + 1):
        while leave := _leave_at(pool, member, situation, free_us):
            free_us = wall_us(zone, date.fromisoformat(leave.last).toordinal() + 1)
        opening = free_us if schedule is None or situation.ignore_hours else next_opening(schedule, free_us)
        if opening is None or opening == free_us:
            return opening
        free_us = opening
    return free_us


def _schedule(pool: Pool, member: Member, situation: Situation) -> Schedule | None:
    name = member.schedule or pool.schedule
    if name is None:
        return None
    schedule = situation.schedules.get(name)
    if schedule is None:
        raise NotFoundError(f"no schedule {name!r}", code="schedule_unknown", hint="faults(rules) lists such names")
    return schedule


def _zone(pool: Pool, member: Member, situation: Situation) -> str:
    schedule = _schedule(pool, member, situation)
    return pool.time_zone if schedule is None else schedule.time_zone


def _leave_at(pool: Pool, member: Member, situation: Situation, at_us: int) -> Leave | None:
    if not member.leave:
        return None
    day = date.fromordinal(local_day(at_us, _zone(pool, member, situation))).isoformat()
    return next((leave for leave in member.leave if leave.first <= day <= leave.last), None)
