"""The daily digest: which leads of an owner were active. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from leadflow.assignment.alerts.preferences import way_of
from leadflow.assignment.alerts.state import Digest
from leadflow.assignment.prepare import Prepared
from leadflow.model.business import User
from leadflow.model.commands import Wake
from leadflow.model.decisions import MessagePlanned
from leadflow.model.time import DAY_US
from leadflow.room import Step, View

_MOST_LEADS = 200


def noted(view: View, puts: Iterable[Any], user: str, lead_id: str, now_us: int) -> Digest:
    """The user's digest with the lead in it; `puts` are the rows of this step so far."""
    mine = [row for row in puts if isinstance(row, Digest) and row.id == user]
    digest = mine[-1] if mine else view.get(Digest, user) or Digest(user)
    leads = digest.leads if lead_id in digest.leads else (*digest.leads, lead_id)[-_MOST_LEADS:]
    due_us = digest.due_us or (now_us // DAY_US + 1) * DAY_US
    return Digest(user, leads, due_us, digest.version + (not mine))


def on_wake(view: View, wake: Wake, prepared: Prepared, now_us: int) -> Step | None:
    """The daily digest: which of his leads were active."""
    if wake.table != "digest":
        return None
    digest = view.get(Digest, wake.id)
    if digest is None or digest.due_us is None or digest.due_us > now_us:
        return None
    user = view.get(User, digest.id)
    sent = Digest(digest.id, (), None, digest.version + 1)
    is_unwanted = way_of(view, digest.id, "digest") == "off" or (user is not None and not user.is_active)
    if not digest.leads or is_unwanted:
        return Step(puts=(sent,))
    message = MessagePlanned(
        subject=digest.id,
        key=f"{wake.key}:digest",
        channel="mail",
        template="digest",
        recipient=digest.id,
        parameters={"list": ", ".join(digest.leads), "count": len(digest.leads)},
    )
    return Step((message,), (sent,))
