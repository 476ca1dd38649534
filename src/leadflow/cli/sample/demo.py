"""The demo command: the main job on a sample, from records to reasons."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from leadflow.cli.due import delivered
from leadflow.cli.report import write
from leadflow.cli.sample import END_US, records
from leadflow.cli.shell.command import INTERRUPTED, OK
from leadflow.cli.shell.session import Session
from leadflow.cli.shell.stopping import Stopping
from leadflow.cli.telling.funnel import figures_of
from leadflow.cli.telling.sample import plain_demo, say_demo, say_next, stored
from leadflow.engine.opening import open_flow
from leadflow.errors import InvalidInputError
from leadflow.playbook.default import default_text
from leadflow.reporting import funnel_page, funnel_svg

_BATCH = 250
_BEST = 5
_READY = 'lead.sales_ready and lead.state == "open"'


def demo(
    session: Session,
    folder: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Where its files go; a new temporary folder when left out.")
    ] = None,
) -> int:
    """See the main job on a sample: ninety days of a made-up company's leads."""
    output = session.output
    place = _prepared(folder)
    told = list(records())
    if not output.is_json:
        output.say("Ninety days of a made-up company's leads, taken in at the moments they happened", "title")
        output.say()
    # What can be made again at any time need not wait for the disk at every batch.
    url = f"sqlite:///{place / 'leads.db'}"
    flow = open_flow(url, place / "playbook.toml", now=lambda: END_US, synchronous="NORMAL")
    with flow, Stopping() as stopping:
        with output.progress("Taking records in", len(told)) as show:
            taken = flow.ingest(
                stopping.until_asked(told),
                clock="record",
                batch_size=_BATCH,
                progress=lambda done: show(done, f"{done:,} records"),
            )
        if stopping.is_asked:
            output.note(f"stopped; what was taken is in {place}", "warn")
            return INTERRUPTED
        flow.tick(END_US)
        sent = delivered(flow, place / "outbox", "leadflow@leadflow.example", stopping)
        figures = figures_of(flow, None, "source", END_US)
        write(place / "report.svg", funnel_svg(figures))
        write(place / "report.html", funnel_page(figures, made_us=END_US))
        best = flow.leads(_READY, order_by="-score", limit=_BEST)
        if output.is_json:
            output.document(plain_demo(place, taken, stored(flow), figures, best, flow))
            return OK
        say_demo(session, flow, taken, sent.handed_over, figures, best)
    say_next(session, place, best)
    return OK


def _prepared(folder: Path | None) -> Path:
    """The folder with the playbook and the records in it. Errors: InvalidInputError."""
    try:
        if folder is None:
            folder = Path(tempfile.mkdtemp(prefix="leadflow-demo-"))
        folder.mkdir(parents=True, exist_ok=True)
        if (folder / "leads.db").exists():
            raise InvalidInputError(
                f"{folder} has a store in it", code="file_exists", hint="name another folder; nothing is written over"
            )
        (folder / "playbook.toml").write_text(default_text(), encoding="utf-8", newline="\n")
        lines = (json.dumps(record, ensure_ascii=False) + "\n" for record in records())
        (folder / "records.jsonl").write_text("".join(lines), encoding="utf-8", newline="\n")
    except OSError as error:
        raise InvalidInputError(f"cannot write to {folder}: {error.strerror}", code="file_unwritable") from None
    return folder
