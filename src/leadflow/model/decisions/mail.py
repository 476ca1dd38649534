"""Decisions about mail that left: what became of it, and of the addresses that it went to."""

from __future__ import annotations

from typing import ClassVar

from attrs import frozen

from leadflow.model.decisions.base import Decision
from leadflow.model.making import quick


@quick
@frozen(kw_only=True, weakref_slot=False)
class MailReported(Decision):
    """A message (`message` is its key) bounced, was delayed or delivered, complained of, or answered.

    The subject is the contact that it went to, else the message. The address is with the input.
    """

    type: ClassVar[str] = "mail_reported"
    kind: str
    message: str | None = None
    bounce: str | None = None
    status: str | None = None


@quick
@frozen(kw_only=True, weakref_slot=False)
class AddressAllowed(Decision):
    """An address may be sent to again. The subject is the input, which has the address."""

    type: ClassVar[str] = "address_allowed"
    because: str = ""
