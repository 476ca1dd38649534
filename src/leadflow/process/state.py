"""What a process keeps: one instance per lead and process, with every stage it has been in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from attrs import frozen

from leadflow.model.making import quick
from leadflow.model.values import NOTHING
from leadflow.room import Table

Visit = tuple[str, int, int | None, str | None]
"""(stage, entered_us, left_us or None, how it was left: completed, skipped, back, set, automatic ...)."""


@quick
@frozen(weakref_slot=False)
class Instance:
    """A lead in a process. `status` is "active", "background", "finished" or "abandoned".

    `due_us` is when the active stage's service level ends; it is None once the breach has been told.
    """

    table: ClassVar[str] = "process"

    id: str
    lead_id: str
    process: str
    stage: str
    status: str = "active"
    entered_us: int = 0
    due_us: int | None = None
    started_us: int = 0
    ended_us: int | None = None
    visits: tuple[Visit, ...] = ()
    answers: Mapping[str, Any] = NOTHING
    version: int = 0


def instance_id(lead: str, process: str) -> str:
    """The id of a lead's instance of a process."""
    return f"{lead}|{process}"


TABLES = (Table(Instance, indexes=("lead_id",), due="due_us"),)
