"""Capture as the engine sees it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from leadflow.capture import decide
from leadflow.capture.state import TABLES, Failure
from leadflow.model.decisions import InputFailed, Recorded
from leadflow.model.records import Entry, Submission
from leadflow.room import Room, View


def prepare(playbook: Any, schema: Any) -> decide.Prepared:
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
            str(view.command.type),
            "waiting",
            decision.form,
            decision.reasons,
            recorded.at_us,
            None if source is None else source.batch,
            1,
        )
    ]


ROOM = Room(
    name="capture",
    prepare=prepare,
    tables=TABLES,
    reacts={Submission: decide.on_submission, Entry: decide.on_entry},
    applies={InputFailed: apply_failed},
)
