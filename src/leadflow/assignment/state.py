"""What assignment keeps: where each pool's rotation stands, each lead's hand-over, each user's open leads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from attrs import frozen

from leadflow.model.making import quick
from leadflow.model.values import NOTHING
from leadflow.room import Table


@quick
@frozen(weakref_slot=False)
class PoolRow:
    """A pool's rotation; `state` is the plain form of a PoolState."""

    table: ClassVar[str] = "pool"

    id: str
    state: Mapping[str, Any] = NOTHING
    version: int = 0


@quick
@frozen(weakref_slot=False)
class Handover:
    """How a lead came to its owner or queue, and what is expected now.

    `has_turn` says that the owner used a turn of `pool` for it, which goes back to him if the lead is taken away. `lines`
    tell who has which product line (see LinesAssigned), `of` the lead that this one was divided from, `again` the input
    with which it came in again since. `deadlines` are (service level, due_us) pairs; `due_us` is the earliest of them, of
    `hold_until_us` (when a pool opens), `lines_until_us` (when the lines go on) and `alarm_us` (the queue's).
    """

    table: ClassVar[str] = "handover"

    id: str
    owner: str | None = None
    since_us: int = 0
    rule: str = ""
    pool: str | None = None
    queue: str | None = None
    hold_until_us: int | None = None
    hops: int = 0
    former: tuple[str, ...] = ()
    deadlines: tuple[tuple[str, int], ...] = ()
    has_turn: bool = False
    lines: Mapping[str, str] = NOTHING
    lines_until_us: int | None = None
    of: str | None = None
    again: str | None = None
    alarm_us: int | None = None
    due_us: int | None = None
    version: int = 0


@quick
@frozen(weakref_slot=False)
class Workload:
    """How many open leads a user owns."""

    table: ClassVar[str] = "workload"

    id: str
    open: int = 0
    version: int = 0


@frozen
class Pause:
    """Until when a user is in no rotation."""

    table: ClassVar[str] = "pause"

    id: str
    until_us: int = 0
    version: int = 0


TABLES = (
    Table(PoolRow),
    Table(Handover, indexes=("owner", "queue"), due="due_us"),
    Table(Workload),
    Table(Pause),
)
