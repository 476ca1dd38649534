"""Commands of people who work leads: advance, assign."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import typer

from leadflow.cli.shell.command import OK
from leadflow.cli.shell.session import Session
from leadflow.cli.telling.card import card_of
from leadflow.cli.telling.results import done, plain_result
from leadflow.cli.telling.words import say_decisions
from leadflow.engine.flow import Flow
from leadflow.engine.outcome import Result

LeadArgument = Annotated[str, typer.Argument(metavar="LEAD", help="The lead's id.")]
ActorOption = Annotated[
    str | None, typer.Option("--as", metavar="USER", help="Who says so: your user id, kept with the decision.")
]
ReasonOption = Annotated[str, typer.Option(help="Why; kept with the decision.")]


class How(str, Enum):  # noqa: UP042 - typer's older versions know no StrEnum
    """How a lead moves."""

    COMPLETE = "complete"
    SKIP = "skip"
    BACK = "back"
    SET = "set"


def advance(
    session: Session,
    lead: LeadArgument,
    to: Annotated[
        str | None, typer.Option(metavar="STAGE", help="To this stage; the process picks the next when left out.")
    ] = None,
    how: Annotated[
        How, typer.Option(help="complete (gates hold), skip (over gates, told as skipped), back, or set (any stage).")
    ] = How.COMPLETE,
    reason: ReasonOption = "",
    actor: ActorOption = None,
) -> int:
    """Complete the lead's stage, or move it otherwise."""
    with session.open() as flow:
        result = done(flow, {"type": "advance", "lead": lead, "to": to, "how": how.value, "reason": reason}, actor)
        _say(session, flow, lead, result, is_drawn=True)
    return OK


def assign(
    session: Session,
    lead: LeadArgument,
    owner: Annotated[
        str | None, typer.Option(metavar="USER", help="To this user; the rules pick one when left out.")
    ] = None,
    reason: ReasonOption = "",
    actor: ActorOption = None,
) -> int:
    """Give the lead an owner, by hand or by the rules."""
    with session.open() as flow:
        result = done(flow, {"type": "assign", "lead": lead, "owner": owner, "reason": reason}, actor)
        _say(session, flow, lead, result, is_drawn=False)
    return OK


def _say(session: Session, flow: Flow, lead: str, result: Result, *, is_drawn: bool) -> None:
    output = session.output
    if output.is_json:
        output.document(plain_result(result))
        return
    if not result.decisions:
        output.say("nothing changed", "dim")
    say_decisions(output, result.decisions, {lead: "the lead"})
    if is_drawn:
        _, card = card_of(flow, lead, session.moment_us())
        if card["process"] is not None:
            output.say()
            output.lines(card["process"].drawn(session))
