"""Where a lead stands in each stage of its process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import frozen

from leadflow.reporting.way import Visit

_MARKS = {"completed": "completed", "automatic": "completed", "skipped": "skipped", "abandoned": "abandoned"}


@frozen(kw_only=True)
class StageView:
    """One stage as a lead has it.

    `mark` is "completed", "skipped", "active", "ahead" (not yet), "left" (was there, went back) or "abandoned"; the
    last visit decides. `spent_us` is the time in it over all visits, the open one until now; None when it was never in
    it. `since_us` is when the active stage was entered.
    """

    name: str
    label: str
    mark: str
    spent_us: int | None = None
    since_us: int | None = None

    def to_plain(self) -> dict[str, Any]:
        """As JSON can hold it."""
        spent = None if self.spent_us is None else self.spent_us // 1_000_000
        return {"name": self.name, "label": self.label, "mark": self.mark, "spent_seconds": spent}


def view_stages(stages: Mapping[str, str], visits: Sequence[Visit], status: str, now_us: int) -> tuple[StageView, ...]:
    """Every stage of a process (labels by name, in order) as one lead has it.

    >>> visits = [("new", 0, 5, "completed"), ("won", 5, None, None)]
    >>> found = view_stages({"new": "New", "won": "Won"}, visits, "active", 9)
    >>> [(stage.label, stage.mark, stage.spent_us) for stage in found]
    [('New', 'completed', 5), ('Won', 'active', 4)]
    """
    last: dict[str, Visit] = {}
    spent: dict[str, int] = {}
    for visit in visits:
        name, entered_us, left_us, how = visit
        last[name] = visit
        if how != "skipped" or left_us != entered_us:
            until_us = max(now_us, entered_us) if left_us is None else left_us
            spent[name] = spent.get(name, 0) + until_us - entered_us
    return tuple(_view(name, label or name, last.get(name), spent.get(name), status) for name, label in stages.items())


def _view(name: str, label: str, visit: Visit | None, spent_us: int | None, status: str) -> StageView:
    if visit is None:
        return StageView(name=name, label=label, mark="ahead")
    _, entered_us, left_us, how = visit
    if left_us is None:
        mark = {"active": "active", "finished": "completed", "abandoned": "abandoned"}.get(status, "left")
        since_us = entered_us if mark == "active" else None
        return StageView(name=name, label=label, mark=mark, spent_us=spent_us, since_us=since_us)
    return StageView(name=name, label=label, mark=_MARKS.get(how or "", "left"), spent_us=spent_us)
