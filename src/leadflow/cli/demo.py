"""The demo command: the main job on a sample, from records to reasons."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from leadflow.cli.cards import card_of, say_explained
from leadflow.cli.columns import who
from leadflow.cli.due import delivered
from leadflow.cli.process_bar import LeadProcess
from leadflow.cli.report import figures_of, say_groups, write
from leadflow.cli.sample import END_US, records
from leadflow.cli.shell.command import INTERRUPTED, OK
from leadflow.cli.shell.session import Session
from leadflow.cli.shell.stopping import Stopping
from leadflow.engine.flow import Flow
from leadflow.engine.opening import open_flow
from leadflow.engine.outcome import Ingested
from leadflow.engine.queries import Listed
from leadflow.errors import InvalidInputError
from leadflow.model.time import to_datetime
from leadflow.playbook.default import default_text
from leadflow.ports.store import Scan
from leadflow.reporting import Funnel, draw_funnel, funnel_page, funnel_svg
from leadflow.reporting.pieces import Piece, fitted

_BATCH = 250
_BEST = 5
_WAITING = "lead.sales_ready and not lead.sales_accepted"
_FILES = ("leads.db", "playbook.toml", "records.jsonl", "report.html", "report.svg", "outbox/")


def demo(
    session: Session,
    folder: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Where its files go; a new temporary folder when left out.")
    ] = None,
) -> int:
    """See the main job on a sample: ninety days of a made-up company's leads."""
    output = session.output
    place = _prepared(folder)
    told = list(records())
    if not output.is_json:
        output.say("Ninety days of a made-up company's leads, taken in at the moments they happened", "title")
        output.say()
    url = f"sqlite:///{place / 'leads.db'}"
    with open_flow(url, place / "playbook.toml", now=lambda: END_US) as flow, Stopping() as stopping:
        with output.progress("Taking records in", len(told)) as show:
            taken = flow.ingest(
                stopping.until_asked(told),
                clock="record",
                batch_size=_BATCH,
                progress=lambda done: show(done, f"{done:,} records"),
            )
        if stopping.is_asked:
            output.note(f"stopped; what was taken is in {place}", "warn")
            return INTERRUPTED
        flow.tick(END_US)
        sent = delivered(flow, place / "outbox", "leadflow@leadflow.example", stopping)
        figures = figures_of(flow, None, "source", END_US)
        write(place / "report.svg", funnel_svg(figures))
        write(place / "report.html", funnel_page(figures, made_us=END_US))
        best = flow.leads(_WAITING, order_by="-score", limit=_BEST)
        counts = _counts(flow)
        if output.is_json:
            output.document(_plain(place, taken, counts, figures, best, flow))
            return OK
        _say_counts(session, taken, counts, sent.handed_over)
        _say_funnel(session, figures)
        _say_best(session, flow, best)
    _say_next(session, place, best)
    return OK


def _prepared(folder: Path | None) -> Path:
    """The folder with the playbook and the records in it. Errors: InvalidInputError."""
    try:
        if folder is None:
            folder = Path(tempfile.mkdtemp(prefix="leadflow-demo-"))
        folder.mkdir(parents=True, exist_ok=True)
        if (folder / "leads.db").exists():
            raise InvalidInputError(
                f"{folder} has a store in it", code="file_exists", hint="name another folder; nothing is written over"
            )
        (folder / "playbook.toml").write_text(default_text(), encoding="utf-8", newline="\n")
        lines = (json.dumps(record, ensure_ascii=False) + "\n" for record in records())
        (folder / "records.jsonl").write_text("".join(lines), encoding="utf-8", newline="\n")
    except OSError as error:
        raise InvalidInputError(f"cannot write to {folder}: {error.strerror}", code="file_unwritable") from None
    return folder


def _counts(flow: Flow) -> dict[str, int]:
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


def _say_counts(session: Session, taken: Ingested, counts: dict[str, int], letters: int) -> None:
    output = session.output
    output.say(
        f"{taken.total:,} records: {taken['accepted']:,} accepted, {taken['repeated']} repeats that changed nothing, "
        f"{taken['failed']} broken forms"
    )
    output.say(
        f"{counts['contacts']:,} contacts at {counts['accounts']:,} companies, {counts['leads']:,} leads, "
        f"{counts['sales_ready']:,} of them sales-ready"
    )
    output.say(f"{counts['decisions']:,} decisions, each kept with its reasons; {letters:,} messages to the leads' owners")
    why: dict[str, int] = {}
    for _, _, status, reason in taken.problems:
        if status == "failed":
            why[reason] = why.get(reason, 0) + 1
    reasons = ", ".join(f"{reason} ({count})" for reason, count in sorted(why.items(), key=lambda item: (-item[1], item[0])))
    _say_wrapped(session, f"Waiting in the failed queue: {reasons}")
    output.say()


def _say_wrapped(session: Session, text: str) -> None:
    from leadflow.reporting.pieces import wrapped

    for place, line in enumerate(wrapped(text, session.output.width - 2)):
        session.output.say(line if place == 0 else f"  {line}", "dim")


def _say_funnel(session: Session, figures: Funnel) -> None:
    output = session.output
    output.lines(draw_funnel(figures, width=output.width, is_ascii=output.is_ascii))
    output.say()
    say_groups(session, figures)
    output.say()


def _say_best(session: Session, flow: Flow, best: list[Listed]) -> None:
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


def _say_next(session: Session, place: Path, best: list[Listed]) -> None:
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


def _plain(
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
