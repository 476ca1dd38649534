"""What conditions may ask for under a playbook: the model's fields, the playbook's attributes, the rooms' terms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import attrs

from leadflow.expr import Field, Schema, Term, Type
from leadflow.expr.types import Choices
from leadflow.model.rows import RECORDS
from leadflow.model.values import LeadState
from leadflow.playbook.playbook import TYPES, Attribute, Playbook

TERMS = (
    Term("score", (Type.CODE,), Type.NUMBER),
    Term("grade", (Type.CODE,), Type.CODE),
    Term("is_scored", (), Type.BOOLEAN),
    Term("stage", (), Type.CODE),
    Term("is_duplicate", (), Type.BOOLEAN),
    Term("has_free_mail", (), Type.BOOLEAN),
)
"""What the rooms add to the language, for a check that nobody hands the terms of its engine."""

_TYPES = {"str": Type.TEXT, "int": Type.NUMBER, "Decimal": Type.NUMBER, "bool": Type.BOOLEAN}
_CODES = frozenset(
    [
        "id",
        "country",
        "language",
        "time_zone",
        "state",
        "process",
        "stage",
        "currency",
        "status",
        "account_id",
        "contact_id",
        "lead_id",
        "owner_id",
        "manager_id",
        "previous_id",
        "merged_into",
        "queue",
        "page",
        "form",
        "campaign",
        "event",
        "product",
    ]
)
_HIDDEN = frozenset({"version", "custom", "context"})


def schema_of(attributes: Mapping[str, Mapping[str, Attribute]], terms: Iterable[Term] = ()) -> Schema:
    """The schema of a playbook.

    >>> schema = schema_of({"contact": {"shoe_size": Attribute(type="number")}})
    >>> schema.records["contact"]["shoe_size"].custom, schema.records["lead"]["created_at"].accessor
    (True, 'created_us')
    """
    records = {record: _own(record) for record in RECORDS}
    for record, added in attributes.items():
        for name, attribute in added.items():
            choices = attribute.choices or None
            records[record][name] = Field(name, TYPES[attribute.type], custom=True, choices=choices)
    return Schema(records, {term.name: term for term in terms})


def check_schema(playbook: Playbook, terms: Iterable[Term] | None = None, kinds: Iterable[str] | None = None) -> Schema:
    """The schema that a playbook is checked against: it also knows which models, stages and grades there are.

    `kinds` are the known kinds of interaction; those that forms make are added. None: any kind may come.

    >>> schema = check_schema(Playbook())
    >>> schema.terms["score"].choices, schema.kinds
    ((), None)
    """
    models = playbook.scoring.models
    grades = _unlike(grade.name for model in models.values() for grade in model.grades)
    stages = _unlike(stage.name for process in playbook.process.processes.values() for stage in process.stages)
    known: dict[str, tuple[Choices, Choices]] = {
        "score": (tuple(models), None),
        "grade": (tuple(models), grades),
        "stage": (None, stages),
    }
    schema = schema_of(
        playbook.attributes, [_with_choices(term, known) for term in (TERMS if terms is None else terms)]
    )
    lead = schema.records["lead"]
    schema = schema.with_fields(
        "lead",
        attrs.evolve(lead["state"], choices=tuple(state.value for state in LeadState)),
        attrs.evolve(lead["process"], choices=tuple(playbook.process.processes)),
        attrs.evolve(lead["stage"], choices=stages),
    )
    if kinds is None:
        return schema
    made = (form.kind for form in playbook.capture.forms.values())
    return attrs.evolve(schema, kinds=_unlike((*kinds, *made)))


def _unlike(names: Iterable[str]) -> tuple[str, ...]:
    """Each name once, in their order."""
    return tuple(dict.fromkeys(names))


def _with_choices(term: Term, known: Mapping[str, tuple[Choices, Choices]]) -> Term:
    choices, values = known.get(term.name, (None, None))
    return attrs.evolve(
        term,
        choices=choices if term.choices is None else term.choices,
        values=values if term.values is None else term.values,
    )


def _own(record: str) -> dict[str, Field]:
    fields: dict[str, Field] = {}
    for attribute in attrs.fields(RECORDS[record]):
        name = attribute.name
        if name in _HIDDEN:
            continue
        if name.endswith("_us"):
            shown = name.removesuffix("_us") + "_at"
            fields[shown] = Field(shown, Type.INSTANT, name)
            continue
        kind = _TYPES[str(attribute.type).partition(" ")[0]]
        if kind is Type.TEXT and name in _CODES:
            kind = Type.CODE
        fields[name] = Field(name, kind)
        # "lead.owner" reads better than "lead.owner_id" in a rule; both are understood.
        if name.endswith("_id"):
            short = name.removesuffix("_id")
            fields[short] = Field(short, Type.CODE, name)
    return fields
