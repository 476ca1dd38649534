"""A user leaves: he is in no rotation any more, and his open leads get new owners by the rules. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from attrs import frozen

from leadflow.assignment.decide import handed_over
from leadflow.assignment.prepare import Prepared
from leadflow.model.business import User
from leadflow.model.commands import DeactivateUser, Wake
from leadflow.model.decisions import Decision, Recorded, Refusal, UserLeft
from leadflow.model.lead import Lead
from leadflow.model.making import replaced
from leadflow.room import Dropped, Key, Step, Table, View


@frozen
class Leaving:
    """A user who left and whose open leads have not all been handed over."""

    table: ClassVar[str] = "leaving"

    id: str
    due_us: int | None = None
    version: int = 0


TABLES = (Table(Leaving, due="due_us"),)


def keys(command: DeactivateUser, prepared: Prepared) -> list[Key]:
    """What a deactivation reads."""
    return [("user", command.user), ("lead.owner_id", command.user)]


def on_deactivate(view: View, command: DeactivateUser, prepared: Prepared, now_us: int) -> Step | None:
    """The user is inactive at once; his open leads follow with the next tick, one wake each."""
    user = view.get(User, command.user)
    if user is not None and not user.is_active:
        return Step(refusal=Refusal("user_inactive", {"user": command.user}))
    return Step((UserLeft(subject=command.user, open=len(_open(view, command.user))),))


def _open(view: View, user: str) -> list[Lead]:
    return [lead for lead in view.find(Lead, "owner_id", user) if lead.is_open]


def apply_left(view: View, recorded: Recorded, prepared: Prepared) -> Iterable[Any]:
    """The user's row is inactive; what he leaves behind is due now."""
    decision, at_us = recorded.decision, recorded.at_us
    assert isinstance(decision, UserLeft)  # noqa: S101 - the plan dispatches by type
    user = view.get(User, decision.subject) or User(decision.subject, created_us=at_us)
    rows: list[Any] = [
        replaced(user, is_active=False, updated_us=max(at_us, user.updated_us), version=user.version + 1)
    ]
    held = view.get(Leaving, decision.subject)
    if decision.open:
        # A microsecond on: two wakes of one row are never due at one moment.
        rows.append(Leaving(decision.subject, at_us + 1, 1 if held is None else held.version + 1))
    elif held is not None:
        rows.append(Dropped(Leaving, decision.subject))
    return rows


def on_wake(view: View, wake: Wake, prepared: Prepared, now_us: int) -> Step | None:
    """One of a leaving user's open leads gets a new owner; the next wake, in the same tick, goes on."""
    if wake.table != "leaving":
        return None
    leads = _open(view, wake.id)
    decisions: list[Decision] = []
    # One lead at a time: who gets the next depends on who got the last.
    for lead in leads[:1]:
        decisions += handed_over(view, lead, prepared, now_us, former=(wake.id,), gives_back=False)
    return Step((*decisions, UserLeft(subject=wake.id, open=max(0, len(leads) - 1))))
