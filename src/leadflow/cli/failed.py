"""The command about inputs that could not be taken: failed."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Annotated, Any
from uuid import uuid4

import typer

from leadflow.capture.retrying import RETRIED
from leadflow.cli.shell.command import OK, PROBLEMS, refusal_text
from leadflow.cli.shell.session import Session
from leadflow.cli.telling.results import plain_result
from leadflow.cli.working import ActorOption, ReasonOption
from leadflow.engine.flow import Flow
from leadflow.engine.outcome import Result
from leadflow.errors import InvalidInputError
from leadflow.model.time import to_datetime
from leadflow.ports.store import Scan

_PAGE = 500


class Mode(str, Enum):  # noqa: UP042 - typer's older versions know no StrEnum
    """What a retried input counts as."""

    REPLACE = "replace"
    NEW = "new"


def failed(
    session: Session,
    retry: Annotated[
        list[str] | None, typer.Option("--retry", metavar="KEY", help="Take this input again. Repeatable.")
    ] = None,
    drop: Annotated[
        list[str] | None, typer.Option("--drop", metavar="KEY", help="Give this input up. Repeatable.")
    ] = None,
    retry_all: Annotated[bool, typer.Option("--retry-all", help="Take everything that waits again.")] = False,
    field: Annotated[
        list[str] | None,
        typer.Option("--field", "-f", metavar="FIELD=VALUE", help="Mend a field of the retried. Repeatable."),
    ] = None,
    mode: Annotated[
        Mode, typer.Option(help="As if it came in the place of the original (replace), or as one of now (new).")
    ] = Mode.REPLACE,
    reason: ReasonOption = "",
    actor: ActorOption = None,
) -> int:
    """List inputs that could not be taken, with their reasons; mend, retry or drop them."""
    mended = dict(_pair(text) for text in field or [])
    if mended and len(retry or []) != 1:
        raise InvalidInputError("--field mends one input: name it with --retry", code="field_of_which")
    if not (retry or drop or retry_all):
        with session.open() as flow:
            return _listed(session, flow)
    with session.open(changes=True) as flow:
        keys = dict.fromkeys([*(retry or []), *(_taken_again(flow) if retry_all else ())])
        told = [
            _told(flow, {"type": "retry_submission", "submission": key, "fields": mended, "mode": mode.value}, actor)
            for key in keys
        ]
        told += [
            _told(flow, {"type": "drop_submission", "submission": key, "reason": reason}, actor) for key in drop or []
        ]
    return _say(session, [*((key, "taken") for key in keys), *((key, "dropped") for key in drop or [])], told)


def _pair(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator or not name:
        raise InvalidInputError(f"--field {text[:60]!r}: expected FIELD=VALUE", hint="write e.g. email=ana@example.si")
    return name, value


def _waiting(flow: Flow) -> Iterator[Any]:
    after = None
    where = (("state", "=", "waiting"),)
    while page := list(flow.store.scan(Scan(table="failure", where=where, after=after, limit=_PAGE))):
        yield from page
        after = (page[-1].id, page[-1].id)


def _taken_again(flow: Flow) -> list[str]:
    return [each.id for each in _waiting(flow) if each.type in RETRIED]


def _told(flow: Flow, command: dict[str, Any], actor: str | None) -> Result:
    return flow.do({**command, "key": f"cli-{uuid4()}", "actor": actor}).one()


def _listed(session: Session, flow: Flow) -> int:
    output = session.output
    rows = []
    for each in _waiting(flow):
        if output.is_json:
            output.json_line(
                {
                    "key": each.id,
                    "type": each.type,
                    "form": each.form,
                    "at": to_datetime(each.at_us).isoformat(),
                    "batch": each.batch,
                    "reasons": [list(reason) for reason in each.reasons],
                }
            )
            continue
        why = ", ".join(" ".join(reason).strip() for reason in each.reasons)
        rows.append([each.id, each.form or each.type, f"{to_datetime(each.at_us):%Y-%m-%d %H:%M}", why])
    if output.is_json:
        return OK
    if not rows:
        output.say("nothing waits", "dim")
        return OK
    output.table(["key", "form", "since", "why"], rows)
    output.note("leadflow failed --retry KEY -f FIELD=VALUE mends one; --drop KEY gives it up")
    return OK


def _say(session: Session, asked: list[tuple[str, str]], told: list[Result]) -> int:
    output = session.output
    if output.is_json:
        output.document([{**plain_result(result), "input": key} for (key, _), result in zip(asked, told, strict=True)])
    else:
        for (key, done), result in zip(asked, told, strict=True):
            why = "" if result.refusal is None else refusal_text(result.refusal)
            output.say(f"{key}: {done if result.is_ok else why}", "good" if result.is_ok else "warn")
    return OK if all(result.is_ok for result in told) else PROBLEMS
