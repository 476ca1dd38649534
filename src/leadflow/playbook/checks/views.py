"""List views: orders and columns that there are."""

from __future__ import annotations

import re
from collections.abc import Iterator

from leadflow.assignment.views.rules import ORDERS, is_order, points_of
from leadflow.expr import Schema
from leadflow.expr.fault import did_you_mean
from leadflow.playbook.fault import Finding, Path
from leadflow.playbook.playbook import Playbook

_POINTS = re.compile(r"(?:score|grade)(?:\(['\"]?([\w.-]+)['\"]?\))?")
_RECORDS = ("lead", "contact", "account")
_NAMED = ("id", "contact", "account")


def view_findings(playbook: Playbook, schema: Schema) -> Iterator[Finding]:
    """What is wrong with the list views besides their conditions."""
    for number, view in enumerate(playbook.assignment.views):
        here: Path = ("assignment", "views", number)
        yield from _order(view.order, (*here, "order"), playbook)
        for position, column in enumerate(view.columns):
            yield from _column(column, (*here, "columns", position), playbook, schema)


def _order(order: str, path: Path, playbook: Playbook) -> Iterator[Finding]:
    if not is_order(order):
        hint = did_you_mean(order.lstrip("-"), ORDERS) or f"one of score, {', '.join(ORDERS)}, with - for descending"
        yield Finding(path=path, message=f"lists cannot be in the order of {order}", hint=hint, code="unknown_order")
        return
    by_points, model = points_of(order)
    if by_points and model is None and len(playbook.scoring.models) != 1:
        known = ", ".join(playbook.scoring.models) or "there is none"
        said, hint = "the order does not say which model's score", f'write score("name"): {known}'
        yield Finding(path=path, message=said, hint=hint, code="unknown_model")
    elif model is not None:
        yield from _model(model, path, playbook)


def _model(model: str, path: Path, playbook: Playbook) -> Iterator[Finding]:
    models = playbook.scoring.models
    if model not in models:
        hint = did_you_mean(model, models) or f"known: {', '.join(models)}".rstrip(": ")
        yield Finding(path=path, message=f"there is no model {model}", hint=hint, code="unknown_model")


def _column(name: str, path: Path, playbook: Playbook, schema: Schema) -> Iterator[Finding]:
    points = _POINTS.fullmatch(name)
    if name in _NAMED or (points is not None and points[1] is None):
        return
    if points is not None:
        yield from _model(points[1], path, playbook)
        return
    record, dot, field = name.partition(".")
    if not dot:
        record, field = "lead", name
    if record not in _RECORDS or field not in schema.records[record]:
        every = [f"{each}.{one}" for each in _RECORDS for one in schema.records[each]]
        hint = did_you_mean(f"{record}.{field}", every) or "write e.g. lead.source, contact.country, score"
        yield Finding(path=path, message=f"there is no column {name}", hint=hint, code="unknown_column")
