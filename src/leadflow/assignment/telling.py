"""Messages to users about a lead. Pure."""

from __future__ import annotations

from leadflow.model.decisions import MessagePlanned
from leadflow.room import View


def told(view: View, lead_id: str, recipient: str, template: str) -> MessagePlanned:
    """A user is told something about a lead: once for each command or wake."""
    return MessagePlanned(
        subject=lead_id,
        key=f"{view.command.key}:{template}:{lead_id}:{recipient}",
        channel="mail",
        template=template,
        recipient=recipient,
        parameters={"lead": lead_id},
    )
