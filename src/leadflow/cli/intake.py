"""Commands that take records in: ingest, import, undo-import."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer

from leadflow.capture.reading import Decoded
from leadflow.cli.shell.command import INTERRUPTED, OK, PROBLEMS
from leadflow.cli.shell.numbered import NumberedRecords
from leadflow.cli.shell.session import Session
from leadflow.cli.shell.stopping import Stopped, Stopping
from leadflow.errors import InvalidInputError
from leadflow.model.coding import plain_value

_CHUNK_BYTES = 1 << 16
_SHOWN = 20


class Clock(str, Enum):  # noqa: UP042 - typer's older versions know no StrEnum
    """At which moment records are judged."""

    RECEIPT = "receipt"
    RECORD = "record"


ClockOption = Annotated[
    Clock, typer.Option(help="Judge records now (receipt), or each at its own time, in order (record): for history.")
]


def ingest(
    session: Session,
    file: Annotated[str, typer.Argument(metavar="FILE", help="JSON lines, one record each; - reads standard input.")],
    clock: ClockOption = Clock.RECEIPT,
) -> int:
    """Take records in: submissions, interactions, orders, opportunities, people's commands.

    Each record's own id or key makes a repeat harmless: after an interruption, run the same command again.
    """
    output = session.output
    with _opened(file) as (stream, size), session.open(may_create=True) as flow, Stopping() as stopping:
        with output.progress("Taking records in", size) as show:
            read = _counted(stream, show)
            records = NumberedRecords(Decoded(read))
            result = flow.ingest(
                stopping.until_asked(records), clock=clock.value, progress=lambda done: read.show(f"{done:,} records")
            )
    problems = records.problems(result.problems)
    counts = dict(result.counts)
    if records.fault_count:
        counts["invalid"] = counts.get("invalid", 0) + records.fault_count
    bad = sum(counts.get(name, 0) for name in ("invalid", "failed", "refused", "conflict"))
    if output.is_json:
        plain = [{"line": line, "key": key, "status": status, "why": why} for line, key, status, why in problems]
        output.document(
            {"total": sum(counts.values()), "counts": counts, "problems": plain, "is_interrupted": stopping.is_asked}
        )
    else:
        output.say(_summary(counts), "strong")
        for line, key, status, why in problems[:_SHOWN]:
            named = f" {key}" if key else ""
            output.say(f"  line {line}: {status}{named}: {why}", "warn")
        if bad > min(len(problems), _SHOWN):
            output.say(f"  and {bad - min(len(problems), _SHOWN):,} more (--json lists 100)", "dim")
    if stopping.is_asked:
        output.note("stopped; run the same command again to go on: what was taken is passed over", "warn")
        return INTERRUPTED
    return PROBLEMS if bad else OK


def _summary(counts: dict[str, int]) -> str:
    total = sum(counts.values())
    parts = [f"{count:,} {name}" for name, count in sorted(counts.items(), key=lambda item: -item[1])]
    return f"{total:,} record{'' if total == 1 else 's'}: {', '.join(parts)}" if parts else "no records"


def import_(
    session: Session,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV, JSON lines or vCard.")],
    record: Annotated[str, typer.Option(help="What a row is about: contact, account, lead, user or product.")] = "contact",
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
    kind: Annotated[str | None, typer.Option(help="csv, jsonl or vcard; told by the file's ending when left out.")] = None,
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
    with session.open(may_create=True) as flow, Stopping() as stopping:
        with output.progress("Importing", lines) as show:

            def progress(done: int) -> None:
                show(done, f"{done:,} rows")
                stopping.stop_if_asked()

            try:
                report = flow.import_file(file, progress=progress, **settings)
            except Stopped:
                output.note("stopped; run the same command again to go on", "warn")
                return INTERRUPTED
    if output.is_json:
        output.document(plain_value(report))
        return OK if report.is_ok else PROBLEMS
    _say_import(session, report)
    return OK if report.is_ok else PROBLEMS


def _say_import(session: Session, report: Any) -> None:
    output = session.output
    for name, target in report.mapping.items():
        output.say(f"  {name} → {target}" if not output.is_ascii else f"  {name} -> {target}", "dim")
    for name in report.unmapped:
        output.say(f"  {name}: not taken; --map '{name}=contact.…' says what it is".replace("…", "..."), "dim")
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


def undo_import(session: Session, batch: Annotated[str, typer.Argument(metavar="BATCH", help="As import told it.")]) -> int:
    """Remove what an import made and nothing later used."""
    with session.open() as flow:
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


@contextmanager
def _opened(file: str) -> Iterator[tuple[BinaryIO, int | None]]:
    """A file to read, and its size; - is standard input, of which nobody knows the size."""
    if file == "-":
        yield sys.stdin.buffer, None
        return
    try:
        stream = Path(file).open("rb")  # noqa: SIM115 - closed below
    except OSError as error:
        raise InvalidInputError(f"cannot read {file}: {error.strerror}", code="file_unreadable") from None
    with stream:
        yield stream, Path(file).stat().st_size


class _counted:  # noqa: N801 - an iterator with a count
    """The bytes of a stream, shown as progress while they are read."""

    def __init__(self, stream: BinaryIO, show: Callable[..., None]) -> None:
        self._stream = stream
        self._show = show
        self._bytes = 0

    def __iter__(self) -> Iterator[bytes]:
        while chunk := self._stream.read(_CHUNK_BYTES):
            self._bytes += len(chunk)
            yield chunk

    def show(self, note: str) -> None:
        self._show(self._bytes, note)


def _lines_of(file: Path) -> int | None:
    """How many lines a file has, for the progress bar; None when it cannot be read (the import will say why)."""
    try:
        with file.open("rb") as stream:
            return sum(chunk.count(b"\n") for chunk in iter(lambda: stream.read(1 << 20), b""))
    except OSError:
        return None
