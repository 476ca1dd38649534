"""Opportunities, users and products."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from attrs import frozen

from leadflow.model.making import quick
from leadflow.model.time import to_datetime
from leadflow.model.values import NOTHING, Money


@quick
@frozen(weakref_slot=False)
class Opportunity:
    """A deal in sales, usually made from a lead.

    `status` is "open", "won" or "lost"; `amount` is in `currency`.

    >>> Opportunity(id="d-1", status="won", amount=Decimal("1200"), currency="EUR").money
    Money(amount=Decimal('1200'), currency='EUR')
    """

    table: ClassVar[str] = "opportunity"

    id: str
    lead_id: str | None = None
    contact_id: str | None = None
    account_id: str | None = None
    owner_id: str | None = None
    status: str = "open"
    amount: Decimal | None = None
    currency: str | None = None
    campaign: str | None = None
    closed_us: int | None = None
    created_us: int = 0
    updated_us: int = 0
    custom: Mapping[str, Any] = NOTHING
    version: int = 0

    @property
    def money(self) -> Money | None:
        """Amount and currency together, when both are known."""
        if self.amount is None or self.currency is None:
            return None
        return Money(self.amount, self.currency)

    @property
    def closed_at(self) -> datetime | None:
        """When it was won or lost, aware UTC."""
        return None if self.closed_us is None else to_datetime(self.closed_us)


@quick
@frozen(weakref_slot=False)
class User:
    """A person who works leads: salesperson, teleprospector, marketer, manager.

    >>> User(id="u_1", name="Bo", email="bo@example.com").is_active
    True
    """

    table: ClassVar[str] = "user"

    id: str
    name: str | None = None
    email: str | None = None
    team: str | None = None
    manager_id: str | None = None
    time_zone: str | None = None
    is_active: bool = True
    created_us: int = 0
    updated_us: int = 0
    custom: Mapping[str, Any] = NOTHING
    version: int = 0


@quick
@frozen(weakref_slot=False)
class Product:
    """Something that leads are interested in; `line` is the product line whose rep sells it.

    >>> Product(id="p1", name="Sensor", line="hardware").is_active
    True
    """

    table: ClassVar[str] = "product"

    id: str
    name: str | None = None
    line: str | None = None
    category: str | None = None
    price: Decimal | None = None
    currency: str | None = None
    is_active: bool = True
    created_us: int = 0
    updated_us: int = 0
    custom: Mapping[str, Any] = NOTHING
    version: int = 0
