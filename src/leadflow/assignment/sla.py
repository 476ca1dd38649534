"""Service levels of an assigned lead: until when the owner must act, and what follows if he does not."""

from __future__ import annotations

from collections.abc import Collection

from attrs import frozen

from leadflow.assignment.pools.hours import add_working
from leadflow.assignment.pools.schedule import Schedule
from leadflow.assignment.rules import Queue, Sla
from leadflow.errors import InvalidValueError
from leadflow.model.time import parse_duration


@frozen(kw_only=True)
class Action:
    """What to do about a service level now.

    `kind` is "wait" (until `at_us`), "stop" (the timer ends), "alert" (owner and manager), "reassign" (same
    pool, never to `former_owners`) or "queue" (to `queue`). `reason` is "not_due", "criterion_met",
    "owner_acted", "missed" or "max_hops"; `hops` counts reassignments, this one included. `pauses_owner`
    takes the owner out of rotation.
    """

    kind: str
    reason: str
    at_us: int | None = None
    hops: int = 0
    former_owners: tuple[str, ...] = ()
    queue: str | None = None
    pauses_owner: bool = False


def deadline(sla: Sla, schedule: Schedule | None, from_us: int) -> int | None:
    """When the service level is due if it starts now; None when its schedule never has that much time.

    Errors: InvalidValueError when the clock is "working" and there is no schedule.

    >>> sla = Sla(name="first call", within="60min", clock="working", schedule="office")
    >>> office = Schedule(name="office", week={"thu-fri": ("09:00-18:00",)})
    >>> deadline(sla, office, 0) == 10 * 3600 * 1_000_000
    True
    """
    if sla.clock == "always":
        return from_us + sla.within_us
    if schedule is None:
        raise InvalidValueError(f"Sla {sla.name!r}: the clock 'working' needs its schedule {sla.schedule!r}")
    return add_working(schedule, from_us, sla.within_us)


def next_step(
    sla: Sla,
    *,
    due_us: int | None,
    now_us: int,
    hops: int = 0,
    former_owners: Collection[str] = (),
    is_met: bool = False,
    has_owner_acted: bool = False,
) -> Action:
    """What to do about a running service level.

    A criterion that is met stops it even after the breach, so that no later step follows; so does an explicit
    act of the owner. `former_owners` includes the present one; `hops` are the reassignments so far.

    >>> sla = Sla(name="first call", within="4h", on_breach="reassign", max_hops=1, queue="managers")
    >>> next_step(sla, due_us=10, now_us=9).kind, next_step(sla, due_us=10, now_us=10).kind
    ('wait', 'reassign')
    >>> next_step(sla, due_us=10, now_us=10, hops=1).queue
    'managers'
    """
    if is_met or has_owner_acted:
        return Action(kind="stop", reason="criterion_met" if is_met else "owner_acted", hops=hops)
    if due_us is None or now_us < due_us:
        return Action(kind="wait", reason="not_due", at_us=due_us, hops=hops)
    reason, queue = "missed", sla.queue
    if sla.on_breach == "alert":
        kind, queue, former_owners = "alert", None, ()
    elif sla.on_breach == "reassign" and hops < sla.max_hops:
        kind, queue, hops = "reassign", None, hops + 1
    else:
        kind, reason = "queue", "missed" if sla.on_breach == "queue" else "max_hops"
    return Action(
        kind=kind,
        reason=reason,
        hops=hops,
        former_owners=tuple(sorted(set(former_owners))),
        queue=queue,
        pauses_owner=sla.pause_owner,
    )


def alarm_us(queue: Queue, since_us: int) -> int | None:
    """When a lead that nobody claimed raises the queue's alarm; None when the queue has none.

    >>> alarm_us(Queue(name="inbox", alarm_after="1s"), 5)
    1000005
    """
    return None if queue.alarm_after is None else since_us + parse_duration(queue.alarm_after)


def may_claim(queue: Queue, user: str) -> bool:
    """Whether a user may take leads out of a queue; without members everybody may.

    >>> may_claim(Queue(name="inbox", members=("ana",)), "bo")
    False
    """
    return not queue.members or user in queue.members
