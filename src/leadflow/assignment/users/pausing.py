"""Users who are in no rotation for a time: they missed a service level, or somebody said so. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from leadflow.assignment.prepare import Prepared
from leadflow.assignment.state import Pause
from leadflow.errors import InvalidValueError
from leadflow.model.commands import PauseUser
from leadflow.model.decisions import Recorded, Refusal, UserPaused
from leadflow.model.time import parse_instant
from leadflow.room import Dropped, Step, View


def on_pause(view: View, command: PauseUser, prepared: Prepared, now_us: int) -> Step | None:
    """Somebody takes a user out of every rotation for a time, or back in."""
    try:
        until_us = None if command.until is None else parse_instant(command.until, "until")
    except InvalidValueError:
        return Step(refusal=Refusal("invalid_instant", {"field": "until"}))
    if until_us is not None and until_us <= now_us:
        until_us = None
    if until_us is None and view.get(Pause, command.user) is None:
        return None
    return Step((UserPaused(subject=command.user, until_us=until_us, because=command.reason or "by hand"),))


def apply_paused(view: View, recorded: Recorded, prepared: Prepared) -> Iterable[Any]:
    """Until when; whoever takes part again has no row."""
    decision = recorded.decision
    assert isinstance(decision, UserPaused)  # noqa: S101 - the plan dispatches by type
    held = view.get(Pause, decision.subject)
    if decision.until_us is None:
        return [] if held is None else [Dropped(Pause, decision.subject)]
    return [Pause(decision.subject, decision.until_us, 1 if held is None else held.version + 1)]
