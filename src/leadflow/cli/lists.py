"""Commands that list: leads, export."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Annotated, Any
from uuid import uuid4

import typer

from leadflow.cli.shell.command import OK
from leadflow.cli.shell.session import Session
from leadflow.cli.telling.columns import Column, columns_of, plain_listed, text_of
from leadflow.engine.answers.queries import Listed
from leadflow.engine.flow import Flow
from leadflow.errors import InvalidInputError
from leadflow.model.time import to_datetime

_PAGE = 500
WhereOption = Annotated[
    str | None,
    typer.Option(metavar="CONDITION", help="""Which leads, e.g. 'score("interest") > 50 and lead.sales_ready'."""),
]


def leads(
    session: Session,
    where: WhereOption = None,
    view: Annotated[
        str | None, typer.Option(metavar="NAME", help="A list view of the playbook: its condition, order and columns.")
    ] = None,
    user: Annotated[
        str | None, typer.Option(metavar="USER", help="Who looks at the view; what is new to him is marked with *.")
    ] = None,
    new: Annotated[bool, typer.Option("--new", help="Only what is new to the user since he last looked.")] = False,
    seen: Annotated[
        bool, typer.Option("--seen", help="The user has looked now: what is listed is not new any more.")
    ] = False,
    order: Annotated[
        str | None,
        typer.Option(help="By what, e.g. -score, created_at, stage; - for descending. Newest changes first."),
    ] = None,
    limit: Annotated[int, typer.Option(help="How many; 0 for all.", min=0)] = 20,
    since: Annotated[
        str | None, typer.Option(metavar="INSTANT", help="Only leads made since, e.g. 7d or 2026-11-01T00:00:00Z.")
    ] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Tell how the list is found, and list nothing.")] = False,
    columns: Annotated[
        str | None,
        typer.Option(help="Comma-separated: fields, contact, account, score, grade, e.g. id,contact.email,score."),
    ] = None,
) -> int:
    """List leads: which, in what order, with their contacts, accounts and scores."""
    output = session.output
    if seen and (view is None or user is None):
        raise InvalidInputError("--seen needs --view and --user", code="user_missing")
    with session.open(changes=seen) as flow:
        if explain:
            plan = flow.explain_query(where, view=view, user=user, order_by=order)
            if output.is_json:
                output.json_line({"order": plan.order, "store": plan.by_store, "engine": plan.by_engine})
            else:
                output.say(str(plan))
            return OK
        chosen = columns_of(flow, [name.strip() for name in (columns or _default(flow, view)).split(",")])
        since_us = None if since is None else to_datetime(session.instant_us(since, "since"))
        found = flow.each_lead(
            where, view=view, user=user, order_by=order, limit=limit or None, since=since_us, only_new=new
        )
        if output.is_json:
            for listed in found:
                output.json_line(plain_listed(listed))
        else:
            if user is not None:
                chosen = [("new", lambda listed: "*" if listed.is_new else ""), *chosen]
            shown = _shown(session, found, chosen, _numeric(flow, chosen))
            if not shown:
                output.say("no lead" + (" for which that holds" if where or since or view else " yet"), "dim")
            elif limit and shown == limit:
                output.note(f"the first {limit}; --limit 0 lists all")
        if seen:
            _see(flow, view, user)
    return OK


def _see(flow: Flow, view: str | None, user: str | None) -> None:
    """Keep that the user has looked. Errors: RefusedError."""
    flow.do({"type": "see_view", "key": f"see-{uuid4()}", "view": view, "user": user}).one().unwrap()


def _shown(session: Session, found: Iterator[Listed], chosen: Sequence[Column], right: list[int]) -> int:
    """Print a page of leads at a time, however many there are; returns how many."""
    count = 0
    widths: list[int] | None = None
    while page := list(islice(found, _PAGE)):
        rows = [[text_of(value(listed)) for _, value in chosen] for listed in page]
        widths = session.output.table([heading for heading, _ in chosen], rows, right=right, widths=widths)
        count += len(page)
    return count


def _default(flow: Flow, view: str | None) -> str:
    columns = next((each.columns for each in flow.playbook.assignment.views if each.name == view), ())
    if columns:
        return ",".join(columns)
    return "id,contact,account," + ",".join(f"score({name})" for name in flow.playbook.scoring.models) + ",stage,owner"


def _numeric(flow: Flow, chosen: Sequence[tuple[str, Any]]) -> list[int]:
    return [at for at, (heading, _) in enumerate(chosen) if heading in flow.playbook.scoring.models]
