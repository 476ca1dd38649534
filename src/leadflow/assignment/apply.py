"""How assignment's decisions change state."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from leadflow.assignment.prepare import Prepared
from leadflow.assignment.sla import alarm_us
from leadflow.assignment.state import Handover, PoolRow, Workload
from leadflow.model.decisions import (
    DeadlineMissed,
    DeadlineSet,
    LeadQueued,
    LeadStateChanged,
    LinesAssigned,
    OwnerAssigned,
    PoolTurned,
    Recorded,
)
from leadflow.model.lead import Lead
from leadflow.model.making import replaced
from leadflow.model.values import OPEN_STATES
from leadflow.room import Dropped, View


def _handover(view: View, lead_id: str, **changes: Any) -> Handover:
    held = view.get(Handover, lead_id) or Handover(lead_id)
    made = replaced(held, **changes, version=held.version + 1)
    moments = [due for _, due in made.deadlines]
    moments += [due for due in (made.hold_until_us, made.lines_until_us, made.alarm_us) if due is not None]
    return replaced(made, due_us=min(moments, default=None))


def _workload(view: View, user: str | None, by: int) -> list[Any]:
    if user is None:
        return []
    row = view.get(Workload, user) or Workload(user)
    return [replaced(row, open=max(0, row.open + by), version=row.version + 1)]


def apply_assigned(view: View, recorded: Recorded, prepared: Prepared) -> Iterable[Any]:
    """The lead has an owner, who has one more open lead; the former one has one less."""
    decision, at_us = recorded.decision, recorded.at_us
    assert isinstance(decision, OwnerAssigned)  # noqa: S101 - the plan dispatches by type
    lead = view.get(Lead, decision.subject)
    assert lead is not None  # noqa: S101 - it was assigned
    held = view.get(Handover, lead.id)
    former = () if held is None else held.former
    lines = {} if held is None else {line: _passed_on(has, decision) for line, has in held.lines.items()}
    if decision.former is not None and decision.former not in former:
        former = (*former, decision.former)
    rows = [
        replaced(
            lead, owner_id=decision.owner, queue=None, updated_us=max(at_us, lead.updated_us), version=lead.version + 1
        ),
        _handover(
            view,
            lead.id,
            owner=decision.owner,
            since_us=at_us,
            rule=decision.rule,
            pool=decision.pool,
            queue=None,
            hold_until_us=None,
            hops=decision.hops,
            former=former,
            deadlines=(),
            has_turn=decision.pool is not None,
            lines=lines,
            again=None,
            alarm_us=None,
        ),
    ]
    if lead.is_open:
        rows += _workload(view, decision.former, -1)
        rows += _workload(view, decision.owner, +1)
    return rows


def _passed_on(has: str, decision: OwnerAssigned) -> str:
    return f"user:{decision.owner}" if decision.former is not None and has == f"user:{decision.former}" else has


def apply_queued(view: View, recorded: Recorded, prepared: Prepared) -> Iterable[Any]:
    """The lead waits; whoever had it has one open lead less."""
    decision, at_us = recorded.decision, recorded.at_us
    assert isinstance(decision, LeadQueued)  # noqa: S101 - the plan dispatches by type
    lead = view.get(Lead, decision.subject)
    assert lead is not None  # noqa: S101 - it was queued
    held = view.get(Handover, lead.id) or Handover(lead.id)
    queue = prepared.queues.get(decision.queue)
    is_pool = decision.queue in prepared.pools and queue is None
    waiting = _handover(
        view,
        lead.id,
        owner=None,
        since_us=at_us,
        rule=decision.rule,
        pool=decision.queue if is_pool else held.pool,
        queue=decision.queue,
        hold_until_us=decision.until_us,
        deadlines=(),
        has_turn=False,
        again=None,
        alarm_us=None if queue is None or decision.until_us is not None else alarm_us(queue, at_us),
    )
    rows: list[Any] = [
        replaced(
            lead, owner_id=None, queue=decision.queue, updated_us=max(at_us, lead.updated_us), version=lead.version + 1
        ),
        waiting,
    ]
    if lead.is_open:
        rows += _workload(view, lead.owner_id, -1)
    return rows


def apply_state(view: View, recorded: Recorded, prepared: Prepared) -> Iterable[Any]:
    """Closing a lead frees its owner, opening it again does not."""
    decision = recorded.decision
    assert isinstance(decision, LeadStateChanged)  # noqa: S101 - the plan dispatches by type
    before, after = decision.before in OPEN_STATES, decision.after in OPEN_STATES
    if before == after:
        return []
    lead = view.get(Lead, decision.subject)
    return [] if lead is None else _workload(view, lead.owner_id, 1 if after else -1)


def apply_turned(view: View, recorded: Recorded, prepared: Prepared) -> Iterable[Any]:
    """A pool's rotation moved; a turn that was given back is not given back again."""
    decision = recorded.decision
    assert isinstance(decision, PoolTurned)  # noqa: S101 - the plan dispatches by type
    row = view.get(PoolRow, decision.subject)
    rows: list[Any] = [PoolRow(decision.subject, decision.state, 1 if row is None else row.version + 1)]
    if decision.returned is not None:
        rows.append(_handover(view, decision.returned, has_turn=False))
    return rows


def apply_lines(view: View, recorded: Recorded, prepared: Prepared) -> Iterable[Any]:
    """Who has which product line of the lead."""
    decision = recorded.decision
    assert isinstance(decision, LinesAssigned)  # noqa: S101 - the plan dispatches by type
    held = view.get(Handover, decision.subject)
    of = decision.of or (None if held is None else held.of)
    return [_handover(view, decision.subject, lines=decision.lines, lines_until_us=decision.until_us, of=of)]


def apply_deadline(view: View, recorded: Recorded, prepared: Prepared) -> Iterable[Any]:
    """A service level started or ended."""
    decision = recorded.decision
    assert isinstance(decision, DeadlineSet)  # noqa: S101 - the plan dispatches by type
    held = view.get(Handover, decision.subject)
    before = () if held is None else held.deadlines
    deadlines = tuple(pair for pair in before if pair[0] != decision.sla)
    if decision.due_us is not None:
        deadlines = (*deadlines, (decision.sla, decision.due_us))
    return [_handover(view, decision.subject, deadlines=deadlines)]


def apply_missed(view: View, recorded: Recorded, prepared: Prepared) -> Iterable[Any]:
    """A breach has been told: it is not told again."""
    decision = recorded.decision
    assert isinstance(decision, DeadlineMissed)  # noqa: S101 - the plan dispatches by type
    if decision.sla.startswith("stage "):
        return []
    held = view.get(Handover, decision.subject)
    if held is None:
        return []
    deadlines = tuple(pair for pair in held.deadlines if pair[0] != decision.sla)
    if deadlines == held.deadlines:
        return [_handover(view, decision.subject, alarm_us=None)]
    return [_handover(view, decision.subject, deadlines=deadlines)]


def apply_removed(view: View, recorded: Recorded, prepared: Prepared) -> Iterable[Any]:
    """A removed lead frees its owner."""
    held = view.get(Handover, recorded.subject)
    return [] if held is None else [Dropped(Handover, held.id), *_workload(view, held.owner, -1)]
