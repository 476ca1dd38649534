"""Commands about who is who: duplicates, merge, unmerge."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Any

import typer

from leadflow.cli.shell.command import OK
from leadflow.cli.shell.session import Session
from leadflow.cli.telling.columns import plain_record
from leadflow.cli.telling.results import done, plain_result
from leadflow.cli.telling.words import say_decisions
from leadflow.cli.working import ActorOption
from leadflow.engine.flow import Flow
from leadflow.errors import InvalidInputError
from leadflow.matching.duplicates import Pair, find_duplicates
from leadflow.matching.weights import Outcome
from leadflow.ports.store import Scan


class Of(str, Enum):  # noqa: UP042 - typer's older versions know no StrEnum
    """Whose duplicates."""

    CONTACT = "contact"
    ACCOUNT = "account"


def duplicates(
    session: Session,
    record: Annotated[Of, typer.Option(help="contact or account.")] = Of.CONTACT,
    limit: Annotated[int, typer.Option(help="How many pairs to list; 0 for all.", min=0)] = 20,
) -> int:
    """Find stored contacts or accounts that are likely the same, with the evidence; nothing is merged."""
    output = session.output
    with session.open() as flow, output.progress(f"Comparing {record.value}s"):
        rows, fields = _rows(flow, record)
        found = find_duplicates(fields, flow.linkage(record.value))
    shown = [*found.same, *found.ask][: limit or None]
    if output.is_json:
        for pair in shown:
            output.json_line(_plain(pair, rows))
        return OK
    output.say(
        f"{len(rows):,} {record.value}s: {len(found.same):,} pairs are the same, {len(found.ask):,} to look at",
        "strong",
    )
    for pair in shown:
        why = ", ".join(f"{each.field.replace('_', ' ')} {each.level}" for each in pair.evidence if each.weight > 0.5)
        role = "good" if pair.outcome is Outcome.SAME else "warn"
        output.say(f"{pair.outcome.value}, {pair.weight:+.1f} bits: {why}", role)
        for place in (pair.left, pair.right):
            values = ", ".join(str(value) for value in fields[place].values() if value)
            output.say(f"  {rows[place].id}  {values}")
    if shown:
        output.say(f"make two one with: leadflow merge {rows[shown[0].left].id} {rows[shown[0].right].id}", "dim")
    return OK


def _plain(pair: Pair, rows: list[Any]) -> dict[str, Any]:
    return {
        "outcome": pair.outcome.value,
        "weight_bits": round(pair.weight, 2),
        "probability": round(pair.probability, 4),
        "evidence": {each.field: [each.level, round(each.weight, 2)] for each in pair.evidence},
        "left": plain_record(rows[pair.left]),
        "right": plain_record(rows[pair.right]),
    }


def _rows(flow: Flow, record: Of) -> tuple[list[Any], list[dict[str, Any]]]:
    """The stored records, and what is compared of each."""
    rows = list(flow.store.scan(Scan(table=record.value, where=(("state", "=", "active"),))))
    if record is Of.ACCOUNT:
        names = ("name", "domain", "phone", "city", "postcode", "country")
        return rows, [{name: getattr(row, name) for name in names} for row in rows]
    companies = {row.id: row.name for row in flow.store.scan(Scan(table="account"))}
    names = ("first_name", "last_name", "email", "phone", "city", "postcode")
    return rows, [
        {**{name: getattr(row, name) for name in names}, "company": companies.get(row.account_id)} for row in rows
    ]


def merge(
    session: Session,
    winner: Annotated[str, typer.Argument(metavar="WINNER", help="The id that stands for both from now on.")],
    loser: Annotated[str, typer.Argument(metavar="LOSER", help="The id that becomes another name for it.")],
    keep: Annotated[
        list[str] | None,
        typer.Option(metavar="FIELD=SIDE", help="Whose value a field keeps: winner or loser. Repeatable."),
    ] = None,
    actor: ActorOption = None,
) -> int:
    """Make two contacts, accounts or leads one; it can be taken back."""
    fields = {}
    for text in keep or []:
        name, _, side = text.partition("=")
        if not name or side not in ("winner", "loser"):
            raise InvalidInputError(f"--keep {text[:60]!r}: expected FIELD=winner or FIELD=loser")
        fields[name] = side
    return _carried_out(session, {"type": "merge", "winner": winner, "loser": loser, "fields": fields}, actor,
                        f"take it back with: leadflow unmerge {loser}")  # fmt: skip


def unmerge(
    session: Session,
    loser: Annotated[str, typer.Argument(metavar="ID", help="The id that was merged away.")],
    actor: ActorOption = None,
) -> int:
    """Take a merge back: the record stands for itself again."""
    return _carried_out(session, {"type": "unmerge", "loser": loser}, actor, "")


def _carried_out(session: Session, command: dict[str, Any], actor: str | None, after: str) -> int:
    with session.open(changes=True) as flow:
        result = done(flow, command, actor)
    if session.output.is_json:
        session.output.document(plain_result(result))
        return OK
    say_decisions(session.output, result.decisions, {})
    if after:
        session.output.say(after, "dim")
    return OK
