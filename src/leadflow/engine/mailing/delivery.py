"""Delivery: the outbox leaves, each message at most once.

planned > claimed (committed before anything leaves) > handed_over | refused | unknown. A message found claimed after a
crash is handed over if its mailer says that it left; planned again if it says that it did not; else unknown, for a person.
"""

from __future__ import annotations

from collections.abc import Callable

from attrs import define, evolve

from leadflow.engine.answers.reading import Reading
from leadflow.engine.mailing.desk import Desk
from leadflow.engine.mailing.letters import letter
from leadflow.engine.mailing.outbox import Message
from leadflow.engine.planning.rulebook import Rulebook
from leadflow.errors import (
    AdapterError,
    AdapterUnavailableError,
    AuthenticationError,
    FateUnknownError,
    TransientError,
)
from leadflow.model.time import HOUR_US, MINUTE_US, SECOND_US
from leadflow.ports.mail import Mailer
from leadflow.ports.store import Store

_RETRY_US = (5 * MINUTE_US, HOUR_US, 6 * HOUR_US)
LEASE = "10min"
"""How long a message may be in somebody's hands before another asks what became of it."""


@define
class Delivered:
    """What a delivery did: messages handed over, refused, put off, undeliverable, and of unknown fate."""

    handed_over: int = 0
    refused: int = 0
    put_off: int = 0
    unknown: int = 0

    @property
    def total(self) -> int:
        """How many messages it touched."""
        return self.handed_over + self.refused + self.put_off + self.unknown


def deliver(
    store: Store,
    rulebook: Rulebook,
    mailer: Mailer,
    sender: str,
    now: Callable[[], int],
    limit: int | None,
    lease_us: int,
) -> Delivered:
    """Hand over what is due, one message in hand at a time.

    Errors: AuthenticationError and AdapterUnavailableError, when nothing can leave; everything waits then.
    """
    done = Delivered()
    desk = Desk(store, now, lease_us)
    while limit is None or done.total < limit:
        share = desk.share(None if limit is None else limit - done.total)
        if not share:
            return done
        view = Reading(store, rulebook)
        try:
            for message in share:
                if message.state == "claimed":
                    _ask(message, desk, mailer, now(), done)
                elif (claimed := desk.take(message)) is not None:
                    desk.settle_later(claimed, _handed_over(claimed, desk, view, mailer, sender, now(), done))
        finally:
            desk.clear()
    return done


def _handed_over(
    message: Message, desk: Desk, view: Reading, mailer: Mailer, sender: str, now_us: int, done: Delivered
) -> Message:
    try:
        return _hand_over(message, view, mailer, sender, now_us, done)
    except (AuthenticationError, AdapterUnavailableError):
        desk.give_back(message)
        raise
    # After anything else it may have left: it stays claimed, and its mailer is asked when the lease is over.


def _ask(message: Message, desk: Desk, mailer: Mailer, now_us: int, done: Delivered) -> None:
    """What a crashed delivery had in hand, once its lease is over."""
    was_sent = mailer.was_sent(message.id)
    if was_sent:
        settled = _settled(message, "handed_over", now_us, None)
    elif was_sent is None:
        settled = _settled(message, "unknown", now_us, "lost between claim and hand-over")
    else:
        settled = evolve(message, state="planned", due_us=now_us, version=message.version + 1)
    if desk.resolve(message, settled):
        done.handed_over += was_sent is True
        done.unknown += was_sent is None


def _hand_over(message: Message, view: Reading, mailer: Mailer, sender: str, now_us: int, done: Delivered) -> Message:
    try:
        mail = letter(message, view, sender)
    except ValueError:
        # A message that cannot be written as mail is put aside; it does not hold up the others.
        done.refused += 1
        return _settled(message, "refused", now_us, "cannot be written as mail")
    if mail is None:
        done.refused += 1
        return _settled(message, "refused", now_us, "the recipient has no address")
    try:
        mailer.send(mail)
    except TransientError as error:
        if message.attempts > len(_RETRY_US):
            done.refused += 1
            return _settled(message, "refused", now_us, _told(error))
        done.put_off += 1
        wait_us = max(_RETRY_US[message.attempts - 1], round((error.retry_after or 0) * SECOND_US))
        return evolve(
            message, state="planned", due_us=now_us + wait_us, error=_told(error), version=message.version + 1
        )
    except FateUnknownError as error:
        done.unknown += 1
        return _settled(message, "unknown", now_us, _told(error))
    except (AuthenticationError, AdapterUnavailableError):
        raise
    except AdapterError as error:
        done.refused += 1
        return _settled(message, "refused", now_us, _told(error))
    done.handed_over += 1
    return _settled(message, "handed_over", now_us, None)


def _told(error: AdapterError) -> str:
    """A code and the adapter's words, which hold no personal data."""
    return f"{error.code}: {error.message}"[:200]


def _settled(message: Message, state: str, now_us: int, error: str | None) -> Message:
    return evolve(message, state=state, due_us=None, settled_us=now_us, error=error, version=message.version + 1)
