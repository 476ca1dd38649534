"""Learning a scoring model from the leads of a store: which were won, what was known of them and when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from leadflow.engine.answers.reading import Reading
from leadflow.engine.planning.rulebook import Rulebook
from leadflow.errors import InvalidInputError
from leadflow.expr.types import Schema, Type
from leadflow.model.decisions import RecordCreated, RecordUpdated
from leadflow.model.lead import Lead
from leadflow.ports.store import Scan, Store
from leadflow.scoring.fit import Example, Fit, FitSettings, learn, to_mapping

_PAGE = 500
_LEARNABLE = frozenset({Type.TEXT, Type.CODE, Type.NUMBER, Type.BOOLEAN})
_NOT_KNOWN_BEFORE = frozenset(
    "id state reason process stage owner owner_id queue merged_into previous previous_id account account_id contact "
    "contact_id marketing_qualified teleprospect_ready teleprospect_accepted sales_ready sales_accepted consent email "
    "phone first_name last_name is_marketing_only".split()
)
"""Fields that name the record or that the lead's own course sets: they tell nothing about the next lead."""


def learnable(schema: Schema) -> tuple[str, ...]:
    """The fields that a model may be learnt from, as conditions name them."""
    return tuple(
        f"{record}.{name}"
        for record in ("lead", "contact", "account")
        for name, field in schema.records[record].items()
        if name not in _NOT_KNOWN_BEFORE and field.type in _LEARNABLE
    )


def fit(
    store: Store, rulebook: Rulebook, schema: Schema, fields: Iterable[str] | None, settings: FitSettings | None
) -> Fit:
    """Learn a model. Errors: InvalidInputError for an unknown field or when nothing was won (or lost)."""
    names = tuple(fields) if fields is not None else learnable(schema)
    for name in names:
        record, _, field = name.partition(".")
        if field not in schema.records.get(record, {}):
            raise InvalidInputError(f"there is no field {name!r}", hint="write e.g. lead.source")
    return learn(examples(store, rulebook, schema, names), settings or FitSettings())


def examples(store: Store, rulebook: Rulebook, schema: Schema, names: tuple[str, ...]) -> Iterator[Example]:
    """Every lead as an example: won when one of its deals was."""
    outcome = _outcomes(store)
    recorded = _recorded(store)
    after = None
    while True:
        page = list(store.scan(Scan(table="lead", after=after, limit=_PAGE)))
        if not page:
            return
        view = Reading(store, rulebook)
        view.require([("contact", lead.contact_id) for lead in page if lead.contact_id is not None])
        view.require([("account", lead.account_id) for lead in page if lead.account_id is not None])
        for lead in page:
            yield _example(lead, view, schema, names, outcome, recorded)
        after = (page[-1].id, page[-1].id)


def _example(
    lead: Lead,
    view: Reading,
    schema: Schema,
    names: tuple[str, ...],
    outcome: dict[str, int],
    recorded: dict[tuple[str, str], int],
) -> Example:
    asked = view.asked(lead=lead)
    features: dict[str, Any] = {}
    times: dict[str, int] = {}
    for name in names:
        record, _, field_name = name.partition(".")
        row = getattr(asked, record)
        field = schema.records[record][field_name]
        if row is None:
            continue
        features[name] = row.custom.get(field_name) if field.custom else getattr(row, field.accessor)
        known_us = recorded.get((row.id, field_name))
        if known_us is not None:
            times[name] = known_us
    return Example(lead.id, lead.created_us, lead.id in outcome, features, outcome.get(lead.id), times)


def _outcomes(store: Store) -> dict[str, int]:
    """When each won lead was won."""
    won: dict[str, int] = {}
    for deal in store.scan(Scan(table="opportunity")):
        if deal.status == "won" and deal.lead_id is not None and deal.closed_us is not None:
            won[deal.lead_id] = min(deal.closed_us, won.get(deal.lead_id, deal.closed_us))
    return won


def _recorded(store: Store) -> dict[tuple[str, str], int]:
    """When each field of each record was first told."""
    times: dict[tuple[str, str], int] = {}
    for kind in (RecordCreated, RecordUpdated):
        for each in store.scan(Scan(table="decision", where=(("type", "=", kind.type),), order="seq")):
            for name in each.decision.fields:
                times.setdefault((each.subject, name), each.at_us)
    return times


def write_model(fitted: Fit, name: str, path: str | Path) -> None:
    """Write a learnt model as a file that a playbook includes; an existing file is never written over."""
    path = Path(path)
    mapping = to_mapping(fitted)
    lines = [
        "# A scoring model that leadflow learnt; include it in a playbook:  include = [" + f'"{path.name}"]',
        f"# AUC on held-back leads: {fitted.report.points.auc:.3f}" if fitted.report.points.auc is not None else "#",
        "",
        f"[scoring.models.{name}]",
        f'target = "{mapping["target"]}"',
        'state = "draft"            # look at it, then make it live',
        f"threshold = {mapping['threshold']}",
    ]
    for rule in mapping["rules"]:
        lines += [
            "",
            f"[[scoring.models.{name}.rules]]",
            f"name = {_quoted(rule['name'])}",
            f"when = {_quoted(rule['when'])}",
            f"points = {rule['points']}",
        ]
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write("\n".join([*lines, ""]))
    except FileExistsError:
        raise InvalidInputError(
            f"{path} is already there", hint="choose another name; nothing is written over"
        ) from None


def _quoted(text: str) -> str:
    """A TOML basic string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in islice(escaped, None)) + '"'
