"""One lead's way through a process, and what it comes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from attrs import frozen

Visit = tuple[str, int, int | None, str | None]
"""(stage, entered_us, left_us or None, how it was left)."""

_FORWARDS = frozenset({"completed", "automatic"})
ENTERED: Final = 1
COMPLETED: Final = 2
SKIPPED: Final = 4


@frozen
class Way:
    """One lead's way through the process.

    `visits` are every stage it has been in, in order; `status` is "active", "background", "finished" or "abandoned".
    `outcome` is what became of its opportunity ("won", "lost", "open"; None: it has none). `group` is the value of the
    field to tell apart by.

    >>> Way((("inquiry", 0, None, None),)).status
    'active'
    """

    visits: Sequence[Visit]
    status: str = "active"
    outcome: str | None = None
    group: str | None = None


class Walked:
    """What a way comes to, by place of the stage: how it was passed, and the time in those that were left."""

    __slots__ = ("marks", "now_in", "since_us", "spent")

    def __init__(self) -> None:
        self.marks: dict[int, int] = {}
        self.spent: dict[int, int] = {}
        self.now_in: int | None = None
        self.since_us = 0


def walk(way: Way, places: Mapping[str, int]) -> Walked:
    """A way by the places of its stages; stages without a place are passed over."""
    walked = Walked()
    marks, spent = walked.marks, walked.spent
    for stage, entered_us, left_us, how in way.visits:
        place = places.get(stage)
        if place is None:
            continue
        if left_us is None:
            marks[place] = marks.get(place, 0) | ENTERED
            if way.status == "active":
                walked.now_in, walked.since_us = place, entered_us
        elif how == "skipped" and left_us == entered_us:
            # One that took no time was passed over on the way to another: nobody was in it.
            marks[place] = marks.get(place, 0) | SKIPPED
        else:
            mark = ENTERED | COMPLETED if how in _FORWARDS else ENTERED | SKIPPED if how == "skipped" else ENTERED
            marks[place] = marks.get(place, 0) | mark
            spent[place] = spent.get(place, 0) + left_us - entered_us
    return walked
