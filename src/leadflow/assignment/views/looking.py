"""Who looked at which list when: what is new is told from it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from attrs import frozen

from leadflow.assignment.prepare import Prepared
from leadflow.model.business import User
from leadflow.model.commands import SeeView
from leadflow.model.decisions import Recorded, Refusal, ViewSeen
from leadflow.room import Key, Step, Table, View


@frozen
class Look:
    """When a user last saw a list."""

    table: ClassVar[str] = "look"

    id: str
    seen_us: int = 0
    version: int = 0


TABLES = (Table(Look),)


def look_id(user: str, view: str) -> str:
    """The row of one user's look at one list."""
    return f"{user}|{view}"


def keys(command: SeeView, prepared: Prepared) -> list[Key]:
    """What seeing a list reads."""
    return [("user", command.user), ("look", look_id(command.user, command.view))]


def on_see(view: View, command: SeeView, prepared: Prepared, now_us: int) -> Step | None:
    """A user has seen a list: what is in it now is not new to him any more."""
    wanted = prepared.views.get(command.view)
    if wanted is None:
        return Step(refusal=Refusal("unknown_view", {"view": command.view[:60]}))
    user = view.get(User, command.user)
    if not wanted.is_shared_with(command.user, None if user is None else user.team):
        return Step(refusal=Refusal("view_not_shared", {"view": command.view, "user": command.user}))
    return Step((ViewSeen(subject=command.user, view=command.view),))


def apply_seen(view: View, recorded: Recorded, prepared: Prepared) -> Iterable[Any]:
    """The moment of the look; it never goes back."""
    decision = recorded.decision
    assert isinstance(decision, ViewSeen)  # noqa: S101 - the plan dispatches by type
    id_ = look_id(decision.subject, decision.view)
    held = view.get(Look, id_)
    if held is None:
        return [Look(id_, recorded.at_us, 1)]
    return [Look(id_, max(held.seen_us, recorded.at_us), held.version + 1)]
