"""What became of a command, and carrying one out."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from leadflow.cli.shell.command import refusal_text
from leadflow.cli.shell.session import Session
from leadflow.cli.telling.words import say_decisions
from leadflow.engine.flow import Flow
from leadflow.engine.outcome import Result
from leadflow.model.coding import to_plain
from leadflow.model.time import to_datetime


def done(flow: Flow, command: dict[str, Any], actor: str | None) -> Result:
    """Carry one command out. Errors: RefusedError, InvalidInputError."""
    return flow.do({**command, "key": f"cli-{uuid4()}", "actor": actor}).one().unwrap()


def plain_result(result: Result) -> dict[str, Any]:
    """A result as JSON can hold it."""
    refusal = result.refusal
    return {
        "key": result.key,
        "status": result.status,
        "contact": result.contact,
        "account": result.account,
        "lead": result.lead,
        "reasons": [{"code": code, "field": place} for code, place in result.reasons],
        "refusal": None if refusal is None else {"code": refusal.code, "parameters": dict(refusal.parameters)},
        "decisions": [
            {"type": each.type, "at": to_datetime(each.at_us).isoformat(), **to_plain(each.decision)}
            for each in result.decisions
        ],
    }


def say_result(session: Session, result: Result) -> None:
    """What became (or would become) of one command."""
    output = session.output
    output.say(result.status, "good" if result.is_ok else "bad")
    for code, place in result.reasons:
        output.say(f"  {code} {place}".rstrip(), "warn")
    if result.refusal is not None:
        output.say(f"  {refusal_text(result.refusal)}", "warn")
    say_decisions(output, result.decisions, {})
