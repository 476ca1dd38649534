"""The desk of one delivery: messages come in shares, are taken in hand one at a time, and are settled.

Taking the next message and settling the last are one commit, so that a worker that is killed leaves one message in doubt
and no more. What goes to an address that nothing is sent to is suppressed by the commit that would have claimed it. Where
the store has claims, a share is nobody else's while its lease lasts; elsewhere two who take the same message find out by its
version. A lease that ran out costs nothing: taking a message is refused then.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, Final

from attrs import evolve

from leadflow.engine.answers.reading import Reading
from leadflow.engine.mailing.addresses import address_id, why_not
from leadflow.engine.mailing.letters import address_of
from leadflow.engine.mailing.messages import REPORTED, Message
from leadflow.errors import ConflictError, LeadflowError
from leadflow.model.time import MINUTE_US
from leadflow.ports.store import ChangeSet, Claimed, Claiming, Scan, Snapshot, Store
from leadflow.room import Key

log = logging.getLogger("leadflow")

_SHARE: Final = 50
_LISTED: Final = 200
_SHARE_US: Final = MINUTE_US
_TRIES: Final = 10


def settled(message: Message, state: str, now_us: int, error: str | None) -> Message:
    """A message that is in nobody's hands any more."""
    return evolve(message, state=state, due_us=None, settled_us=now_us, error=error, version=message.version + 1)


def back(message: Message, due_us: int, error: str | None) -> Message:
    """A claimed message that was not tried, planned again."""
    return evolve(
        message,
        state="planned",
        attempts=message.attempts - 1,
        due_us=due_us,
        error=error,
        version=message.version + 1,
    )


class Desk:
    """What one delivery has before it. `lease_us`: how long it may have one message in hand."""

    def __init__(self, store: Store, now: Callable[[], int], lease_us: int) -> None:
        self._store = store
        self._now = now
        self._lease_us = lease_us
        self._share = Claimed()
        self._last: tuple[Message, Message] | None = None
        self._where: dict[str, str] = {}
        self._known: dict[Key, Any] = {}

    def share(self, view: Reading, limit: int | None) -> list[Message]:
        """The next messages that are due: planned ones, and claimed ones whose lease is over."""
        now_us, store = self._now(), self._store
        query = Scan(table="outbox", where=(("due_us", "<=", now_us),), order="due_us")
        if isinstance(store, Claiming):
            size = _SHARE if limit is None else min(_SHARE, limit)
            self._share = store.claim([query], size, min(_SHARE_US, self._lease_us))
        else:
            size = _LISTED if limit is None else min(_LISTED, limit)
            self._share = Claimed(tuple(store.scan(evolve(query, limit=size))))
        due = [row for row in self._share.rows if row.due_us is not None and row.due_us <= now_us]
        planned = [each for each in due if each.state == "planned"]
        view.require([("user", each.recipient) for each in planned])
        found = {each.id: address_of(each, view) for each in planned}
        self._where = {id_: address_id(address) for id_, address in found.items() if address is not None}
        self._known = dict(store.load({("address", id_) for id_ in self._where.values()}).rows) if self._where else {}
        return due

    def take(self, message: Message) -> Message | None:
        """Take a message in hand, and settle the one before; None when somebody else has taken it.

        One whose address nothing is sent to is suppressed instead.
        """
        for _ in range(_TRIES):
            taken = self._decided(message)
            last, self._last = self._last, None
            try:
                self._commit(((message, taken),) if last is None else (last, (message, taken)), message)
            except ConflictError:
                if last is not None:
                    self.settle(*last)
                if not self._is_still(message):
                    return None
            except BaseException:
                self._last = last
                raise
            else:
                return taken
        return None

    def _decided(self, message: Message) -> Message:
        """Claimed for us, or suppressed for its address."""
        now_us, id_ = self._now(), self._where.get(message.id)
        why = None if id_ is None else why_not(self._known["address", id_], now_us)
        if why is not None:
            return evolve(settled(message, "suppressed", now_us, why), address=id_)
        attempts, due_us = message.attempts + 1, now_us + self._lease_us
        return evolve(
            message, state="claimed", attempts=attempts, due_us=due_us, address=id_, version=message.version + 1
        )

    def _is_still(self, message: Message) -> bool:
        """Whether nobody else has the message; what is known of its address is read again."""
        id_ = self._where.get(message.id)
        keys = [("outbox", message.id), *([] if id_ is None else [("address", id_)])]
        rows = self._store.load(keys).rows
        found = rows.pop(("outbox", message.id))
        self._known.update(rows)
        return bool(found == message)

    def settle_later(self, claimed: Message, became: Message) -> None:
        """What became of the message in hand: written with the next one, or when the desk is cleared."""
        self._last = claimed, became

    def resolve(self, message: Message, became: Message) -> bool:
        """Settle a message that nobody has in hand any more; whether nobody else was faster."""
        return self._is_committed(message, became)

    def give_back(self, message: Message) -> None:
        """A message that was not tried is planned as before. Where that fails too, its lease ends."""
        with suppress(LeadflowError):
            self._commit(((message, back(message, self._now(), message.error)),))

    def clear(self) -> None:
        """Settle the last, and give the rest of the share back."""
        last, self._last = self._last, None
        share, self._share = self._share, Claimed()
        try:
            if last is not None:
                self.settle(*last)
        finally:
            if share.tokens and isinstance(self._store, Claiming):
                with suppress(LeadflowError):  # else their lease ends
                    self._store.release(share.tokens)

    def settle(self, claimed: Message, became: Message) -> None:
        """Write down what became of a message.

        Where a report of it was faster, that stands; so does what another decided once our lease was over.
        """
        for _ in range(_TRIES):
            with suppress(ConflictError):
                self._commit(((claimed, became),))
                return
            found = self._store.load([("outbox", claimed.id)]).rows["outbox", claimed.id]
            if found is None or found.state in REPORTED:
                return
            is_ours = found.state == "claimed" and found.attempts == claimed.attempts
            # Somebody else has given it up, but we know what became of it.
            is_known = found.state == "unknown" and became.state in ("handed_over", "refused")
            if not is_ours and not is_known:
                log.warning("a message was settled too late: its lease was over")
                return
            claimed, became = found, evolve(became, version=found.version + 1)
        raise ConflictError("a message could not be settled", details={"tables": ("outbox",)})

    def _is_committed(self, before: Message, after: Message) -> bool:
        try:
            self._commit(((before, after),), before)
        except ConflictError:
            return False
        return True

    def _commit(self, moves: Iterable[tuple[Message, Message]], claimed: Message | None = None) -> None:
        """Rows from what they were to what they are; the claim of one of them ends."""
        moves = list(moves)
        read = Snapshot({("outbox", before.id): before for before, _ in moves})
        if claimed is not None and claimed.id in self._where:
            place = ("address", self._where[claimed.id])
            read.rows[place] = self._known[place]
        tokens = self._share.tokens
        key = ("outbox", "" if claimed is None else claimed.id)
        ends = {key: tokens[key]} if key in tokens else {}
        self._store.commit(ChangeSet(read, {("outbox", after.id): after for _, after in moves}, claims=ends))
        tokens.pop(key, None)
