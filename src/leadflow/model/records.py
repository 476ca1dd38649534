"""What comes in: the records that an application or a file hands to leadflow, and how each is kept.

A record's own id (`key`) makes a repeat harmless. `at_us` is when it happened; when leadflow received it is kept
beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from attrs import frozen

from leadflow.model.making import quick
from leadflow.model.values import NOTHING

TOLD = "told_us"
"""Where `Input.data` keeps a moment that was still to come at receipt; it is judged as of receipt."""


@quick
@frozen(weakref_slot=False)
class Interaction:
    """Something a person did: opened a mail, visited a page, attended an event.

    `contact` says who by any field that a matching strategy reads, e.g. {"email": "..."} or {"id": "c_..."};
    `visitor` is the cookie of a person not known by name yet. `kind` is a dotted name such as "email.clicked".

    >>> Interaction(key="i-1", kind="email.clicked", at_us=0, contact={"email": "ana@example.si"}).kind
    'email.clicked'
    """

    type: ClassVar[str] = "interaction"

    key: str
    kind: str
    at_us: int
    contact: Mapping[str, Any] = NOTHING
    visitor: str | None = None
    lead: str | None = None
    properties: Mapping[str, Any] = NOTHING
    actor: str | None = None
    batch: str | None = None


@quick
@frozen(weakref_slot=False)
class Submission:
    """A filled form. `fields` are as the visitor typed them; `context` is the marketing context.

    `replaces` names the key of an earlier, failed submission of which this is the corrected form.
    """

    type: ClassVar[str] = "submission"

    key: str
    form: str
    fields: Mapping[str, Any]
    at_us: int
    visitor: str | None = None
    context: Mapping[str, Any] = NOTHING
    actor: str | None = None
    batch: str | None = None
    replaces: str | None = None


@quick
@frozen(weakref_slot=False)
class Order:
    """A purchase; `lines` are {"product", "quantity", "price"} with the price of one unit in `currency`."""

    type: ClassVar[str] = "order"

    key: str
    at_us: int
    contact: Mapping[str, Any] = NOTHING
    currency: str | None = None
    lines: tuple[Mapping[str, Any], ...] = ()
    visitor: str | None = None
    actor: str | None = None
    batch: str | None = None


@quick
@frozen(weakref_slot=False)
class Deal:
    """The state of an opportunity as sales reports it; the same `id` again updates it."""

    type: ClassVar[str] = "opportunity"

    key: str
    at_us: int
    id: str = ""
    lead: Mapping[str, Any] = NOTHING
    contact: Mapping[str, Any] = NOTHING
    status: str = "open"
    amount: str | None = None
    currency: str | None = None
    campaign: str | None = None
    owner: str | None = None
    values: Mapping[str, Any] = NOTHING
    actor: str | None = None
    batch: str | None = None


@quick
@frozen(weakref_slot=False)
class Entry:
    """Values of a contact, account, lead, user or product: typed in, imported or handed over by another system.

    `values` are by record: {"contact": {...}, "account": {...}, "lead": {...}}; `record` says which is meant. A row
    of a file may carry several. `policy` is what happens to a record that is already known: "fill" (default),
    "overwrite", "skip" or "create".
    """

    type: ClassVar[str] = "entry"

    key: str
    record: str
    values: Mapping[str, Mapping[str, Any]]
    at_us: int
    policy: str | None = None
    strategy: str | None = None
    line: int | None = None
    actor: str | None = None
    batch: str | None = None


@quick
@frozen(weakref_slot=False)
class Input:
    """An accepted record as received; with state, the only place that holds personal data.

    `kind` is set when it counts as an interaction. `subject` is the contact or visitor it was attributed to at
    receipt; it never changes: aliases say who stands for that subject now. `reference` is how the record named its
    contact; `values` are its mapped values by record; `data` is whatever else it held.
    """

    table: ClassVar[str] = "input"

    id: str
    type: str
    at_us: int
    received_us: int
    kind: str | None = None
    subject: str | None = None
    account: str | None = None
    lead: str | None = None
    visitor: str | None = None
    actor: str | None = None
    batch: str | None = None
    reference: str | None = None
    properties: Mapping[str, Any] = NOTHING
    values: Mapping[str, Any] = NOTHING
    data: Mapping[str, Any] = NOTHING
    seq: int = 0

    @property
    def version(self) -> int:
        """Inputs never change."""
        return 1

    @property
    def told_us(self) -> int:
        """When it happened by its own account: later than `at_us` when somebody's clock was ahead of ours."""
        told: int = self.data.get(TOLD, self.at_us)
        return told


Record = Interaction | Submission | Order | Deal | Entry
