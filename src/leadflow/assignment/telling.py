"""Messages to users about a lead. Pure."""

from __future__ import annotations

from leadflow.assignment.alerts.preferences import way_of
from leadflow.assignment.prepare import Prepared
from leadflow.assignment.rules import split_target
from leadflow.model.business import User
from leadflow.model.decisions import MessagePlanned
from leadflow.room import View


def told(view: View, lead_id: str, recipient: str, template: str, kind: str) -> tuple[MessagePlanned, ...]:
    """A user is told something about a lead, once for each command or wake; nothing if he does not want to hear of it.

    What leadflow has to say itself cannot wait for a digest: it comes at once or not at all.
    """
    if way_of(view, recipient, kind) == "off":
        return ()
    message = MessagePlanned(
        subject=lead_id,
        key=f"{view.command.key}:{template}:{lead_id}:{recipient}",
        channel="mail",
        template=template,
        recipient=recipient,
        parameters={"lead": lead_id},
    )
    return (message,)


def keepers(view: View, queue: str | None, prepared: Prepared) -> tuple[str, ...]:
    """Who looks after the leads of a queue: its active members and its manager, else the default owner."""
    rules = prepared.queues.get(queue or "")
    users = [] if rules is None else [*rules.members, *([rules.manager] if rules.manager else [])]
    if not users:
        kind, name = split_target(prepared.rules.default_owner)
        users = [name] if kind == "user" else []
    view.require([("user", user) for user in users])
    return tuple(user for user in dict.fromkeys(users) if (row := view.get(User, user)) is None or row.is_active)
