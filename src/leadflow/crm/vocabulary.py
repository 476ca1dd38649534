"""What is kept in step with a CRM: the kinds of records, their fields and links, by names that all sides know."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

KINDS: Final = ("user", "account", "contact", "lead", "opportunity")
"""What is kept in step, each after those that it refers to."""

LINKS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "user": {},
        "account": {"owner": "user"},
        "contact": {"account": "account", "owner": "user"},
        "lead": {"contact": "contact", "account": "account", "owner": "user"},
        "opportunity": {"lead": "lead", "contact": "contact", "account": "account", "owner": "user"},
    }
)
"""The roles in which a record of each kind refers to others, and their kinds."""

FIELDS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "user": ("name", "email", "team", "time_zone", "is_active"),
        "account": (
            *("name", "domain", "phone", "industry", "employees", "revenue"),
            *("country", "region", "city", "postcode", "source"),
        ),
        "contact": (
            *("first_name", "last_name", "email", "phone", "title", "language"),
            *("country", "region", "city", "postcode", "time_zone", "source"),
        ),
        "lead": (
            *("state", "reason", "process", "stage", "queue", "marketing_qualified", "teleprospect_ready"),
            *("teleprospect_accepted", "sales_ready", "sales_accepted"),
            *("source", "campaign", "page", "form", "product", "event"),
        ),
        "opportunity": ("status", "amount", "currency", "campaign", "closed_at"),
    }
)
"""The fields of each kind by the port's names, in the order in which people want to see them. Moments are ISO 8601.

A lead's score and grade by a model are `score.MODEL` and `grade.MODEL`; a playbook may name more fields.
"""

Value = str | int | bool | None
"""A field's content; None is blank."""
