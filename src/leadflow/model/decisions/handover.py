"""Decisions about who has a lead, until when, and who is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from attrs import frozen

from leadflow.model.decisions.base import Decision
from leadflow.model.making import quick
from leadflow.model.values import NOTHING


@quick
@frozen(kw_only=True, weakref_slot=False)
class OwnerAssigned(Decision):
    """The lead has an owner; `candidates` are (user, code) pairs: why each was taken or skipped."""

    type: ClassVar[str] = "owner_assigned"
    owner: str
    former: str | None = None
    rule: str = ""
    strategy: str = ""
    pool: str | None = None
    candidates: tuple[tuple[str, str], ...] = ()
    hops: int = 0


@quick
@frozen(kw_only=True, weakref_slot=False)
class LeadQueued(Decision):
    """The lead waits in a queue for somebody to claim it, or (`until_us`) for a pool to open."""

    type: ClassVar[str] = "lead_queued"
    queue: str
    rule: str = ""
    until_us: int | None = None
    candidates: tuple[tuple[str, str], ...] = ()


@quick
@frozen(kw_only=True, weakref_slot=False)
class LinesAssigned(Decision):
    """Who has the lead's product lines: by line "user:hana", "queue:dach", "pool:soft" (until it opens), or "lead:l_2".

    The last is a lead of its own; that one names the lead it was divided from in `of`. At `until_us` it goes on.
    """

    type: ClassVar[str] = "lines_assigned"
    lines: Mapping[str, str] = NOTHING
    until_us: int | None = None
    of: str | None = None


@quick
@frozen(kw_only=True, weakref_slot=False)
class PoolTurned(Decision):
    """A pool's rotation moved; `state` is its whole state, user ids and counters only. The subject is the pool.

    `returned` is the lead whose turn was given back.
    """

    type: ClassVar[str] = "pool_turned"
    state: Mapping[str, Any] = NOTHING
    returned: str | None = None


@quick
@frozen(kw_only=True, weakref_slot=False)
class UserLeft(Decision):
    """The user (the subject) is inactive; `open` leads of his still need a new owner."""

    type: ClassVar[str] = "user_left"
    open: int = 0


@quick
@frozen(kw_only=True, weakref_slot=False)
class UserPaused(Decision):
    """The user (the subject) is in no rotation until then; None: he takes part again."""

    type: ClassVar[str] = "user_paused"
    until_us: int | None
    because: str = ""


@quick
@frozen(kw_only=True, weakref_slot=False)
class AlertsChosen(Decision):
    """The user (the subject) hears of these kinds "now", in the "digest" or not at all ("off")."""

    type: ClassVar[str] = "alerts_chosen"
    kinds: Mapping[str, str] = NOTHING


@quick
@frozen(kw_only=True, weakref_slot=False)
class ViewSeen(Decision):
    """The user (the subject) has seen a list view."""

    type: ClassVar[str] = "view_seen"
    view: str


@quick
@frozen(kw_only=True, weakref_slot=False)
class DeadlineMissed(Decision):
    """A service level was not met; `action` is what followed."""

    type: ClassVar[str] = "deadline_missed"
    sla: str
    action: str
    due_us: int


@quick
@frozen(kw_only=True, weakref_slot=False)
class DeadlineSet(Decision):
    """A service level started, or (`due_us` None) ended because `because`."""

    type: ClassVar[str] = "deadline_set"
    sla: str
    due_us: int | None
    because: str = ""


@quick
@frozen(kw_only=True, weakref_slot=False)
class MessagePlanned(Decision):
    """Something must leave the process: it is in the outbox under `key`."""

    type: ClassVar[str] = "message_planned"
    key: str
    channel: str
    template: str
    recipient: str
    parameters: Mapping[str, Any] = NOTHING
