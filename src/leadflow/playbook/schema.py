"""What conditions may ask for under a playbook: the model's fields, the playbook's attributes, the rooms' terms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import attrs

from leadflow.expr import Field, Schema, Term, Type
from leadflow.model.rows import RECORDS
from leadflow.playbook.playbook import TYPES, Attribute

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
