"""The daily digest: which leads of an owner were active. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from leadflow.assignment.alerts.state import Digest
from leadflow.assignment.prepare import Prepared
from leadflow.model.business import User
from leadflow.model.commands import Wake
from leadflow.model.decisions import MessagePlanned
from leadflow.model.lead import Lead
from leadflow.model.time import DAY_US
from leadflow.room import Step, View

_MOST_LEADS = 200


def noted(view: View, puts: Iterable[Any], lead: Lead, now_us: int) -> Digest:
    """The owner's digest with the lead in it; `puts` are the rows of this step so far."""
    owner = lead.owner_id or ""
    mine = [row for row in puts if isinstance(row, Digest) and row.id == owner]
    digest = mine[-1] if mine else view.get(Digest, owner) or Digest(owner)
    leads = digest.leads if lead.id in digest.leads else (*digest.leads, lead.id)[-_MOST_LEADS:]
    due_us = digest.due_us or (now_us // DAY_US + 1) * DAY_US
    return Digest(owner, leads, due_us, digest.version + (not mine))


def on_wake(view: View, wake: Wake, prepared: Prepared, now_us: int) -> Step | None:
    """The daily digest: which of his leads were active."""
    if wake.table != "digest":
        return None
    digest = view.get(Digest, wake.id)
    if digest is None or digest.due_us is None or digest.due_us > now_us:
        return None
    user = view.get(User, digest.id)
    sent = Digest(digest.id, (), None, digest.version + 1)
    if not digest.leads or (user is not None and not user.is_active):
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
