"""Capture as the engine sees it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from leadflow.capture import business, decide, retrying
from leadflow.capture.state import TABLES, Failure
from leadflow.model.commands import DropSubmission, RetrySubmission
from leadflow.model.decisions import InputFailed, InputSettled, Recorded
from leadflow.model.making import replaced
from leadflow.model.records import Deal, Entry, Order, Submission
from leadflow.room import Key, Policies, Room, View


def prepare(playbook: Any, schema: Any, policies: Policies) -> decide.Prepared:
    """The forms, with the fields that exist."""
    return decide.Prepared(playbook.capture, schema)


def apply_failed(view: View, recorded: Recorded, prepared: decide.Prepared) -> Iterable[Any]:
    """A place in the failed queue."""
    decision = recorded.decision
    assert isinstance(decision, InputFailed)  # noqa: S101 - the plan dispatches by type
    source = view.input(decision.subject)
    return [
        Failure(
            decision.subject,
            decision.record,
            "waiting",
            decision.form,
            decision.reasons,
            recorded.at_us,
            None if source is None else source.batch,
            1,
        )
    ]


def apply_settled(view: View, recorded: Recorded, prepared: decide.Prepared) -> Iterable[Any]:
    """The place in the failed queue is settled."""
    decision = recorded.decision
    assert isinstance(decision, InputSettled)  # noqa: S101 - the plan dispatches by type
    failure = view.get(Failure, decision.subject)
    return [] if failure is None else [replaced(failure, state=decision.how, version=failure.version + 1)]


def _waiting(command: Any, prepared: decide.Prepared) -> list[Key]:
    return [("failure", command.submission), ("input", command.submission)]


ROOM = Room(
    name="capture",
    prepare=prepare,
    tables=TABLES,
    keys={RetrySubmission: _waiting, DropSubmission: _waiting},
    reacts={
        Submission: decide.on_submission,
        Entry: decide.on_entry,
        Order: business.on_order,
        Deal: business.on_deal,
        RetrySubmission: retrying.on_retry,
        DropSubmission: retrying.on_drop,
    },
    applies={InputFailed: apply_failed, InputSettled: apply_settled},
)
