"""Commands of time: tick, deliver."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from leadflow.cli.shell.command import INTERRUPTED, OK, PROBLEMS
from leadflow.cli.shell.session import Session
from leadflow.cli.shell.stopping import Stopping
from leadflow.engine.flow import Flow
from leadflow.engine.mailing.choosing import is_url, mailer_for
from leadflow.engine.mailing.delivery import Delivered
from leadflow.errors import InvalidInputError
from leadflow.model.time import to_datetime
from leadflow.ports.mail import Mailer
from leadflow.ports.store import Scan

_LETTERS = 200
_SHOWN = 10


def tick(
    session: Session,
    until: Annotated[
        str | None,
        typer.Option(metavar="INSTANT", help="Do what is due by then, e.g. 2026-12-01T00:00:00Z; now by default."),
    ] = None,
) -> int:
    """Do what is due: scores that change by themselves, service levels that end, leads that waited for working hours."""
    output = session.output
    until_us = session.moment_us() if until is None else session.instant_us(until, "until")
    with session.open(changes=True) as flow, Stopping() as stopping, output.progress("Working off what is due") as show:
        done = 0
        while not stopping.is_asked and (due := flow.due(until_us)):
            # In slices of what one transaction holds, so that it can be stopped between two.
            done += flow.tick(due[-1].due_us)
            show(done, f"{done:,} done, up to {to_datetime(due[-1].due_us):%Y-%m-%d}")
        if not stopping.is_asked:
            done += flow.tick(until_us)  # and what waits for no moment: scores under changed rules
            show(done or 1, f"{done:,} done", total=done or 1)
        left = stopping.is_asked and bool(flow.due(until_us, 1))
    if output.is_json:
        output.document({"done": done, "until": to_datetime(until_us).isoformat(), "is_interrupted": stopping.is_asked})
    else:
        output.say(
            f"{done:,} due, all done by {to_datetime(until_us):%Y-%m-%d %H:%M} UTC" if done else "nothing was due"
        )
    if left:
        output.note("stopped; run the same command again to go on", "warn")
        return INTERRUPTED
    return OK


def deliver(
    session: Session,
    to: Annotated[Path, typer.Option(metavar="FOLDER", help="Where messages are written, as .eml files.")] = Path(
        "outbox"
    ),
    via: Annotated[
        str | None,
        typer.Option(metavar="URL", help="A mailer to hand them to instead, e.g. smtp://user@host?secret=env:NAME."),
    ] = None,
    sender: Annotated[str, typer.Option(help="The address that they come from.")] = "leadflow@localhost",
) -> int:
    """Hand over what waits in the outbox; nothing twice."""
    output = session.output
    where = str(to) if via is None else via.partition("?")[0]
    with (
        session.open(changes=True) as flow,
        mailer_for(to if via is None else via_url(via)) as mailer,
        Stopping() as stopping,
        output.progress("Delivering") as show,
    ):
        begun_us = flow.now()
        done = delivered(flow, mailer, sender, stopping, show)
        told = Scan(table="outbox", where=(("state", "=", "refused"), ("settled_us", ">=", begun_us)), limit=_SHOWN)
        refused = list(flow.store.scan(told)) if done.refused else []
    plain = {
        "handed_over": done.handed_over, "refused": done.refused, "suppressed": done.suppressed, "put_off": done.put_off,
        "unknown": done.unknown, "held": done.held,
    }  # fmt: skip
    if output.is_json:
        output.document({**plain, "folder" if via is None else "via": where, "is_interrupted": stopping.is_asked})
    else:
        output.say(
            f"{done.handed_over:,} messages {'written to' if via is None else 'handed to'} {where}"
            if done.handed_over
            else "nothing was waiting"
            if not done.total
            else "nothing left",
            "strong",
        )
        for name in ("refused", "suppressed", "put_off", "unknown", "held"):
            if plain[name]:
                output.say(f"  {plain[name]:,} {name.replace('_', ' ')}", "warn")
        for message in refused:
            output.say(f"  {message.template} to {message.recipient}: {message.error}", "warn")
    if stopping.is_asked:
        output.note("stopped; run the same command again to go on", "warn")
        return INTERRUPTED
    return PROBLEMS if done.refused or done.unknown else OK


def delivered(
    flow: Flow, to: Path | Mailer, sender: str, stopping: Stopping, show: Callable[..., None] | None = None
) -> Delivered:
    """Deliver in slices, so that it can be stopped between two."""
    total = Delivered()
    while not stopping.is_asked:
        part = flow.deliver(to, sender=sender, limit=_LETTERS)
        total.handed_over += part.handed_over
        total.refused += part.refused
        total.suppressed += part.suppressed
        total.put_off += part.put_off
        total.unknown += part.unknown
        total.held += part.held
        if show is not None:
            show(total.total, f"{total.total:,} messages")
        if part.total < _LETTERS:
            if show is not None:
                show(total.total or 1, f"{total.total:,} messages", total=total.total or 1)
            break
    return total


def via_url(text: str) -> str:
    """The URL of a mailer. Errors: InvalidInputError, without the text: it may hold a secret."""
    if not is_url(text):
        raise InvalidInputError("--via: expected the URL of a mailer", code="invalid_url", hint="smtp://host, say")
    return text
