"""Commands about files of records: import, undo-import."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from leadflow.cli.ingest import Clock, ClockOption
from leadflow.cli.shell.command import INTERRUPTED, OK, PROBLEMS
from leadflow.cli.shell.session import Session
from leadflow.cli.shell.stopping import Stopped, Stopping
from leadflow.engine.intake.files import ImportReport
from leadflow.errors import InvalidInputError

_SHOWN = 20


def import_(
    session: Session,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV, JSON lines or vCard.")],
    record: Annotated[
        str, typer.Option(help="What a row is about: contact, account, lead, user or product.")
    ] = "contact",
    column: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="COLUMN=FIELD", help="What a column holds, e.g. Mail=contact.email. Repeatable."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen; write nothing.")] = False,
    all_or_nothing: Annotated[bool, typer.Option("--all", help="One bad row, and nothing goes in.")] = False,
    policy: Annotated[
        str | None, typer.Option(help="For records already known: fill (default), overwrite, skip or create.")
    ] = None,
    strategy: Annotated[str | None, typer.Option(help="The matching strategy to use.")] = None,
    kind: Annotated[
        str | None, typer.Option(help="csv, jsonl or vcard; told by the file's ending when left out.")
    ] = None,
    dates: Annotated[str | None, typer.Option(help="How dates are written: dmy, mdy or ymd.")] = None,
    time_zone: Annotated[str | None, typer.Option(help="Whose wall time dates without an offset are.")] = None,
    clock: ClockOption = Clock.RECEIPT,
) -> int:
    """Import contacts, accounts or leads from a file; the same file again changes nothing."""
    output = session.output
    settings: dict[str, Any] = {
        "record": record, "mapping": _mapping(column or []), "kind": kind, "dry_run": dry_run,
        "mode": "all" if all_or_nothing else "row", "policy": policy, "strategy": strategy, "dates": dates,
        "time_zone": time_zone, "clock": clock.value,
    }  # fmt: skip
    lines = _lines_of(file)
    with (
        session.open(changes=True, may_create=True) as flow,
        Stopping() as stopping,
        output.progress("Importing", lines) as show,
    ):

        def progress(done: int) -> None:
            show(done, f"{done:,} rows")
            stopping.stop_if_asked()

        try:
            report = flow.import_file(file, progress=progress, **settings)
            show(lines, f"{report.rows:,} rows")
        except Stopped:
            output.note("stopped; run the same command again to go on", "warn")
            return INTERRUPTED
    if output.is_json:
        output.document(_plain(report))
        return OK if report.is_ok else PROBLEMS
    _say_import(session, report)
    return OK if report.is_ok else PROBLEMS


def _plain(report: ImportReport) -> dict[str, Any]:
    names = ("line", "column", "code", "message")
    return {
        "batch": report.batch,
        "mode": report.mode,
        "is_dry": report.is_dry,
        "rows": report.rows,
        "counts": report.counts,
        "errors": [dict(zip(names, error, strict=True)) for error in report.errors],
        "notes": report.notes,
        "mapping": report.mapping,
        "unmapped": list(report.unmapped),
    }


def _say_import(session: Session, report: ImportReport) -> None:
    output = session.output
    for name, target in report.mapping.items():
        output.say(f"  {name} → {target}" if not output.is_ascii else f"  {name} -> {target}", "dim")
    for name in report.unmapped:
        output.say(f"  {name}: not taken; --map '{name}=FIELD' says what it is", "dim")
    for note in report.notes[:_SHOWN]:
        output.say(f"  {note}", "dim")
    for line, column, code, message in report.errors[:_SHOWN]:
        place = f"line {line}, {column}" if column else f"line {line}"
        output.say(f"  {place}: {message or code}", "warn")
    if len(report.errors) > _SHOWN:
        output.say(f"  and {len(report.errors) - _SHOWN:,} more (--json lists them)", "dim")
    counts = ", ".join(f"{count:,} {name}" for name, count in sorted(report.counts.items()) if count)
    would = "dry run, nothing written: " if report.is_dry else ""
    output.say(f"{would}{report.rows:,} rows: {counts}", "strong")
    if report.mode == "all" and not report.is_ok:
        output.say("nothing went in, because not every row is good", "warn")
    elif not report.is_dry:
        output.say(f"undo it with: leadflow undo-import {report.batch}", "dim")


def undo_import(
    session: Session, batch: Annotated[str, typer.Argument(metavar="BATCH", help="As import told it.")]
) -> int:
    """Remove what an import made and nothing later used."""
    with session.open(changes=True) as flow:
        done = flow.undo_import(batch)
    if session.output.is_json:
        session.output.document(done)
        return OK
    session.output.say(f"{len(done['removed']):,} records removed", "strong")
    if done["kept"]:
        session.output.say(f"{len(done['kept']):,} kept, because they were used since: {', '.join(done['kept'][:10])}")
    return OK


def _mapping(pairs: list[str]) -> dict[str, str] | None:
    mapping = {}
    for pair in pairs:
        column, separator, target = pair.rpartition("=")
        if not separator or not column or not target:
            raise InvalidInputError(f"--map {pair[:60]!r}: expected COLUMN=FIELD", hint="write e.g. Mail=contact.email")
        mapping[column] = target
    return mapping or None


def _lines_of(file: Path) -> int:
    """How many lines a file has, for the progress bar. Errors: InvalidInputError."""
    try:
        with file.open("rb") as stream:
            return sum(chunk.count(b"\n") for chunk in iter(lambda: stream.read(1 << 20), b""))
    except OSError as error:
        raise InvalidInputError(f"cannot read {file}: {error.strerror}", code="file_unreadable") from None
