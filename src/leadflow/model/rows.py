"""Setting a record's fields by name, whether they are the model's own or declared in the playbook."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import attrs

from leadflow.model.account import Account
from leadflow.model.business import Opportunity, Product, User
from leadflow.model.contact import Contact
from leadflow.model.lead import CONTEXT_COLUMNS, Lead
from leadflow.model.making import replaced

RECORDS: Mapping[str, type[Any]] = MappingProxyType(
    {cls.table: cls for cls in (Contact, Account, Lead, Opportunity, User, Product)}
)
_KEPT = {"id", "created_us", "updated_us", "version", "custom", "state", "merged_into"}
_FIELDS = {name: {a.name: str(a.type) for a in attrs.fields(cls)} for name, cls in RECORDS.items()}

KEPT_BY_ENGINE = frozenset(
    "state merged_into process stage stage_since_us queue previous_id sales_ready_us updated_us".split()
)
"""Fields that only decisions change: no form, file or other system sets them."""


def own_fields(record: str) -> frozenset[str]:
    """The model's own fields of a record that an input may set.

    >>> "email" in own_fields("contact"), "version" in own_fields("contact")
    (True, False)
    """
    return frozenset(_FIELDS[record]) - _KEPT


def value_of(row: Any, name: str) -> Any:
    """A field's value, own or custom; None when the record has none."""
    return getattr(row, name) if name in _FIELDS[row.table] else row.custom.get(name)


def with_values(row: Any, values: Mapping[str, Any], at_us: int) -> Any:
    """The row with these fields set, its version one higher.

    >>> with_values(Contact(id="c_1"), {"email": "a@b.example", "shoe_size": 44}, 5).custom["shoe_size"]
    44
    """
    fields = _FIELDS[row.table]
    changes: dict[str, Any] = {}
    custom = None
    for name, value in values.items():
        if name in fields:
            decimal = fields[name].startswith("Decimal") and value is not None
            changes[name] = Decimal(value) if decimal else value
        else:
            custom = dict(row.custom) if custom is None else custom
            custom[name] = value
    if custom is not None:
        changes["custom"] = MappingProxyType({name: value for name, value in custom.items() if value is not None})
    return replaced(row, **changes, updated_us=max(at_us, row.updated_us), version=row.version + 1)


def moved(row: Any, at_us: int, **changes: Any) -> Any:
    """The row with changes to what inputs cannot set, its version one higher."""
    return replaced(row, **changes, updated_us=max(at_us, row.updated_us), version=row.version + 1)


def new_row(record: str, id_: str, values: Mapping[str, Any], at_us: int) -> Any:
    """A record's first row."""
    return with_values(RECORDS[record](id=id_, created_us=at_us, updated_us=at_us), values, at_us)


def lead_fields(context: Mapping[str, Any]) -> dict[str, Any]:
    """What a marketing context sets on a lead: its columns, and the whole as given.

    >>> lead_fields({"page": "pricing", "utm_term": "crm"})
    {'page': 'pricing', 'context': {'page': 'pricing', 'utm_term': 'crm'}}
    >>> lead_fields({"product": ["sensor", "app"]})["product"]
    'sensor'
    """
    if not context:
        return {}
    found = ((name, _first(context.get(name))) for name in CONTEXT_COLUMNS)
    fields: dict[str, Any] = {name: str(value) for name, value in found if value is not None}
    fields["context"] = dict(context)
    return fields


def _first(value: Any) -> Any:
    """A column holds one value; of several products, say, the first. The context has them all."""
    if isinstance(value, (list, tuple)):
        return value[0] if value else None
    return value
