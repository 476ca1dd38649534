"""The mail port: one verb that hands a message over, and says honestly what became of it.

Contract version 1. Errors of `send`, by what follows:

- TransientError: it did not leave; it is tried again, after `retry_after` seconds at the soonest
- RejectedError, UnsupportedCapabilityError: it did not leave, and never will
- AuthenticationError, AdapterUnavailableError: nothing leaves; the delivery stops and everything waits
- FateUnknownError, and anything else: it may have left; it is `unknown`, and never sent again by itself

`leadflow.ports.wire` turns a message into the bytes that leave, and refuses what must not.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from email.message import EmailMessage
from hashlib import blake2b
from types import MappingProxyType
from typing import Final, Protocol, runtime_checkable

from attrs import frozen

CONTRACT = 1
_OURS: Final = re.compile(r"<([0-9a-f]{32})\.leadflow@")
CAPABILITIES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "smtputf8": "takes addresses whose part before the @ is not ASCII",
        "keeps_keys": "what was sent under a key is not sent again, also by another object or process",
        "tells_sent": "`was_sent` says yes or no for every key, never None",
    }
)
"""What a mailer may claim. What it claims must work; what it does not claim must be refused, or answered with None."""


@frozen(kw_only=True)
class Mail:
    """A message ready to be handed over; `key` is stable, so that a mailer that keeps keys can refuse a repeat."""

    key: str
    to: str
    message: EmailMessage


@frozen(kw_only=True)
class Leaving:
    """What a veto is told beside the mail: the moment, and what the message is for.

    `channel` and `template` say which kind of message, `recipient` is a user's id or an address, `subject` the id of the
    record that it is about.
    """

    now: datetime
    channel: str
    template: str
    recipient: str
    subject: str


class Mailer(Protocol):
    """A way for mail to leave."""

    def send(self, mail: Mail) -> str:
        """Hand a message over; returns the mailer's own name for it. Never twice for one key, if it can tell."""
        ...

    def was_sent(self, key: str) -> bool | None:
        """Whether a message of this key left: yes, no, or None when nobody can tell. A wrong no sends it twice."""
        ...


@frozen
class MailStep:
    """One step of a trial: what was done, what the other end answered."""

    name: str
    answer: str
    is_ok: bool = True


@runtime_checkable
class Trying(Protocol):
    """A mailer that can send one message and report each step. It is no part of the contract."""

    def trial(self, mail: Mail) -> list[MailStep]:
        """Send a message; the last step says how it ended. Nothing is raised for what the other end answers."""
        ...


@frozen(kw_only=True)
class Returned:
    """A message that came in, and what it says of messages that left.

    `kind` is bounced, delayed, delivered, complained, unsubscribed, replied, automatic (a program wrote it) or other;
    `messages` are the Message-IDs of what it is about, the likeliest first; `bounce` and `status` as in a ReportMail. `key`
    is the same wherever and whenever the message is read. `recipients` are the addresses that a bounce names. `fault` says
    what was wrong with it, if something was.
    """

    key: str
    kind: str
    messages: tuple[str, ...] = ()
    bounce: str = ""
    status: str = ""
    recipients: tuple[str, ...] = ()
    at_us: int | None = None
    fault: str = ""


@frozen
class Page:
    """Some messages of a mailbox, in its order; `place` is where to go on after them, `total` how many there are to read."""

    place: str
    returned: tuple[Returned, ...]
    total: int = 0


class Mailbox(Protocol):
    """Where what comes back is read. Plugins register them by URL scheme."""

    @property
    def name(self) -> str:
        """What it is remembered by: the same for the same mailbox, and no secret."""
        ...

    def read(self, after: str | None) -> Iterator[Page]:
        """What came in since a place, else everything, page by page. A place that means nothing any more counts as None.

        Errors: TransientError, AuthenticationError, RejectedError (there is no such mailbox).
        """
        ...

    def settle(self, keys: Collection[str]) -> None:
        """These messages of the last page were taken in: they may be deleted, if the mailbox was asked to."""
        ...


def mark_of(key: str) -> str:
    """What stands for a key in the Message-ID of its message."""
    return blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def mark_in(message_id: str) -> str:
    """What a message is found by: the mark of its key where we made the Message-ID, else one of the Message-ID.

    >>> mark_in(message_id("req-1", "sales@acme.example")) == mark_of("req-1")
    True
    >>> mark_in("<a.b@x.example>") == mark_in(" <a.b@x.example> ")
    True
    """
    found = _OURS.search(message_id)
    return found[1] if found is not None else mark_of(f"message-id:{message_id.strip().strip('<>')}")


def message_id(key: str, sender: str) -> str:
    """The Message-ID of the message of a key: the same at every attempt, and of no use to find out the key.

    >>> message_id("req-1:lead-assigned", "Sales <sales@acme.example>")
    '<65ba67c34915793f1e3e96345de2a6bf.leadflow@acme.example>'
    """
    domain = sender.rpartition("@")[2].strip("<> ").lower()
    is_plain = domain.isascii() and domain.replace(".", "").replace("-", "").isalnum()
    return f"<{mark_of(key)}.leadflow@{domain if is_plain else 'leadflow.invalid'}>"
