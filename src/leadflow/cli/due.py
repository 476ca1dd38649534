"""Commands of time: tick, deliver."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Annotated

import typer

from leadflow.cli.shell.command import INTERRUPTED, OK, PROBLEMS
from leadflow.cli.shell.session import Session
from leadflow.cli.shell.stopping import Stopping
from leadflow.engine.flow import Flow
from leadflow.engine.mailing.choosing import is_url, mailer_for
from leadflow.engine.mailing.delivery import LEASE as DELIVERY_LEASE
from leadflow.engine.mailing.delivery import Delivered
from leadflow.engine.upkeep.ticking import LEASE
from leadflow.errors import InvalidInputError, LeadflowError
from leadflow.model.time import SECOND_US, parse_duration, to_datetime
from leadflow.ports.mail import Mailer
from leadflow.ports.store import Scan

_LETTERS = 10
_SHOWN = 10
EveryOption = Annotated[
    str | None,
    typer.Option(metavar="DURATION", help="Go on as a worker, and look again after this long, e.g. 5s, until stopped."),
]


def tick(
    session: Session,
    until: Annotated[
        str | None,
        typer.Option(metavar="INSTANT", help="Do what is due by then, e.g. 2026-12-01T00:00:00Z; now by default."),
    ] = None,
    every: EveryOption = None,
    lease: Annotated[
        str,
        typer.Option(metavar="DURATION", help="What a worker has held for longer, another takes up (PostgreSQL)."),
    ] = LEASE,
) -> int:
    """Do what is due: scores that change by themselves, service levels that end, leads that waited for working hours."""
    output = session.output
    pause_s = _pause_s(every)
    if every is not None and until is not None:
        raise InvalidInputError("--until: a worker does what is due now", hint="leave --every or --until out")
    done = 0
    with session.open(changes=True) as flow, Stopping() as stopping:
        for _ in stopping.rounds(pause_s):
            until_us = session.moment_us() if until is None else session.instant_us(until, "until")
            with _going_on(session, pause_s):
                did = _ticked(session, flow, until_us, lease, stopping, is_shown=pause_s is None)
                done += did
                if pause_s is not None and did and not output.is_json:
                    output.say(f"{did:,} due, done by {to_datetime(until_us):%Y-%m-%d %H:%M:%S} UTC")
        left = stopping.is_asked and pause_s is None and bool(flow.due(until_us, 1))
    if output.is_json:
        output.document({"done": done, "until": to_datetime(until_us).isoformat(), "is_interrupted": stopping.is_asked})
    elif pause_s is None:
        output.say(
            f"{done:,} due, all done by {to_datetime(until_us):%Y-%m-%d %H:%M} UTC" if done else "nothing was due"
        )
    if left:
        output.note("stopped; run the same command again to go on", "warn")
        return INTERRUPTED
    return OK


def _ticked(session: Session, flow: Flow, until_us: int, lease: str, stopping: Stopping, *, is_shown: bool) -> int:
    done = 0
    with session.output.progress("Working off what is due") if is_shown else nullcontext(None) as show:
        while not stopping.is_asked and (due := flow.due(until_us)):
            # In slices of what one transaction holds, so that it can be stopped between two.
            did = flow.tick(due[-1].due_us, lease=lease)
            done += did
            if show is not None:
                show(done, f"{done:,} done, up to {to_datetime(due[-1].due_us):%Y-%m-%d}")
            if not did:
                break  # the first of them are in other workers' hands
        if not stopping.is_asked:
            done += flow.tick(until_us, lease=lease)  # and what waits for no moment: scores under changed rules
            if show is not None:
                show(done or 1, f"{done:,} done", total=done or 1)
    return done


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
    every: EveryOption = None,
    lease: Annotated[
        str,
        typer.Option(metavar="DURATION", help="How long one message may be in hand before another asks about it."),
    ] = DELIVERY_LEASE,
) -> int:
    """Hand over what waits in the outbox; nothing twice."""
    output = session.output
    where = str(to) if via is None else via.partition("?")[0]
    pause_s = _pause_s(every)
    done = Delivered()
    with (
        session.open(changes=True) as flow,
        mailer_for(to if via is None else via_url(via)) as mailer,
        Stopping() as stopping,
    ):
        begun_us = flow.now()
        for _ in stopping.rounds(pause_s):
            with output.progress("Delivering") if pause_s is None else nullcontext(None) as show:
                before = done.handed_over
                with _going_on(session, pause_s):
                    delivered(flow, mailer, sender, stopping, show, lease, done)
                if pause_s is not None and done.handed_over > before and not output.is_json:
                    output.say(f"{done.handed_over - before:,} messages handed over")
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
    if stopping.is_asked and pause_s is None:
        output.note("stopped; run the same command again to go on", "warn")
        return INTERRUPTED
    return PROBLEMS if done.refused or done.unknown else OK


def delivered(
    flow: Flow,
    to: Path | Mailer,
    sender: str,
    stopping: Stopping,
    show: Callable[..., None] | None = None,
    lease: str = DELIVERY_LEASE,
    total: Delivered | None = None,
) -> Delivered:
    """Deliver in slices, so that it can be stopped between two."""
    total = total or Delivered()
    while not stopping.is_asked:
        part = flow.deliver(to, sender=sender, limit=_LETTERS, lease=lease)
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


def _pause_s(every: str | None) -> float | None:
    """Seconds between two rounds of a worker. Errors: InvalidValueError."""
    return None if every is None else parse_duration(every, "every") / SECOND_US


@contextmanager
def _going_on(session: Session, pause_s: float | None) -> Iterator[None]:
    """A worker outlives what passes by itself, such as a server that is restarted, and tells it."""
    try:
        yield
    except LeadflowError as error:
        if pause_s is None or not error.retryable:
            raise
        session.output.note(f"leadflow: {error.message}; again in {pause_s:g} s", "warn")


def via_url(text: str) -> str:
    """The URL of a mailer. Errors: InvalidInputError, without the text: it may hold a secret."""
    if not is_url(text):
        raise InvalidInputError("--via: expected the URL of a mailer", code="invalid_url", hint="smtp://host, say")
    return text
