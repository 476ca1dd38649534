"""Commands that write nothing: preview, replay."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from leadflow.capture.reading import RowFault, read_jsonl
from leadflow.cli.shell.command import OK, PROBLEMS
from leadflow.cli.shell.session import Session, store_path
from leadflow.cli.telling.results import plain_result, say_result
from leadflow.engine.answers.replay import Side
from leadflow.engine.flow import Flow
from leadflow.engine.opening import open_flow
from leadflow.errors import InvalidInputError
from leadflow.reporting.pieces import share_text


def preview(
    session: Session,
    record: Annotated[
        str | None,
        typer.Argument(metavar="[RECORD]", help="A record or command as JSON; - reads it from standard input."),
    ] = None,
    form: Annotated[
        str | None, typer.Option(metavar="NAME", help="Instead of a record: a submission of this form.")
    ] = None,
    field: Annotated[
        list[str] | None, typer.Option("--field", "-f", metavar="NAME=VALUE", help="A field of the form. Repeatable.")
    ] = None,
    context: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="Marketing context, e.g. page=pricing. Repeatable.")
    ] = None,
) -> int:
    """Say what a record or command would do, with every decision; nothing is written."""
    if (record is None) == (form is None):
        raise InvalidInputError("say what: a RECORD as JSON, or --form NAME with --field NAME=VALUE")
    if form is not None:
        asked: Any = {"type": "submission", "key": "preview", "form": form, "fields": _pairs(field, "--field"),
                      "context": _pairs(context, "--context")}  # fmt: skip
    else:
        asked = _record(sys.stdin.read() if record == "-" else record or "")
        asked.setdefault("key", "preview")
    with _store_or_none(session) as flow:
        result = flow.preview(asked).one()
    if session.output.is_json:
        session.output.document(plain_result(result))
    else:
        say_result(session, result)
    return OK if result.is_ok else PROBLEMS


def _store_or_none(session: Session) -> Flow:
    path = store_path(session.store)
    if path is not None and not path.exists():
        session.output.note(f"there is no store at {path}: previewed against an empty one")
        return open_flow("memory:", session.playbook(), now=session.clock)
    return session.open()


def _record(text: str) -> dict[str, Any]:
    rows = list(read_jsonl([" ".join(text.splitlines())]))
    if len(rows) != 1:
        raise InvalidInputError("expected one record as JSON", hint="""write e.g. '{"type": "interaction", ...}'""")
    row = rows[0]
    if isinstance(row, RowFault):
        raise InvalidInputError(f"the record, character {row.column}: {row.message}", code=row.code)
    return dict(row.value)


def _pairs(given: list[str] | None, option: str) -> dict[str, str]:
    pairs = {}
    for text in given or []:
        name, separator, value = text.partition("=")
        if not separator or not name:
            raise InvalidInputError(
                f"{option} {text[:60]!r}: expected NAME=VALUE", hint="write e.g. email=ana@example.si"
            )
        pairs[name] = value
    return pairs


def replay(
    session: Session,
    playbook: Annotated[
        Path, typer.Option("--playbook", metavar="NEW", help="The playbook to try on the stored history.")
    ],
) -> int:
    """Feed the stored history to another playbook and say what would differ; nothing is written."""
    current = session.playbook_path
    with session.open() as flow, session.output.progress("Replaying under both playbooks"):
        replayed = flow.replay(playbook)
    if session.output.is_json:
        session.output.document(replayed.to_plain())
        return OK
    output = session.output
    output.say(f"{replayed.inputs:,} inputs up to {replayed.until[:16].replace('T', ' ')} UTC", "strong")
    rows = [_side(str(current or "built-in"), replayed.before), _side(str(playbook), replayed.after)]
    output.table(["playbook", "leads", "sales-ready", "won", "of these ready", "precision", "recall"], rows,
                 right=range(1, 7))  # fmt: skip
    for label, ids, role in (
        ("newly sales-ready", replayed.newly_ready, "good"),
        ("no longer sales-ready", replayed.no_longer_ready, "bad"),
        ("leads no more", replayed.only_before, "warn"),
        ("new leads", replayed.only_after, "warn"),
    ):
        more = f" and {len(ids) - 5:,} more (--json lists them)" if len(ids) > 5 else ""
        output.say(f"{len(ids):,} {label}{': ' if ids else ''}{', '.join(ids[:5])}{more}", role if ids else "dim")
    return OK


def _side(name: str, side: Side) -> list[str]:
    return [name, f"{side.leads:,}", f"{side.ready:,}", f"{side.won:,}", f"{side.ready_and_won:,}",
            share_text(side.precision), share_text(side.recall)]  # fmt: skip
