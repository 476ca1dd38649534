"""The export command: leads or contacts for other programs."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer

from leadflow.capture.reading import neutralise
from leadflow.cli.lists import WhereOption
from leadflow.cli.shell.command import OK
from leadflow.cli.shell.session import Session
from leadflow.cli.telling.columns import text_of, value_in
from leadflow.engine.flow import Flow
from leadflow.errors import InvalidInputError
from leadflow.expr import Field
from leadflow.ports.store import Scan

_PAGE = 500


class What(str, Enum):  # noqa: UP042 - typer's older versions know no StrEnum
    """What can be exported."""

    LEADS = "leads"
    CONTACTS = "contacts"


class Format(str, Enum):  # noqa: UP042
    """How it is written."""

    CSV = "csv"
    JSONL = "jsonl"


def export(
    session: Session,
    what: Annotated[What, typer.Argument(metavar="leads|contacts", help="What to export.")],
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Where to; standard output when left out.")] = None,
    form: Annotated[Format | None, typer.Option("--format", help="csv (default) or jsonl.")] = None,
    where: WhereOption = None,
    order: Annotated[str | None, typer.Option(help="By what, for leads.")] = None,
) -> int:
    """Write leads or contacts as CSV (safe to open in a spreadsheet) or JSON lines."""
    is_jsonl = form is Format.JSONL or (form is None and session.output.is_json)
    if what is What.CONTACTS and (where or order):
        raise InvalidInputError("--where and --order are for leads", code="not_for_contacts")
    with session.open() as flow:
        fields = _fields(flow, what)
        rows = _contact_rows(flow, fields) if what is What.CONTACTS else _lead_rows(flow, fields, where, order)
        headings = [*(name for name, _, _ in fields), *_score_headings(flow, what)]
        with _target(out) as stream:
            count = _write(stream, headings, rows, is_jsonl)
    if out is not None:
        session.output.note(f"{count:,} {what.value} written to {out}", "good")
    return OK


Exported = tuple[str, str, Field]
"""Heading, record, field."""


def _fields(flow: Flow, what: What) -> list[Exported]:
    """Every field of the record itself; of a lead's contact and account too, with the record before the name."""
    records = {"contact": "", "account": "account."} if what is What.CONTACTS else {}
    records = records or {"lead": "", "contact": "contact.", "account": "account."}
    return [
        (f"{prefix}{field.accessor.removesuffix('_us') + '_at' if field.accessor.endswith('_us') else field.accessor}",
         record, field)
        for record, prefix in records.items()
        for field in {field.accessor: field for field in flow.schema.records[record].values()}.values()
    ]  # fmt: skip


def _score_headings(flow: Flow, what: What) -> list[str]:
    return [] if what is What.CONTACTS else [f"score.{name}" for name in flow.playbook.scoring.models]


def _lead_rows(flow: Flow, fields: list[Exported], where: str | None, order: str | None) -> Iterator[list[Any]]:
    for listed in flow.each_lead(where, order_by=order or "id"):
        scores = [listed.scores.get(name) for name in flow.playbook.scoring.models]
        yield [*(value_in(getattr(listed, record), field) for _, record, field in fields), *scores]


def _contact_rows(flow: Flow, fields: list[Exported]) -> Iterator[list[Any]]:
    after = None
    while True:
        query = Scan(table="contact", where=(("state", "=", "active"),), after=after, limit=_PAGE)
        page = list(flow.store.scan(query))
        if not page:
            return
        accounts = flow.store.load([("account", row.account_id) for row in page if row.account_id is not None]).rows
        for row in page:
            held = {"contact": row, "account": accounts.get(("account", row.account_id))}
            yield [value_in(held[record], field) for _, record, field in fields]
        after = (page[-1].id, page[-1].id)


@contextmanager
def _target(out: Path | None) -> Iterator[TextIO]:
    if out is None:
        yield sys.stdout
        return
    try:
        stream = out.open("w", encoding="utf-8", newline="")
    except OSError as error:
        raise InvalidInputError(f"cannot write {out}: {error.strerror}", code="file_unwritable") from None
    with stream:
        yield stream


def _write(stream: TextIO, headings: list[str], rows: Iterator[list[Any]], is_jsonl: bool) -> int:
    count = 0
    writer = csv.writer(stream, lineterminator="\n")
    if not is_jsonl:
        writer.writerow(headings)
    for row in rows:
        count += 1
        if is_jsonl:
            held = {name: value for name, value in zip(headings, row, strict=True) if value is not None}
            stream.write(
                json.dumps(held, ensure_ascii=stream is sys.stdout and not _is_utf8(stream), default=str) + "\n"
            )
        else:
            writer.writerow([neutralise(text_of(value)) for value in row])
    return count


def _is_utf8(stream: TextIO) -> bool:
    return (getattr(stream, "encoding", None) or "").lower().replace("-", "") == "utf8"
