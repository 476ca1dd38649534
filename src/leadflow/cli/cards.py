"""Commands about one record: show, explain."""

from __future__ import annotations

from typing import Annotated

import typer

from leadflow.cli.shell.command import OK
from leadflow.cli.shell.session import Session
from leadflow.cli.telling.card import around, plain_part, say_explained, say_lead, say_other

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


def explain(session: Session, id_: IdArgument) -> int:
    """Say why a record is as it is: what its scores are made of, where it has been, what was decided and why."""
    with session.open() as flow:
        explained = flow.explain(id_)
        if session.output.is_json:
            session.output.document(explained.to_plain())
            return OK
        card = around(flow, explained, session.moment_us())
    say_explained(session, explained, card)
    return OK
