"""The outbox: what must leave the process. Nothing leaves before the commit, nothing leaves twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from attrs import frozen

from leadflow.model.decisions import MessagePlanned, Recorded
from leadflow.model.making import quick
from leadflow.model.values import NOTHING
from leadflow.room import Room, Table, View


@quick
@frozen(weakref_slot=False)
class Message:
    """One thing to hand over.

    `id` is its stable key. `state` goes planned > claimed > handed_over | refused | unknown; a claimed one found after a
    crash becomes unknown and is never sent again by itself.
    """

    table: ClassVar[str] = "outbox"

    id: str
    channel: str
    template: str
    recipient: str
    subject: str
    state: str = "planned"
    attempts: int = 0
    planned_us: int = 0
    due_us: int | None = None
    settled_us: int | None = None
    error: str | None = None
    parameters: Mapping[str, Any] = NOTHING
    version: int = 0


def apply_planned(view: View, recorded: Recorded, rules: Any) -> Iterable[Any]:
    """A message waits in the outbox. Its key holds the command's, which is planned only once."""
    decision, at_us = recorded.decision, recorded.at_us
    assert isinstance(decision, MessagePlanned)  # noqa: S101 - the plan dispatches by type
    return [
        Message(
            decision.key,
            decision.channel,
            decision.template,
            decision.recipient,
            decision.subject,
            planned_us=at_us,
            due_us=at_us,
            parameters=decision.parameters,
            version=1,
        )
    ]


ROOM = Room(
    name="outbox",
    prepare=lambda playbook, schema, policies: None,
    tables=(Table(Message, indexes=("recipient", "state"), due="due_us"),),
    applies={MessagePlanned: apply_planned},
)
