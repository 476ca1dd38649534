"""From cells to entries: one row of a file as the records it tells of. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any

from attrs import frozen

from leadflow.capture.reading import RowFault, parse_moment_us, restore
from leadflow.errors import InvalidValueError
from leadflow.expr.types import Schema, Type
from leadflow.model.records import Entry

_CONTEXT = "lead.context."


@frozen(kw_only=True)
class ImportSpec:
    """How a file's rows become entries.

    `targets` say what each column holds: "contact.email", "lead.context.page", "key" (the row's own id), "at" (when it
    happened). `record` is the record a row is about, `batch` names the import, `order` how dates are written ("dmy",
    "mdy", "ymd"), `zone` whose wall time they are without an offset.
    """

    record: str
    batch: str
    targets: Mapping[str, str]
    policy: str | None = None
    strategy: str | None = None
    order: str | None = None
    zone: tzinfo | None = None
    actor: str | None = None


def entry_of(
    line: int, cells: Mapping[str, str], spec: ImportSpec, schema: Schema, at_us: int
) -> tuple[Entry | None, list[RowFault]]:
    """One row as an entry, or the faults of its cells. Blank cells tell nothing."""
    values: dict[str, dict[str, Any]] = {}
    faults: list[RowFault] = []
    key = f"{spec.batch}:{line}"
    for column, target in spec.targets.items():
        text = restore(cells.get(column, "")).strip()
        if not text:
            continue
        if target == "key":
            key = f"{spec.record}:{text}"
        elif target == "at":
            try:
                at_us = parse_moment_us(text, order=spec.order, field=column, zone=spec.zone)
            except InvalidValueError as error:
                faults.append(RowFault(line, column, error.code, error.message))
        elif target.startswith(_CONTEXT):
            context = values.setdefault("lead", {}).setdefault("context", {})
            context[target.removeprefix(_CONTEXT)] = text
        else:
            record, _, name = target.partition(".")
            try:
                values.setdefault(record, {})[name] = _typed(text, schema, record, name, spec, column)
            except InvalidValueError as error:
                faults.append(RowFault(line, column, error.code, error.message))
    if faults:
        return None, faults
    if "name" in values.get("contact", {}) and "name" not in schema.records["contact"]:
        values["contact"] = _named(values["contact"])
    values.setdefault(spec.record, {})
    entry = Entry(key, spec.record, values, at_us, spec.policy, spec.strategy, line, spec.actor, spec.batch)
    return entry, []


def _named(contact: Mapping[str, Any]) -> dict[str, Any]:
    """A contact's whole name as first and last name, where these are not told.

    >>> _named({"name": "Ana Maria Kos"}), _named({"name": "Dr. Kos", "last_name": "Kos"})
    ({'first_name': 'Ana Maria', 'last_name': 'Kos'}, {'last_name': 'Kos'})
    """
    known = {name: value for name, value in contact.items() if name != "name"}
    if "first_name" in known or "last_name" in known:
        return known
    last, comma, first = str(contact["name"]).partition(",")
    if not comma:
        first, _, last = str(contact["name"]).rpartition(" ")
    parts = {"first_name": first.strip(), "last_name": last.strip()}
    return {**{name: value for name, value in parts.items() if value}, **known}


def _typed(text: str, schema: Schema, record: str, name: str, spec: ImportSpec, column: str) -> Any:
    """A moment in a file is written in many ways; everything else is read by the field's own type later."""
    field = schema.records.get(record, {}).get(name)
    if field is not None and field.type is Type.INSTANT:
        return parse_moment_us(text, order=spec.order, field=column, zone=spec.zone)
    return text
