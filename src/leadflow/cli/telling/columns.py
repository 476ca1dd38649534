"""Columns of lists and exports: which field of which record, by name."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import attrs

from leadflow.engine.answers.queries import Listed
from leadflow.engine.flow import Flow
from leadflow.errors import InvalidInputError
from leadflow.expr import Field
from leadflow.expr.fault import did_you_mean
from leadflow.model.coding import plain_value
from leadflow.model.time import to_datetime

Column = tuple[str, Callable[[Listed], Any]]
"""A heading, and what a listed lead shows under it."""

_POINTS = re.compile(r"(score|grade)\(?['\"]?([\w.-]*)['\"]?\)?")
_NAMED: Final[Mapping[str, Callable[[Listed], Any]]] = {
    "contact": lambda listed: who(listed),
    "account": lambda listed: None if listed.account is None else listed.account.name or listed.account.domain,
}


def who(listed: Listed) -> str | None:
    """The name of a lead's contact, else its address."""
    contact = listed.contact
    return None if contact is None else contact.name or contact.email or contact.phone or contact.id


def field_of(flow: Flow, name: str) -> tuple[str, Field]:
    """(record, field) of a field's name: "source" and "lead.source" are the lead's. Errors: InvalidInputError."""
    record, dot, field = name.partition(".")
    if not dot:
        record, field = "lead", name
    known = flow.schema.records.get(record) if record in ("lead", "contact", "account") else None
    if known is None or field not in known:
        every = [f"{each}.{one}" for each in ("lead", "contact", "account") for one in flow.schema.records[each]]
        hint = did_you_mean(f"{record}.{field}", every) or "write e.g. lead.source, contact.country, account.name"
        raise InvalidInputError(f"there is no field {name[:60]!r}", code="unknown_field", hint=hint)
    return record, known[field]


def value_in(row: Any, field: Field) -> Any:
    """A field's value in a row; None when there is no row. Instants as ISO 8601 text."""
    if row is None:
        return None
    value = row.custom.get(field.accessor) if field.custom else getattr(row, field.accessor)
    if field.accessor.endswith("_us") and value is not None:
        return to_datetime(value).isoformat()
    return plain_value(value)


def columns_of(flow: Flow, names: Sequence[str]) -> list[Column]:
    """Columns by name: fields, contact, account, score, grade, score(model). Errors: InvalidInputError."""
    return [column for name in names if name for column in _column(flow, name)]


def _column(flow: Flow, name: str) -> list[Column]:
    if name in _NAMED:
        return [(name, _NAMED[name])]
    if name == "id":
        return [(name, lambda listed: listed.lead.id)]
    points = _POINTS.fullmatch(name)
    if points is not None:
        models = [points[2]] if points[2] else list(flow.playbook.scoring.models)
        return [_points(flow, points[1], model) for model in models]
    record, field = field_of(flow, name)
    return [(name, lambda listed: value_in(getattr(listed, record), field))]


def _points(flow: Flow, what: str, model: str) -> Column:
    if model not in flow.playbook.scoring.models:
        hint = did_you_mean(model, flow.playbook.scoring.models)
        raise InvalidInputError(f"there is no model {model[:60]!r}", code="unknown_model", hint=hint)
    if what == "score":
        return (model, lambda listed: listed.scores.get(model))
    return (f"{model} grade", lambda listed: listed.grades.get(model))


def plain_record(row: Any) -> dict[str, Any] | None:
    """A record as JSON can hold it, every field in it; instants as ISO 8601 under names in `_at`."""
    if row is None:
        return None
    plain: dict[str, Any] = {}
    for field in attrs.fields(type(row)):
        value = getattr(row, field.name)
        if field.name == "version":
            continue
        if field.name.endswith("_us"):
            plain[f"{field.name.removesuffix('_us')}_at"] = None if value is None else to_datetime(value).isoformat()
        else:
            plain[field.name] = plain_value(value)
    return plain


def plain_listed(listed: Listed) -> dict[str, Any]:
    """A listed lead as JSON can hold it, with its contact, account and scores."""
    return {
        **(plain_record(listed.lead) or {}),
        "contact": plain_record(listed.contact),
        "account": plain_record(listed.account),
        "scores": dict(listed.scores),
        "grades": dict(listed.grades),
        "lines": dict(listed.lines),
        **({} if listed.is_new is None else {"is_new": listed.is_new}),
    }


def text_of(value: Any) -> str:
    """A value as a list shows it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(text_of(item) for item in value)
    return str(value)
