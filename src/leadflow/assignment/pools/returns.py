"""Turns given back: who loses a lead that his pool gave him has the next one sooner (rule 102). Pure."""

from __future__ import annotations

from collections.abc import Mapping

from leadflow.assignment.pools.turns import PoolState, credit
from leadflow.assignment.state import Handover, PoolRow
from leadflow.model.decisions import PoolTurned
from leadflow.room import View


def returned(view: View, handover: Handover | None, pools: Mapping[str, PoolState]) -> tuple[PoolTurned, ...]:
    """The pools' turns, and the one that the lead's owner used for it given back, if he used one.

    `pools` are those that moved when somebody else got the lead.
    """
    if handover is None or not handover.has_turn or handover.pool is None or handover.owner is None:
        return tuple(PoolTurned(subject=name, state=state.to_plain()) for name, state in pools.items())
    state = pools.get(handover.pool)
    if state is None:
        row = view.get(PoolRow, handover.pool)
        state = PoolState() if row is None else PoolState.from_plain(row.state)
    given = credit(state, handover.owner, handover.since_us)
    others = {name: moved for name, moved in pools.items() if name != handover.pool}
    return (
        PoolTurned(subject=handover.pool, state=given.to_plain(), returned=handover.id),
        *returned(view, None, others),
    )
