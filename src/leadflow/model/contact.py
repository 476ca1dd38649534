"""A contact: one person. All marketing centres on contacts (S003-1)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from attrs import frozen

from leadflow.model.making import quick
from leadflow.model.time import to_datetime
from leadflow.model.values import NOTHING


@quick
@frozen(weakref_slot=False)
class Contact:
    """One person.

    `consent` is a level 0..5 (see CONSENT_LEVELS), `state` is "active" or "merged" (then `merged_into` names the
    contact that stands for it). Fields that the playbook declares live in `custom`.

    >>> Contact(id="c_1", first_name="Ana", last_name="Kos").name
    'Ana Kos'
    """

    table: ClassVar[str] = "contact"

    id: str
    email: str | None = None
    phone: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    title: str | None = None
    language: str | None = None
    country: str | None = None
    region: str | None = None
    city: str | None = None
    postcode: str | None = None
    time_zone: str | None = None
    source: str | None = None
    account_id: str | None = None
    owner_id: str | None = None
    consent: int = 0
    is_marketing_only: bool = False
    state: str = "active"
    merged_into: str | None = None
    created_us: int = 0
    updated_us: int = 0
    custom: Mapping[str, Any] = NOTHING
    version: int = 0

    @property
    def name(self) -> str:
        """First and last name, whichever are known."""
        return " ".join(part for part in (self.first_name, self.last_name) if part)

    @property
    def created_at(self) -> datetime:
        """When the contact was first known, aware UTC."""
        return to_datetime(self.created_us)

    @property
    def updated_at(self) -> datetime:
        """When a field last changed, aware UTC."""
        return to_datetime(self.updated_us)
