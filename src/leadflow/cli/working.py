"""Commands of people who work leads: advance, assign."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Annotated, Any

import typer

from leadflow.cli.shell.command import OK
from leadflow.cli.shell.session import Session
from leadflow.cli.telling.card import card_of
from leadflow.cli.telling.results import done, plain_result
from leadflow.cli.telling.words import say_decisions
from leadflow.engine.flow import Flow
from leadflow.engine.outcome import Result
from leadflow.errors import InvalidInputError, RefusedError
from leadflow.expr.fault import did_you_mean
from leadflow.expr.values import read_value

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
    FINISH = "finish"
    ABANDON = "abandon"


def advance(
    session: Session,
    lead: LeadArgument,
    to: Annotated[
        str | None, typer.Option(metavar="STAGE", help="To this stage; the process picks the next when left out.")
    ] = None,
    how: Annotated[
        How,
        typer.Option(
            help="complete (gates hold), skip (over gates, told as skipped), back, set (any stage), finish or abandon."
        ),
    ] = How.COMPLETE,
    answer: Annotated[
        list[str] | None,
        typer.Option("--step", metavar="STEP=VALUE", help="First answer a step, e.g. sales_accepted=yes. Repeatable."),
    ] = None,
    reason: ReasonOption = "",
    actor: ActorOption = None,
) -> int:
    """Complete the lead's stage, or move it otherwise; an answer that moves the lead by itself is enough."""
    with session.open(changes=True) as flow:
        results = [done(flow, step, actor) for step in _answers(flow, lead, answer or [])]
        has_moved = any(each.type == "stage_changed" for result in results for each in result.decisions)
        if not has_moved:
            ends = how in (How.FINISH, How.ABANDON)
            move: dict[str, Any] = {"type": "end_process"} if ends else {"type": "advance", "to": to}
            try:
                results.append(done(flow, {**move, "lead": lead, "how": how.value, "reason": reason}, actor))
            except RefusedError:
                if results:
                    session.output.note("the answers are kept; the lead did not move", "warn")
                raise
        _say(session, flow, lead, results, is_drawn=True)
    return OK


def _answers(flow: Flow, lead: str, given: list[str]) -> Iterator[dict[str, Any]]:
    """Commands that answer steps, each value as the type of the field that the step names."""
    row = flow.store.load([("lead", lead)]).rows["lead", lead]
    process = None if row is None else flow.playbook.process.processes.get(row.process)
    steps = {} if process is None else {step.name: step for stage in process.stages for step in stage.steps}
    for text in given:
        name, separator, value = text.partition("=")
        if not separator:
            raise InvalidInputError(f"--step {text[:60]!r}: expected STEP=VALUE", hint="write e.g. sales_accepted=yes")
        step = steps.get(name)
        if step is None:
            hint = did_you_mean(name, steps) or f"one of {', '.join(steps)}"
            raise InvalidInputError(f"there is no step {name[:60]!r}", code="unknown_step", hint=hint)
        record, _, field = (step.field or "").partition(".")
        known = flow.schema.records.get(record, {}).get(field)
        typed = value if known is None else read_value(record, known, value)
        yield {"type": "set_step", "lead": lead, "step": name, "value": typed}


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
    with session.open(changes=True) as flow:
        result = done(flow, {"type": "assign", "lead": lead, "owner": owner, "reason": reason}, actor)
        _say(session, flow, lead, [result], is_drawn=False)
    return OK


def _say(session: Session, flow: Flow, lead: str, results: list[Result], *, is_drawn: bool) -> None:
    output = session.output
    decisions = [each for result in results for each in result.decisions]
    if output.is_json:
        output.document({"lead": lead, "results": [plain_result(result) for result in results]})
        return
    if not decisions:
        output.say("nothing changed", "dim")
    say_decisions(output, decisions, {lead: "the lead"})
    if is_drawn:
        _, card = card_of(flow, lead, session.moment_us())
        if card["process"] is not None:
            output.say()
            output.lines(card["process"].drawn(session))
