"""Delivery: the outbox leaves, each message at most once.

planned > claimed (committed before anything leaves) > handed_over | refused | unknown. What goes to an address that nothing
is sent to is suppressed, in the transaction that would have claimed it: who reports a bounce or a complaint at that moment is
heard first, or loses to the claim and is heard next. A message found claimed after a
crash is handed over if its mailer says that it left; planned again if it says that it did not; else unknown, for a person.
What a veto keeps is planned again, for later.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from attrs import define, evolve

from leadflow.engine.answers.reading import Reading
from leadflow.engine.mailing.desk import Desk, back, settled
from leadflow.engine.mailing.letters import letter
from leadflow.engine.mailing.messages import Message
from leadflow.engine.mailing.vetoing import Veto, held
from leadflow.engine.planning.rulebook import Rulebook
from leadflow.errors import (
    AdapterError,
    AdapterUnavailableError,
    AuthenticationError,
    FateUnknownError,
    LeadflowError,
    RejectedError,
    TransientError,
)
from leadflow.model.commands import ReportMail
from leadflow.model.time import DAY_US, HOUR_US, MINUTE_US, SECOND_US
from leadflow.model.values import NOTHING
from leadflow.ports.mail import Mailer
from leadflow.ports.store import Store

_RETRY_US = (5 * MINUTE_US, HOUR_US, 6 * HOUR_US)
_NO_ADDRESS_US = 7 * DAY_US
_NO_ADDRESS = "the recipient has no address: report the user with an email"
LEASE = "10min"
"""How long a message may be in somebody's hands before another asks what became of it."""


@define
class Delivered:
    """What a delivery did: handed over, refused, put off, of unknown fate, suppressed for their address, held by a veto."""

    handed_over: int = 0
    refused: int = 0
    suppressed: int = 0
    put_off: int = 0
    unknown: int = 0
    held: int = 0

    @property
    def total(self) -> int:
        """How many messages it touched."""
        return self.handed_over + self.refused + self.suppressed + self.put_off + self.unknown + self.held


def deliver(
    store: Store,
    rulebook: Rulebook,
    mailer: Mailer,
    sender: str,
    now: Callable[[], int],
    limit: int | None,
    lease_us: int,
    vetoes: Mapping[str, Veto] = NOTHING,
    report: Callable[[ReportMail], Any] = lambda command: None,
) -> Delivered:
    """Hand over what is due, if every veto lets it, one message in hand at a time.

    `report` is told of addresses that were refused.

    Errors: AuthenticationError and AdapterUnavailableError, when nothing can leave; everything waits then.
    """
    done = Delivered()
    desk = Desk(store, now, lease_us)
    while limit is None or done.total < limit:
        view = Reading(store, rulebook)
        share = desk.share(view, None if limit is None else limit - done.total)
        if not share:
            return done
        try:
            for message in share:
                if message.state == "claimed":
                    _ask(message, desk, mailer, now(), done)
                    continue
                taken = desk.take(message)
                if taken is None:
                    continue
                if taken.state == "suppressed":
                    done.suppressed += 1
                    continue
                refusals: list[RejectedError] = []
                try:
                    became = _hand_over(taken, view, mailer, sender, now(), done, vetoes, refusals)
                except (AuthenticationError, AdapterUnavailableError):
                    desk.give_back(taken)
                    raise
                # After anything else it may have left: it stays claimed, and its mailer is asked when the lease is over.
                if not refusals:
                    desk.settle_later(taken, became)
                    continue
                desk.settle(taken, became)
                for refusal in refusals:
                    # Where this cannot be kept now, the address is refused again next time.
                    with suppress(LeadflowError):
                        report(_refused(became, refusal, now()))
        finally:
            desk.clear()
    return done


def _ask(message: Message, desk: Desk, mailer: Mailer, now_us: int, done: Delivered) -> None:
    """What a crashed delivery had in hand, once its lease is over."""
    was_sent = mailer.was_sent(message.id)
    if was_sent:
        became = settled(message, "handed_over", now_us, None)
    elif was_sent is None:
        became = settled(message, "unknown", now_us, "lost between claim and hand-over")
    else:
        became = evolve(message, state="planned", due_us=now_us, version=message.version + 1)
    if desk.resolve(message, became):
        done.handed_over += was_sent is True
        done.unknown += was_sent is None


def _refused(message: Message, error: RejectedError, now_us: int) -> ReportMail:
    """What the recipient's server said at once is a bounce as any other."""
    return ReportMail(
        key=f"refused:{message.id}",
        at_us=now_us,
        kind="email.bounced",
        message=message.id,
        address=message.address,
        contact=message.recipient if message.recipient.startswith("c_") else None,
        lead=message.subject if message.subject.startswith("l_") else None,
        bounce=error.bounce,
        status=error.status,
    )


def _hand_over(
    message: Message,
    view: Reading,
    mailer: Mailer,
    sender: str,
    now_us: int,
    done: Delivered,
    vetoes: Mapping[str, Veto],
    refusals: list[RejectedError],
) -> Message:
    try:
        mail = letter(message, view, sender)
    except ValueError:
        # A message that cannot be written as mail is put aside; it does not hold up the others.
        done.refused += 1
        return settled(message, "refused", now_us, "cannot be written as mail")
    if mail is None:
        if now_us - message.planned_us >= _NO_ADDRESS_US:
            done.refused += 1
            return settled(message, "refused", now_us, _NO_ADDRESS)
        # A first playbook names people before anybody has said who they are.
        done.put_off += 1
        return back(message, now_us + HOUR_US, _NO_ADDRESS)
    kept = held(vetoes, message, mail, now_us)
    if kept is not None:
        done.held += 1
        return back(message, now_us + kept.wait_us, kept.why)
    try:
        mailer.send(mail)
    except TransientError as error:
        if message.attempts > len(_RETRY_US):
            done.refused += 1
            return settled(message, "refused", now_us, _told(error))
        done.put_off += 1
        wait_us = max(_RETRY_US[message.attempts - 1], round((error.retry_after or 0) * SECOND_US))
        return evolve(
            message, state="planned", due_us=now_us + wait_us, error=_told(error), version=message.version + 1
        )
    except FateUnknownError as error:
        done.unknown += 1
        return settled(message, "unknown", now_us, _told(error))
    except (AuthenticationError, AdapterUnavailableError):
        raise
    except AdapterError as error:
        if isinstance(error, RejectedError) and error.bounce is not None:
            refusals.append(error)
        done.refused += 1
        return settled(message, "refused", now_us, _told(error))
    done.handed_over += 1
    return settled(message, "handed_over", now_us, None)


def _told(error: AdapterError) -> str:
    """A code and the adapter's words, which hold no personal data."""
    return f"{error.code}: {error.message}"[:200]
