"""Addresses: which ones nothing more is sent to, and why.

An address is kept as a number made from it, not as it is written: whoever is erased stays on the list.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, ClassVar, Final

from attrs import frozen

from leadflow.model.decisions import AddressAllowed, MailReported, Recorded
from leadflow.model.ids import derive_id
from leadflow.model.making import quick, replaced
from leadflow.model.time import DAY_US
from leadflow.normalise.emails import email
from leadflow.room import Table, View

SOFT_WINDOW_US: Final = 30 * DAY_US
MOST_SOFT: Final = 5


@quick
@frozen(weakref_slot=False)
class Address:
    """What is known of an address: the latest hard bounce, complaint, proof that mail arrives, and permission to go on.

    `soft_us` are the latest bounces of the other kinds that are not final, the oldest first. All moments are those of the
    reports, so that the order in which reports are read makes no difference.
    """

    table: ClassVar[str] = "address"

    id: str
    bounced_us: int | None = None
    complained_us: int | None = None
    arrived_us: int | None = None
    allowed_us: int | None = None
    soft_us: tuple[int, ...] = ()
    version: int = 0


TABLE: Final = Table(Address)


def address_id(address: str) -> str:
    """The id of an address, however it is written; an id is its own.

    >>> address_id("Ana@Example.SI") == address_id("ana@example.si") == address_id(address_id("ana@example.si"))
    True
    """
    return derive_id("address", email(address) or address.strip().lower()) if "@" in address else address


def is_address(text: str) -> bool:
    """Whether a text is an address, or the id of one.

    >>> is_address("ana@example.si"), is_address(address_id("ana@example.si")), is_address("ana")
    (True, True, False)
    """
    return "@" in text or re.fullmatch(r"address_[a-z2-7]{16}", text) is not None


def why_not(row: Address | None, now_us: int) -> str | None:
    """Why nothing is sent to an address: "complained", "bounced", or "paused" after 5 soft bounces in 30 days.

    >>> why_not(Address("e", bounced_us=5), 9), why_not(Address("e", bounced_us=5, allowed_us=6), 9)
    ('bounced', None)
    """
    if row is None:
        return None
    if row.complained_us is not None:
        return "complained"
    if row.bounced_us is not None and row.bounced_us >= _latest(row.allowed_us):
        return "bounced"
    since_us = max(now_us - SOFT_WINDOW_US, _latest(row.arrived_us), _latest(row.allowed_us))
    return "paused" if sum(at_us > since_us for at_us in row.soft_us) >= MOST_SOFT else None


def _latest(*moments: int | None) -> int:
    return max((each for each in moments if each is not None), default=-(1 << 62))


def _with(row: Address, decision: MailReported, at_us: int) -> Address:
    if decision.kind == "email.complained":
        return replaced(row, complained_us=max(at_us, _latest(row.complained_us)))
    if decision.kind == "email.bounced" and decision.bounce == "hard":
        return replaced(row, bounced_us=max(at_us, _latest(row.bounced_us)))
    if decision.kind == "email.bounced" and decision.bounce == "soft":
        return replaced(row, soft_us=tuple(sorted((*row.soft_us, at_us)))[-MOST_SOFT:])
    if decision.kind in ("email.delivered", "email.replied"):
        return replaced(row, arrived_us=max(at_us, _latest(row.arrived_us)))
    return row


def apply_reported(view: View, recorded: Recorded) -> Iterable[Any]:
    """What a report says of the address that the message went to."""
    decision, source = recorded.decision, view.input(recorded.command)
    assert isinstance(decision, MailReported)  # noqa: S101 - the plan dispatches by type
    address = None if source is None else source.data.get("address")
    if source is None or not address:
        return []
    held = view.get(Address, address_id(address)) or Address(address_id(address))
    made = _with(held, decision, source.at_us)
    return [] if made == held else [replaced(made, version=held.version + 1)]


def apply_allowed(view: View, recorded: Recorded, rules: Any) -> Iterable[Any]:
    """Messages go to the address again."""
    assert isinstance(recorded.decision, AddressAllowed)  # noqa: S101 - the plan dispatches by type
    source = view.input(recorded.command)
    if source is None:
        return []
    id_ = address_id(source.data["address"])
    held = view.get(Address, id_) or Address(id_)
    allowed_us = max(source.at_us, _latest(held.allowed_us))
    return [replaced(held, allowed_us=allowed_us, version=held.version + 1)]
