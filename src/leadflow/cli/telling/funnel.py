"""The funnel of a store: read page by page, told as a picture and tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from leadflow.cli.shell.session import Session
from leadflow.cli.telling.columns import field_of, text_of, value_in
from leadflow.cli.telling.process import labels
from leadflow.engine.flow import Flow
from leadflow.errors import InvalidInputError
from leadflow.ports.store import Scan
from leadflow.reporting import Funnel, Way, draw_funnel, funnel
from leadflow.reporting.pieces import share_text, span_text

_PAGE = 500
_GROUPS = 15
_RANK = {"won": 2, "lost": 1}


def figures_of(flow: Flow, process: str | None, by: str | None, now_us: int) -> Funnel:
    """The funnel of a process of a store. Errors: InvalidInputError."""
    processes = flow.playbook.process.processes
    if not processes:
        raise InvalidInputError("the playbook has no process", code="no_process")
    name = process or next(iter(processes))
    if name not in processes:
        raise InvalidInputError(f"there is no process {name[:60]!r}", hint=f"one of {', '.join(processes)}")
    ways = _ways(flow, name, by)
    return funnel(name, labels(processes[name]), ways, label=processes[name].label, by=by, now_us=now_us)


def _ways(flow: Flow, process: str, by: str | None) -> Iterator[Way]:
    """Every lead's way, page by page: memory stays flat however many there are."""
    record, field = (None, None) if by is None else field_of(flow, by)
    after = None
    while True:
        query = Scan(table="process", where=(("process", "=", process),), after=after, limit=_PAGE)
        page = list(flow.store.scan(query))
        if not page:
            return
        keys = [("opportunity.lead_id", instance.lead_id) for instance in page]
        if record is not None:
            keys += [("lead", instance.lead_id) for instance in page]
        rows = flow.store.load(keys).rows
        if record in ("contact", "account"):
            leads = [rows["lead", instance.lead_id] for instance in page]
            rows |= flow.store.load([(record, id_) for lead in leads if (id_ := _id_of(lead, record)) is not None]).rows
        for instance in page:
            group = None
            if record is not None and field is not None:
                lead = rows["lead", instance.lead_id]
                row = lead if record == "lead" else rows.get((record, _id_of(lead, record)))
                value = value_in(row, field)
                group = None if value is None else text_of(value)
            yield Way(instance.visits, instance.status, _outcome(rows["opportunity.lead_id", instance.lead_id]), group)
        after = (page[-1].id, page[-1].id)


def _id_of(lead: Any, record: str) -> Any:
    return None if lead is None else getattr(lead, f"{record}_id")


def _outcome(opportunities: Any) -> str | None:
    """The best of a lead's opportunities: one that was won makes the lead won."""
    return max((each.status for each in opportunities), key=lambda status: _RANK.get(status, 0), default=None)


def say_report(session: Session, figures: Funnel) -> None:
    """The picture (unless plain), the figures of each stage, and the groups."""
    output = session.output
    if output.is_plain:
        output.say(f"{figures.title}: {figures.started:,} leads", "title")
    else:
        output.lines(draw_funnel(figures, width=output.width, is_ascii=output.is_ascii))
    output.say()
    rows = [
        [
            stage.label, f"{stage.reached:,}", share_text(stage.from_previous) if place else "", f"{stage.entered:,}",
            f"{stage.completed:,}", f"{stage.skipped:,}", f"{stage.now_in:,}", span_text(stage.median_us),
            span_text(stage.p90_us),
        ]
        for place, stage in enumerate(figures.stages)
    ]  # fmt: skip
    headings = ["stage", "leads", "of last", "in it", "done", "skipped", "now", "median", "p90"]
    output.table(headings, rows, right=range(1, 9))
    ended = [f"{count:,} {name}" for name, count in _ends(figures) if count]
    if ended:
        output.say(", ".join(ended), "strong")
    if figures.by is not None:
        output.say()
        say_groups(session, figures)


def _ends(figures: Funnel) -> list[tuple[str, int | None]]:
    return [
        ("won", figures.won),
        ("lost", figures.lost),
        ("finished", figures.finished),
        ("abandoned", figures.abandoned),
    ]


def say_groups(session: Session, figures: Funnel) -> None:
    """The groups, the largest first: how many began, came to the last stage, were won."""
    output = session.output
    last = figures.stages[-1].label if figures.stages else ""
    rows = []
    for group in figures.groups[:_GROUPS]:
        end = group.stages[-1] if group.stages else None
        won = [] if group.won is None else [f"{group.won:,}", share_text(group.won_ratio)]
        reached = ["", ""] if end is None else [f"{end.reached:,}", share_text(end.from_start)]
        rows.append([group.name or "", f"{group.started:,}", *reached, *won])
    won_headings = [] if figures.won is None else ["won", "share"]
    output.table([figures.by or "", "leads", last.lower(), "share", *won_headings], rows, right=range(1, 6))
    if len(figures.groups) > _GROUPS:
        output.say(f"and {len(figures.groups) - _GROUPS} more (--json lists all)", "dim")
