"""Tell the outside what was decided."""

from __future__ import annotations

from typing import Annotated

import typer

from leadflow.cli.shell.command import INTERRUPTED, OK
from leadflow.cli.shell.session import Session
from leadflow.cli.shell.stopping import Stopping
from leadflow.engine.publishing.choosing import place_of, publisher_for

_SLICE = 500


def publish(
    session: Session,
    to: Annotated[
        str, typer.Option(metavar="FILE|URL", help="A JSON Lines file, or the URL of a publisher that a plugin brings.")
    ] = "decisions.jsonl",
    name: Annotated[str, typer.Option(help="The name by which the position is kept; else the file or URL.")] = "",
    source: Annotated[str, typer.Option(help="Who tells: part of every key.")] = "leadflow",
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many.")] = None,
    skip: Annotated[
        str | None, typer.Option(metavar="KEY", help="Go on after this one, which is refused for good.")
    ] = None,
) -> int:
    """Publish what was decided since the last time: in order, each at least once."""
    output, count, position = session.output, 0, 0
    place = name or place_of(to)
    with (
        session.open(changes=True) as flow,
        publisher_for(to, plugins=session.plugins) as publisher,
        Stopping() as stopping,
        output.progress("Publishing") as show,
    ):
        while not stopping.is_asked and (limit is None or count < limit):
            size = _SLICE if limit is None else min(_SLICE, limit - count)
            done = flow.publish(publisher, name=place, source=source, limit=size, skip=skip)
            count, position, skip = count + done.count, done.position, None
            show(count, f"{count:,} published")
            if done.count < size:
                break
    if output.is_json:
        output.document({"published": count, "position": position, "to": place, "is_interrupted": stopping.is_asked})
    else:
        output.say(f"{count:,} decisions published to {place}" if count else "nothing new was decided", "strong")
    if stopping.is_asked:
        output.note("stopped; run the same command again to go on", "warn")
        return INTERRUPTED
    return OK
