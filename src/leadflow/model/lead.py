"""A lead: one expression of interest in one marketing context (S003-1, S003-10)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from attrs import frozen

from leadflow.model.making import quick
from leadflow.model.time import to_datetime
from leadflow.model.values import NOTHING, OPEN_STATES


@quick
@frozen(weakref_slot=False)
class Lead:
    """One interest of one contact (or account) in a page, form, campaign, product, event ...

    Four statuses are kept apart: `state` (open, qualified, disqualified, recycled; with `reason`), `stage` of the
    active `process`, the flags, and the contact's customer lifecycle. `context` is the marketing context as given.

    >>> lead = Lead(id="l_1", contact_id="c_1", context={"page": "pricing"})
    >>> lead.is_open, lead.basis
    (True, 'contact')
    """

    table: ClassVar[str] = "lead"

    id: str
    contact_id: str | None = None
    account_id: str | None = None
    state: str = "open"
    reason: str | None = None
    process: str | None = None
    stage: str | None = None
    stage_since_us: int | None = None
    owner_id: str | None = None
    queue: str | None = None
    marketing_qualified: bool = False
    teleprospect_ready: bool = False
    teleprospect_accepted: bool = False
    sales_ready: bool = False
    sales_accepted: bool = False
    sales_ready_us: int | None = None
    source: str | None = None
    campaign: str | None = None
    page: str | None = None
    form: str | None = None
    product: str | None = None
    event: str | None = None
    previous_id: str | None = None
    merged_into: str | None = None
    created_us: int = 0
    updated_us: int = 0
    context: Mapping[str, Any] = NOTHING
    custom: Mapping[str, Any] = NOTHING
    version: int = 0

    @property
    def is_open(self) -> bool:
        """Whether matching may still join new interest to this lead."""
        return self.state in OPEN_STATES

    @property
    def basis(self) -> str | None:
        """Whose behaviour scores this lead: "contact" (also when both are set), "account", or None (an orphan)."""
        if self.contact_id is not None:
            return "contact"
        return "account" if self.account_id is not None else None

    @property
    def created_at(self) -> datetime:
        """When the interest was first expressed, aware UTC."""
        return to_datetime(self.created_us)

    @property
    def updated_at(self) -> datetime:
        """When a field last changed, aware UTC."""
        return to_datetime(self.updated_us)


CONTEXT_COLUMNS = ("campaign", "page", "form", "product", "event", "source")
"""Context entries that have a column of their own, so that rules and lists can ask for them."""
