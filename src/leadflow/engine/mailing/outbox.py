"""The outbox: what must leave the process, what left, and what became of it. Nothing leaves before the commit, or twice."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from leadflow.engine.mailing import addresses, reports
from leadflow.engine.mailing.messages import Message
from leadflow.model.commands import AllowAddress, ReportMail
from leadflow.model.decisions import AddressAllowed, MailReported, MessagePlanned, Recorded
from leadflow.model.facts import InteractionReceived
from leadflow.ports.mail import mark_of
from leadflow.room import Room, Table, View


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
            mark=mark_of(decision.key),
            version=1,
        )
    ]


ROOM = Room(
    name="outbox",
    prepare=lambda playbook, schema, policies: None,
    tables=(Table(Message, indexes=("recipient", "state", "mark"), due="due_us"), addresses.TABLE),
    keys={ReportMail: reports.report_keys, AllowAddress: reports.allow_keys},
    reacts={
        ReportMail: reports.on_report,
        AllowAddress: reports.on_allow,
        InteractionReceived: reports.on_interaction,
    },
    quiet={InteractionReceived: reports.quiet_interaction},
    applies={
        MessagePlanned: apply_planned,
        MailReported: reports.apply_reported,
        AddressAllowed: addresses.apply_allowed,
    },
)
