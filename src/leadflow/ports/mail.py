"""The mail port: one verb that hands a message over, and says honestly what became of it.

Contract version 1. Errors: TransientError (try again later), RejectedError (never), anything else leaves the message
`unknown`: it may have gone, and is not sent again by itself.
"""

from __future__ import annotations

from email.message import EmailMessage
from typing import Protocol

from attrs import frozen

CONTRACT = 1


@frozen(kw_only=True)
class Mail:
    """A message ready to be handed over; `key` is stable, so that a mailer that keeps keys can refuse a repeat."""

    key: str
    to: str
    message: EmailMessage


class Mailer(Protocol):
    """A way for mail to leave."""

    def send(self, mail: Mail) -> str:
        """Hand a message over; returns the mailer's own name for it. Never twice for one key, if it can tell."""
        ...

    def was_sent(self, key: str) -> bool | None:
        """Whether a message of this key left: yes, no, or None when nobody can tell."""
        ...
