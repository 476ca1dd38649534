"""What capture keeps: the queue of inputs that could not be taken."""

from __future__ import annotations

from typing import ClassVar

from attrs import frozen

from leadflow.room import Table


@frozen
class Failure:
    """An input that could not be taken; it waits to be mended.

    `state` is "waiting", "retried" or "dropped"; `reasons` are (code, field) pairs.
    """

    table: ClassVar[str] = "failure"

    id: str
    type: str
    state: str = "waiting"
    form: str | None = None
    reasons: tuple[tuple[str, str], ...] = ()
    at_us: int = 0
    batch: str | None = None
    version: int = 0


TABLES = (Table(Failure, indexes=("state", "batch")),)
