"""A message: what must leave the process, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from attrs import frozen

from leadflow.model.making import quick
from leadflow.model.values import NOTHING

REPORTED: Final[Mapping[str, int]] = {"delivered": 1, "replied": 2, "bounced": 3, "complained": 4}
"""The states that reports of a message lead to; of several the one with the highest number stands, in whatever order."""
LEFT: Final = frozenset({"claimed", "unknown", "handed_over", *REPORTED})
"""The states of messages that left, or may have."""


@quick
@frozen(weakref_slot=False)
class Message:
    """One thing to hand over.

    `id` is its stable key. `state` goes planned > claimed > handed_over | refused | unknown; a claimed one found after a
    crash becomes unknown and is never sent again by itself. `suppressed` ones never leave: nothing is sent to that address.
    What left becomes delivered, replied, bounced or complained when that is reported. `mark` is what its Message-ID is found
    by, `address` the id of the address that it was claimed for.
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
    mark: str = ""
    address: str | None = None
    version: int = 0
