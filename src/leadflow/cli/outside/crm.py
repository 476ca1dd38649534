"""sync, conflicts: keep a CRM in step, and decide what both sides changed."""

from __future__ import annotations

from typing import Annotated

import typer

from leadflow.cli.shell.command import OK, PROBLEMS
from leadflow.cli.shell.session import Session
from leadflow.engine.syncing import crm_for
from leadflow.errors import InvalidInputError

_SHOWN = 10
_LINES = (
    ("sent", "sent", ""),
    ("taken", "taken from there", ""),
    ("gone", "deleted there; they stay here", ""),
    ("closed", "closed there; what changed here stays here", ""),
    ("asked", "fields wait for a decision: leadflow conflicts", "warn"),
)


def sync(
    session: Session,
    to: Annotated[
        str, typer.Option("--to", metavar="URL", help="A folder of CSV files, or a CRM, e.g. tryton+https://...")
    ] = "crm",
    name: Annotated[str, typer.Option(help="What we call this CRM; each has its own position.")] = "crm",
) -> int:
    """Keep a CRM in step: take its changes in, then send what changed here. Run it again to go on."""
    output = session.output
    with session.open(changes=True) as flow, crm_for(to, plugins=session.plugins) as crm:
        done = flow.sync(crm, name=name)
    if output.is_json:
        output.document(
            {
                **{field: getattr(done, field) for field, _, _ in _LINES},
                "refused": done.refused,
                "problems": [dict(zip(("kind", "id", "code", "words"), each, strict=True)) for each in done.problems],
                "is_finished": done.is_finished,
                "retry_after_s": done.retry_after_s or None,
            }
        )
    else:
        told = [(getattr(done, field), words, style) for field, words, style in _LINES]
        for count, words, style in told:
            if count:
                output.say(f"{count:,} {words}", style)
        if not (any(count for count, _, _ in told) or done.problems or done.put_off):
            output.say("both sides agree")
        for kind, id_, code, words in done.problems[:_SHOWN]:
            output.say(f"  {kind} {id_}: {code.replace('_', ' ')} {words}".rstrip(), "warn")
        if done.refused > _SHOWN:
            output.say(f"  and {done.refused - _SHOWN:,} more; --json lists them", "warn")
    if not done.is_finished:
        output.note(f"put off: {done.put_off}; run it again in {done.retry_after_s:.0f} s", "warn")
    return PROBLEMS if done.refused or done.asked or not done.is_finished else OK


def conflicts(
    session: Session,
    settle: Annotated[str | None, typer.Option(metavar="CONFLICT", help="Decide this one, with --field.")] = None,
    field: Annotated[
        list[str] | None,
        typer.Option("--field", "-f", metavar="FIELD=SIDE", help="Whose value stands: ours or theirs."),
    ] = None,
) -> int:
    """List fields that both sides changed and that the playbook says to ask about, or decide them."""
    output = session.output
    if (settle is None) is not (not field):
        raise InvalidInputError("--settle CONFLICT and --field FIELD=SIDE go together")
    with session.open(changes=settle is not None) as flow:
        if settle is not None:
            flow.settle(settle, **dict(_choice(text) for text in field or ()))
        found = flow.conflicts()
    if output.is_json:
        output.document(
            [
                {
                    "id": each.id,
                    "kind": each.kind,
                    "record": each.record,
                    "fields": {name: {"ours": ours, "theirs": theirs} for name, (ours, theirs) in each.fields.items()},
                }
                for each in found
            ]
        )
        return OK
    if not found:
        output.say("nothing waits for a decision", "good")
    for each in found:
        output.say(each.id, "strong")
        for name, (ours, theirs) in each.fields.items():
            output.say(f"  {name}: ours {ours!r}, theirs {theirs!r}")
    return OK


def _choice(text: str) -> tuple[str, str]:
    name, equals, side = text.partition("=")
    if not equals:
        raise InvalidInputError("--field: expected FIELD=SIDE", hint="phone=ours, say")
    return name, side
