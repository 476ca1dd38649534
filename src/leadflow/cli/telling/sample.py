"""What the demo tells: what came in, the funnel, the best leads, one of them in full, and how to go on."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from leadflow.cli.sample import END_US
from leadflow.cli.shell.session import Session
from leadflow.cli.telling.card import card_of, say_explained
from leadflow.cli.telling.columns import who
from leadflow.cli.telling.funnel import say_groups
from leadflow.cli.telling.process import LeadProcess
from leadflow.engine.flow import Flow
from leadflow.engine.outcome import Ingested
from leadflow.engine.queries import Listed
from leadflow.model.time import to_datetime
from leadflow.ports.store import Scan
from leadflow.reporting import Funnel, draw_funnel
from leadflow.reporting.pieces import Piece, fitted, wrapped

_FILES = ("leads.db", "playbook.toml", "records.jsonl", "report.html", "report.svg", "outbox/")


def counts_of(flow: Flow) -> dict[str, int]:
    def count(table: str, *where: tuple[str, str, Any]) -> int:
        return sum(1 for _ in flow.store.scan(Scan(table=table, where=where)))

    return {
        "contacts": count("contact"),
        "accounts": count("account"),
        "leads": count("lead"),
        "sales_ready": count("lead", ("sales_ready", "=", 1)),
        "decisions": count("decision"),
        "failed": count("failure", ("state", "=", "waiting")),
    }


def say_counts(session: Session, taken: Ingested, counts: dict[str, int], letters: int) -> None:
    output = session.output
    output.say(
        f"{taken.total:,} records: {taken['accepted']:,} accepted, {taken['repeated']} repeats that changed nothing, "
        f"{taken['failed']} broken forms"
    )
    output.say(
        f"{counts['contacts']:,} contacts at {counts['accounts']:,} companies, {counts['leads']:,} leads, "
        f"{counts['sales_ready']:,} of them sales-ready"
    )
    output.say(
        f"{counts['decisions']:,} decisions, each kept with its reasons; {letters:,} messages to the leads' owners"
    )
    why: dict[str, int] = {}
    for _, _, status, reason in taken.problems:
        if status == "failed":
            why[reason] = why.get(reason, 0) + 1
    reasons = ", ".join(
        f"{reason} ({count})" for reason, count in sorted(why.items(), key=lambda item: (-item[1], item[0]))
    )
    _say_wrapped(session, f"Waiting in the failed queue: {reasons}")
    output.say()


def say_wrapped(session: Session, text: str) -> None:
    for place, line in enumerate(wrapped(text, session.output.width - 2)):
        session.output.say(line if place == 0 else f"  {line}", "dim")


def say_funnel(session: Session, figures: Funnel) -> None:
    output = session.output
    output.lines(draw_funnel(figures, width=output.width, is_ascii=output.is_ascii))
    output.say()
    say_groups(session, figures)
    output.say()


def say_best(session: Session, flow: Flow, best: list[Listed]) -> None:
    """The best leads, then one of them in full."""
    output = session.output
    output.say("The best leads that sales has not accepted yet", "title")
    rows = [
        [
            listed.lead.id,
            who(listed) or "",
            "" if listed.account is None else listed.account.name or "",
            *(str(points) for points in listed.scores.values()),
            listed.lead.owner_id or "",
        ]
        for listed in best
    ]
    output.table(["lead", "contact", "company", "score", "owner"], rows, right=[3])
    output.say()
    told = _best_told(flow, best)
    if told is None:
        return
    explained, card = told
    output.say("One of them in full: where it stands, and why", "title")
    output.say()
    process = card["process"]
    if isinstance(process, LeadProcess):
        output.lines(process.drawn(session))
        output.say()
    say_explained(session, explained, card)
    output.say()


def _best_told(flow: Flow, best: Iterable[Listed]) -> tuple[Any, dict[str, Any]] | None:
    """The lead to tell in full: the one whose story has the most turns."""
    told = [card_of(flow, listed.lead.id, END_US) for listed in best]
    return max(told, key=lambda pair: len({each.at_us for each in pair[0].decisions}), default=None)


def say_next(session: Session, place: Path, best: list[Listed]) -> None:
    output = session.output
    output.say(f"Its files are in {place}", "title")
    output.say(f"  {'  '.join(_FILES)}")
    output.say()
    output.say("Go on from here", "title")
    lead = best[0].lead.id if best else "LEAD"
    for command, about in (
        (f"cd {place}", ""),
        (f"export LEADFLOW_NOW={to_datetime(END_US):%Y-%m-%dT%H:%M:%SZ}", "the sample ends there"),
        ("leadflow leads --where 'score(\"interest\") >= 60'", "lists by condition"),
        (f"leadflow show {lead}", "one lead's card"),
        ("leadflow report --by source", "the funnel by any field"),
        ("leadflow check", "after a change to playbook.toml"),
    ):
        output.lines([(Piece(f"  {fitted(command, max(48, len(command) + 2))}", "active"), Piece(about, "dim"))])


def plain_demo(
    place: Path, taken: Ingested, counts: dict[str, int], figures: Funnel, best: list[Listed], flow: Flow
) -> dict[str, Any]:
    told = _best_told(flow, best)
    return {
        "folder": str(place),
        "records": {"total": taken.total, "counts": dict(sorted(taken.counts.items()))},
        "stored": counts,
        "funnel": figures.to_plain(),
        "best": [{"lead": each.lead.id, "scores": dict(each.scores), "owner": each.lead.owner_id} for each in best],
        "explained": None if told is None else told[0].to_plain(),
    }
