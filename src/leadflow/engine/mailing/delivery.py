"""Delivery: the outbox leaves, each message at most once.

planned > claimed (committed before anything leaves) > handed_over | refused | unknown. What goes to an address that nothing
is sent to is suppressed, in the transaction that would have claimed it: who reports a bounce or a complaint at that moment is
heard first, or loses to the claim and is heard next. A message found claimed after a
crash is handed over if its mailer says that it left; planned again if it says that it did not; else unknown, for a person.
What was claimed and never tried is planned again when a delivery ends early; what a veto keeps, for later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any

from attrs import define, evolve

from leadflow.engine.answers.reading import Reading
from leadflow.engine.mailing.addresses import address_id, why_not
from leadflow.engine.mailing.letters import address_of, letter
from leadflow.engine.mailing.messages import REPORTED, Message
from leadflow.engine.mailing.vetoing import Veto, held
from leadflow.engine.planning.rulebook import Rulebook
from leadflow.errors import (
    AdapterError,
    AdapterUnavailableError,
    AuthenticationError,
    ConflictError,
    FateUnknownError,
    LeadflowError,
    RejectedError,
    TransientError,
)
from leadflow.model.commands import ReportMail
from leadflow.model.time import HOUR_US, MINUTE_US, SECOND_US
from leadflow.model.values import NOTHING
from leadflow.ports.mail import Mailer
from leadflow.ports.store import ChangeSet, Scan, Snapshot, Store

_BATCH = 200
_RETRY_US = (5 * MINUTE_US, HOUR_US, 6 * HOUR_US)
_LEASE_US = 10 * MINUTE_US


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
    now_us: int,
    limit: int | None,
    vetoes: Mapping[str, Veto] = NOTHING,
    report: Callable[[ReportMail], Any] = lambda command: None,
) -> Delivered:
    """Hand over what is due, if every veto lets it; `report` is told of addresses that were refused.

    Errors: AuthenticationError and AdapterUnavailableError, when nothing can leave; everything waits then.
    """
    done = Delivered()
    _settle_claimed(store, mailer, now_us, done)
    while limit is None or done.total < limit:
        view = Reading(store, rulebook)
        size = _BATCH if limit is None else min(_BATCH, limit - done.total)
        found = _claim(store, view, now_us, size)
        if not found:
            return done
        claimed = [each for each in found if each.state == "claimed"]
        done.suppressed += len(found) - len(claimed)
        for index, message in enumerate(claimed):
            try:
                refusals: list[RejectedError] = []
                settled = _hand_over(message, view, mailer, sender, now_us, done, vetoes, refusals)
            except (AuthenticationError, AdapterUnavailableError):
                _give_back(store, claimed[index:], now_us)
                raise
            except BaseException:
                # This one may have left: it stays claimed, and its mailer is asked when the lease is over.
                _give_back(store, claimed[index + 1 :], now_us)
                raise
            _put(store, settled)
            for refusal in refusals:
                # Where this cannot be kept now, the address is refused again next time.
                with suppress(LeadflowError):
                    report(_refused(settled, refusal, now_us))
    return done


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


def _give_back(store: Store, messages: Iterable[Message], now_us: int) -> None:
    """Messages that were never tried are planned as before. Where that fails too, their lease ends."""
    for each in messages:
        try:
            _put(store, _back(each, now_us, each.error))
        except LeadflowError:
            return


def _back(message: Message, due_us: int, error: str | None) -> Message:
    """A claimed message that was not tried, planned again."""
    return evolve(
        message,
        state="planned",
        attempts=message.attempts - 1,
        due_us=due_us,
        error=error,
        version=message.version + 1,
    )


def _claim(store: Store, view: Reading, now_us: int, size: int) -> list[Message]:
    """Take due messages for this process, and suppress those that must not leave; what somebody else took is left to them."""
    query = Scan(
        table="outbox", where=(("due_us", "<=", now_us), ("state", "=", "planned")), order="due_us", limit=size
    )
    due: list[Message] = list(store.scan(query))
    if not due:
        return []
    view.require([("user", each.recipient) for each in due])
    where = {each.id: address_id(address) for each in due if (address := address_of(each, view)) is not None}
    known = store.load({("address", id_) for id_ in where.values()})
    found = []
    for each in due:
        id_ = where.get(each.id)
        why = None if id_ is None else why_not(known.rows["address", id_], now_us)
        if why is not None:
            found.append(evolve(_settled(each, "suppressed", now_us, why), address=id_))
        else:
            attempts, due_us = each.attempts + 1, now_us + _LEASE_US
            found.append(
                evolve(each, state="claimed", attempts=attempts, due_us=due_us, address=id_, version=each.version + 1)
            )
    before = Snapshot({**{("outbox", each.id): each for each in due}, **known.rows})
    try:
        store.commit(ChangeSet(before, {("outbox", each.id): each for each in found}))
    except ConflictError:
        return _claim(store, view, now_us, max(1, size // 2)) if size > 1 else []
    return found


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
        return _settled(message, "refused", now_us, "cannot be written as mail")
    if mail is None:
        done.refused += 1
        return _settled(message, "refused", now_us, "the recipient has no address")
    kept = held(vetoes, message, mail, now_us)
    if kept is not None:
        done.held += 1
        return _back(message, now_us + kept.wait_us, kept.why)
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
        if isinstance(error, RejectedError) and error.bounce is not None:
            refusals.append(error)
        done.refused += 1
        return _settled(message, "refused", now_us, _told(error))
    done.handed_over += 1
    return _settled(message, "handed_over", now_us, None)


def _settle_claimed(store: Store, mailer: Mailer, now_us: int, done: Delivered) -> None:
    """What a crashed delivery left behind, once its lease is over."""
    query = Scan(table="outbox", where=(("due_us", "<=", now_us), ("state", "=", "claimed")), order="due_us")
    for message in list(store.scan(query)):
        was_sent = mailer.was_sent(message.id)
        if was_sent:
            done.handed_over += 1
            _put(store, _settled(message, "handed_over", now_us, None))
        elif was_sent is None:
            done.unknown += 1
            _put(store, _settled(message, "unknown", now_us, "lost between claim and hand-over"))
        else:
            _put(store, evolve(message, state="planned", due_us=now_us, version=message.version + 1))


def _told(error: AdapterError) -> str:
    """A code and the adapter's words, which hold no personal data."""
    return f"{error.code}: {error.message}"[:200]


def _settled(message: Message, state: str, now_us: int, error: str | None) -> Message:
    return evolve(message, state=state, due_us=None, settled_us=now_us, error=error, version=message.version + 1)


def _put(store: Store, message: Message) -> None:
    """What became of a message that this process had; where a report of it was faster, that stands."""
    key = ("outbox", message.id)
    while True:
        before = store.load([key])
        held = before.rows[key]
        if held is None or held.state in REPORTED:
            return
        try:
            store.commit(ChangeSet(before, {key: evolve(message, version=held.version + 1)}))
        except ConflictError:
            continue
        return
