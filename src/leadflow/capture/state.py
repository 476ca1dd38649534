"""What capture keeps: the queue of inputs that could not be taken."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from attrs import frozen

from leadflow.model.making import quick
from leadflow.model.values import NOTHING
from leadflow.room import Table


@quick
@frozen(weakref_slot=False)
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


@quick
@frozen(weakref_slot=False)
class Batch:
    """An import: which file (by its content's hash), how it was read, how far it is.

    `state` is "staging", "applying", "done", "refused" (all-mode: nothing went in) or "undone".
    """

    table: ClassVar[str] = "batch"

    id: str
    file: str
    mode: str
    state: str
    record: str = "contact"
    rows: int = 0
    at_us: int = 0
    counts: Mapping[str, int] = NOTHING
    version: int = 0


@quick
@frozen(weakref_slot=False)
class Staged:
    """A row of an all-or-nothing import that waits until the whole file has been found good."""

    table: ClassVar[str] = "staged"

    id: str
    batch: str
    line: int
    entry: Mapping[str, Any] = NOTHING
    version: int = 0


TABLES = (
    Table(Failure, indexes=("state", "batch")),
    Table(Batch, indexes=("file",)),
    Table(Staged, indexes=("batch",)),
)
