"""Commands about one record: show, explain."""

from __future__ import annotations

from typing import Annotated

import typer

from leadflow.cli.shell.command import OK
from leadflow.cli.shell.session import Session
from leadflow.cli.telling.card import around, plain_part, say_explained, say_lead, say_other
from leadflow.engine.flow import Flow
from leadflow.model.time import to_datetime

IdArgument = Annotated[str, typer.Argument(metavar="ID", help="Of a lead, contact, account, opportunity or input.")]


def show(session: Session, id_: IdArgument) -> int:
    """Show a record: for a lead its contact, account, scores, process and owner."""
    with session.open() as flow:
        explained = flow.explain(id_)
        card = around(flow, explained, session.moment_us())
        if session.output.is_json:
            plain = {name: plain_part(part) for name, part in card.items()}
            session.output.document({"id": id_, "record": explained.record, **plain})
        elif explained.record == "lead":
            say_lead(session, card)
        else:
            say_other(session, explained, card)
    return OK


def explain(
    session: Session,
    id_: IdArgument,
    at: Annotated[
        str | None, typer.Option(metavar="INSTANT", help="Only the points as of another moment, past or to come.")
    ] = None,
) -> int:
    """Say why a record is as it is: what its scores are made of, where it has been, what was decided and why."""
    with session.open() as flow:
        if at is not None:
            return _points_at(session, flow, id_, at)
        explained = flow.explain(id_)
        if session.output.is_json:
            session.output.document(explained.to_plain())
            return OK
        card = around(flow, explained, session.moment_us())
    say_explained(session, explained, card)
    return OK


def _points_at(session: Session, flow: Flow, id_: str, at: str) -> int:
    at_us = session.instant_us(at, "at")
    points = {name: flow.score_at(id_, at_us, model=name) for name in flow.playbook.scoring.models}
    moment = to_datetime(at_us)
    if session.output.is_json:
        session.output.document({"id": id_, "at": moment.isoformat(), "scores": points})
        return OK
    for name, number in points.items():
        session.output.say(f"{name} {'not scored yet' if number is None else number} on {moment:%Y-%m-%d %H:%M} UTC")
    return OK
