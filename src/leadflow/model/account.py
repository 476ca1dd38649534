"""An account: a company. For marketing it is the set of its contacts (S003-2)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from attrs import frozen

from leadflow.model.making import quick
from leadflow.model.time import to_datetime
from leadflow.model.values import NOTHING


@quick
@frozen(weakref_slot=False)
class Account:
    """A company.

    `revenue` is a yearly figure in the playbook's currency. `state` is "active" or "merged".

    >>> Account(id="a_1", name="Ana d.o.o.", domain="ana.example").state
    'active'
    """

    table: ClassVar[str] = "account"

    id: str
    name: str | None = None
    domain: str | None = None
    phone: str | None = None
    industry: str | None = None
    employees: int | None = None
    revenue: Decimal | None = None
    country: str | None = None
    region: str | None = None
    city: str | None = None
    postcode: str | None = None
    source: str | None = None
    owner_id: str | None = None
    state: str = "active"
    merged_into: str | None = None
    created_us: int = 0
    updated_us: int = 0
    custom: Mapping[str, Any] = NOTHING
    version: int = 0

    @property
    def created_at(self) -> datetime:
        """When the account was first known, aware UTC."""
        return to_datetime(self.created_us)

    @property
    def updated_at(self) -> datetime:
        """When a field last changed, aware UTC."""
        return to_datetime(self.updated_us)
