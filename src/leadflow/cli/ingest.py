"""The ingest command: records as JSON lines."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from io import BufferedIOBase
from pathlib import Path
from typing import Annotated, cast

import typer

from leadflow.capture.reading import Decoded
from leadflow.cli.shell.command import INTERRUPTED, OK, PROBLEMS
from leadflow.cli.shell.numbered import NumberedRecords
from leadflow.cli.shell.session import Session
from leadflow.cli.shell.stopping import Stopping
from leadflow.errors import InvalidInputError

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
    source: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="A plugin's reader of such a file; else it is JSON lines."),
    ] = None,
) -> int:
    """Take records in: submissions, interactions, orders, opportunities, people's commands.

    Each record's own id or key makes a repeat harmless: after an interruption, run the same command again.
    """
    output = session.output
    with (
        _opened(file) as (stream, size),
        session.open(changes=True, may_create=True) as flow,
        Stopping() as stopping,
        output.progress("Taking records in", size) as show,
    ):
        read = _CountedBytes(stream, show)
        records = NumberedRecords(Decoded(read) if source is None else ())
        wanted = stopping.until_asked(records) if source is None else b"".join(read)
        result = flow.ingest(
            wanted, source=source, clock=clock.value, progress=lambda done: read.show(f"{done:,} records")
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
            output.say(f"  {'line' if source is None else 'record'} {line}: {status}{named}: {why}", "warn")
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


@contextmanager
def _opened(file: str) -> Iterator[tuple[BufferedIOBase, int | None]]:
    """A file to read, and its size; - is standard input, of which nobody knows the size."""
    if file == "-":
        yield cast(BufferedIOBase, sys.stdin.buffer), None
        return
    try:
        stream = Path(file).open("rb")  # noqa: SIM115 - closed below
    except OSError as error:
        raise InvalidInputError(f"cannot read {file}: {error.strerror}", code="file_unreadable") from None
    with stream:
        yield stream, Path(file).stat().st_size


class _CountedBytes:
    """The bytes of a stream, shown as progress while they are read."""

    def __init__(self, stream: BufferedIOBase, show: Callable[..., None]) -> None:
        self._stream = stream
        self._show = show
        self._bytes = 0

    def __iter__(self) -> Iterator[bytes]:
        while chunk := self._stream.read1(_CHUNK_BYTES):  # what is there; a pipe may bring the rest much later
            self._bytes += len(chunk)
            yield chunk

    def show(self, note: str) -> None:
        self._show(self._bytes, note)
