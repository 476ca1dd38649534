"""How somebody looks at a list: through which view, at whose leads, and what is new to him."""

from __future__ import annotations

from attrs import frozen

from leadflow.assignment.lines import users_of
from leadflow.assignment.state import Handover
from leadflow.assignment.views.looking import Look, look_id
from leadflow.assignment.views.rules import ListView
from leadflow.engine.answers.reading import Reading
from leadflow.engine.planning.rulebook import Rulebook
from leadflow.errors import InvalidInputError, NotFoundError, RefusedError
from leadflow.expr.fault import did_you_mean
from leadflow.model.business import User
from leadflow.model.decisions import Refusal
from leadflow.model.lead import Lead
from leadflow.ports.store import Store


@frozen
class Wanted:
    """Which leads are asked for: by a condition, by a list view, or by both."""

    where: str | None = None
    order_by: str | None = None
    limit: int | None = None
    since_us: int | None = None
    view: str | None = None
    user: str | None = None
    only_new: bool = False


@frozen
class Looking:
    """A look at a list. Without a view it has every lead, and nothing is said about what is new."""

    view: ListView | None = None
    user: str | None = None
    team: str | None = None
    seen_us: int = -1
    only_new: bool = False

    @property
    def where(self) -> str | None:
        """The view's condition."""
        return None if self.view is None else self.view.where

    @property
    def order(self) -> str:
        """The view's order; newest changes first without one."""
        return "-updated_at" if self.view is None else self.view.order

    def is_new(self, lead: Lead, handover: Handover | None) -> bool | None:
        """Whether the lead came into being, got ready or was handed over since the user looked; None: nobody asks."""
        if self.view is None or self.user is None:
            return None
        handed_us = 0 if handover is None else handover.since_us
        return max(lead.created_us, lead.sales_ready_us or 0, handed_us) > self.seen_us

    def has(self, view: Reading, lead: Lead, handover: Handover | None) -> bool:
        """Whether the lead is one of those the view is about: all, the user's, or his team's."""
        if self.view is None or self.view.scope == "all":
            return True
        owners = {lead.owner_id, *(() if handover is None else users_of(handover.lines))} - {None}
        if self.user in owners:
            return True
        if self.view.scope == "mine" or self.team is None:
            return False
        return any(_team(view, owner) == self.team for owner in owners if owner is not None)


def looking(store: Store, rulebook: Rulebook, wanted: Wanted) -> Looking:
    """How somebody looks. Errors: NotFoundError, InvalidInputError, RefusedError."""
    if wanted.view is None:
        if wanted.user is not None or wanted.only_new:
            raise InvalidInputError("user and only_new go with a view", hint="name one, or give since")
        return Looking()
    views = rulebook.rules["assignment"].views
    found = views.get(wanted.view)
    if found is None:
        hint = did_you_mean(wanted.view, views) or f"one of {', '.join(views) or 'none: the playbook has no views'}"
        raise NotFoundError(f"there is no list view {wanted.view[:60]!r}", code="unknown_view", hint=hint)
    if wanted.user is None:
        if found.scope != "all" or wanted.only_new:
            said = f"the list view {found.name!r} asks who is looking"
            raise InvalidInputError(said, code="user_missing", hint="name the user")
        team, seen = None, None
    else:
        reading = Reading(store, rulebook)
        look = look_id(wanted.user, found.name)
        reading.require([("user", wanted.user), ("look", look)])
        team, seen = _team(reading, wanted.user), reading.get(Look, look)
    if not found.is_shared_with(wanted.user, team):
        refusal = Refusal("view_not_shared", {"view": found.name, "user": wanted.user or ""})
        raise RefusedError(f"the list view {found.name!r} is not shared with {wanted.user}", refusal=refusal)
    return Looking(found, wanted.user, team, -1 if seen is None else seen.seen_us, wanted.only_new)


def _team(view: Reading, user: str) -> str | None:
    row = view.get(User, user)
    return None if row is None else row.team
