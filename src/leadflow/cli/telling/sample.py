"""What the demo tells: what came in, the funnel, the best leads, one of them in full, and how to go on."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from leadflow.cli.sample import END_US
from leadflow.cli.shell.session import Session
from leadflow.cli.telling.card import card_of, say_explained
from leadflow.cli.telling.columns import who
from leadflow.cli.telling.funnel import say_groups
from leadflow.cli.telling.process import LeadProcess
from leadflow.engine.answers.explain import Explained
from leadflow.engine.answers.queries import Listed
from leadflow.engine.flow import Flow
from leadflow.engine.outcome import Ingested
from leadflow.model.time import to_datetime
from leadflow.ports.store import Scan
from leadflow.reporting import Funnel, draw_funnel
from leadflow.reporting.pieces import Piece, fitted, wrapped

_FILES = ("leads.db", "playbook.toml", "records.jsonl", "report.html", "report.svg", "outbox/")
_COMMAND_WIDTH = 51


def stored(flow: Flow) -> dict[str, int]:
    """How much there is of what."""

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


def say_demo(session: Session, flow: Flow, taken: Ingested, letters: int, figures: Funnel, best: list[Listed]) -> None:
    """The whole story, top to bottom."""
    output = session.output
    _say_counts(session, taken, stored(flow), letters)
    output.say()
    output.lines(draw_funnel(figures, width=output.width, is_ascii=output.is_ascii))
    output.say()
    say_groups(session, figures)
    output.say()
    output.say("The best sales-ready leads", "title")
    rows = [
        [each.lead.id, who(each) or "", (each.account.name if each.account is not None else None) or "",
         *(str(points) for points in each.scores.values()), each.lead.owner_id or ""]
        for each in best
    ]  # fmt: skip
    output.table(["lead", "contact", "company", "score", "owner"], rows, right=[3])
    output.say()
    story = _story(flow, best)
    if story is not None:
        _say_story(session, *story)
        output.say()


def _say_counts(session: Session, taken: Ingested, counts: dict[str, int], letters: int) -> None:
    output = session.output
    output.say(
        f"{taken.total:,} records: {taken['accepted']:,} accepted, {taken['repeated']} repeats that changed nothing, "
        f"{taken['failed']} broken"
    )
    output.say(
        f"{counts['contacts']:,} contacts at {counts['accounts']:,} companies, {counts['leads']:,} leads, "
        f"{counts['sales_ready']:,} of them sales-ready"
    )
    output.say(f"{counts['decisions']:,} decisions, each kept with its reasons; {letters:,} messages to owners")
    why = Counter(reason for _, _, status, reason in taken.problems if status == "failed")
    reasons = ", ".join(f"{reason} ({count})" for reason, count in why.most_common())
    for place, line in enumerate(wrapped(f"Waiting in the failed queue: {reasons}", output.width - 2)):
        output.say(line if place == 0 else f"  {line}", "dim")


def _story(flow: Flow, best: list[Listed]) -> tuple[Explained, dict[str, Any]] | None:
    """The lead to tell in full: of the best that wait for sales, the one whose story has the most turns."""
    waiting = flow.leads("lead.sales_ready and not lead.sales_accepted", order_by="-score", limit=5)
    told = [card_of(flow, listed.lead.id, END_US) for listed in waiting or best]
    return max(told, key=lambda pair: len({each.at_us for each in pair[0].decisions}), default=None)


def _say_story(session: Session, explained: Explained, card: dict[str, Any]) -> None:
    output = session.output
    output.say("One lead in full: where it stands, and why", "title")
    output.say()
    if isinstance(card["process"], LeadProcess):
        output.lines(card["process"].drawn(session))
        output.say()
    say_explained(session, explained, card)


def say_next(session: Session, place: Path, best: list[Listed]) -> None:
    """Where the files are, and what to try on them."""
    output = session.output
    output.say(f"Its files are in {place}", "title")
    output.say(f"  {'  '.join(_FILES)}")
    output.say()
    output.say("Go on from here", "title")
    for command, about in (
        (f"cd {place}", ""),
        (f"export LEADFLOW_NOW={to_datetime(END_US):%Y-%m-%dT%H:%M:%SZ}", "the sample ends there"),
        ("leadflow leads --where 'score(\"interest\") >= 60'", "lists by condition"),
        (f"leadflow show {best[0].lead.id if best else 'LEAD'}", "one lead's card"),
        ("leadflow report --by contact.country", "the funnel by any field"),
        ("leadflow duplicates", "who may be the same"),
        ("leadflow check", "after changing the playbook"),
    ):
        output.lines(
            [(Piece(f"  {fitted(command, max(_COMMAND_WIDTH, len(command)))}", "active"), Piece(about, "dim"))]
        )


def plain_demo(
    place: Path, taken: Ingested, counts: dict[str, int], figures: Funnel, best: list[Listed], flow: Flow
) -> dict[str, Any]:
    """The same as JSON can hold it."""
    story = _story(flow, best)
    return {
        "folder": str(place),
        "records": {"total": taken.total, "counts": dict(sorted(taken.counts.items()))},
        "stored": counts,
        "funnel": figures.to_plain(),
        "best": [{"lead": each.lead.id, "scores": dict(each.scores), "owner": each.lead.owner_id} for each in best],
        "explained": None if story is None else story[0].to_plain(),
    }
