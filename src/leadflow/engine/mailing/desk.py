"""The desk of one delivery: messages come in shares, are taken in hand one at a time, and are settled.

Taking the next message and settling the last are one commit, so that a worker that is killed leaves one message in doubt
and no more. Where the store has claims a share is nobody else's while its lease lasts; elsewhere two who take the same
message find out by its version. A lease that ran out costs nothing: taking a message is refused then.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Final

from attrs import evolve

from leadflow.engine.mailing.outbox import Message
from leadflow.errors import ConflictError, LeadflowError
from leadflow.model.time import MINUTE_US
from leadflow.ports.store import ChangeSet, Claimed, Claiming, Scan, Snapshot, Store

log = logging.getLogger("leadflow")

_SHARE: Final = 50
_LISTED: Final = 200
_SHARE_US: Final = MINUTE_US
_TRIES: Final = 10


class Desk:
    """What one delivery has before it. `lease_us`: how long it may have one message in hand."""

    def __init__(self, store: Store, now: Callable[[], int], lease_us: int) -> None:
        self._store = store
        self._now = now
        self._lease_us = lease_us
        self._share = Claimed()
        self._last: tuple[Message, Message] | None = None

    def share(self, limit: int | None) -> list[Message]:
        """The next messages that are due: planned ones, and claimed ones whose lease is over."""
        now_us, store = self._now(), self._store
        query = Scan(table="outbox", where=(("due_us", "<=", now_us),), order="due_us")
        if isinstance(store, Claiming):
            size = _SHARE if limit is None else min(_SHARE, limit)
            self._share = store.claim([query], size, min(_SHARE_US, self._lease_us))
        else:
            size = _LISTED if limit is None else min(_LISTED, limit)
            self._share = Claimed(tuple(store.scan(evolve(query, limit=size))))
        return [row for row in self._share.rows if row.due_us is not None and row.due_us <= now_us]

    def take(self, message: Message) -> Message | None:
        """Take a message in hand, and settle the one before; None when somebody else has taken it."""
        claimed = evolve(
            message,
            state="claimed",
            attempts=message.attempts + 1,
            due_us=self._now() + self._lease_us,
            version=message.version + 1,
        )
        last, self._last = self._last, None
        try:
            self._commit(((message, claimed),) if last is None else (last, (message, claimed)), message)
        except ConflictError:
            if last is None:
                return None
            self._settle(*last)
            return claimed if self._is_committed(message, claimed) else None
        except BaseException:
            self._last = last
            raise
        return claimed

    def settle_later(self, claimed: Message, settled: Message) -> None:
        """What became of the message in hand: written with the next one, or when the desk is cleared."""
        self._last = claimed, settled

    def resolve(self, message: Message, settled: Message) -> bool:
        """Settle a message that nobody has in hand any more; whether nobody else was faster."""
        return self._is_committed(message, settled)

    def give_back(self, message: Message) -> None:
        """A message that was not tried is planned as before. Where that fails too, its lease ends."""
        planned = evolve(
            message, state="planned", attempts=message.attempts - 1, due_us=self._now(), version=message.version + 1
        )
        with suppress(LeadflowError):
            self._commit(((message, planned),))

    def clear(self) -> None:
        """Settle the last, and give the rest of the share back."""
        last, self._last = self._last, None
        share, self._share = self._share, Claimed()
        try:
            if last is not None:
                self._settle(*last)
        finally:
            if share.tokens and isinstance(self._store, Claiming):
                with suppress(LeadflowError):  # else their lease ends
                    self._store.release(share.tokens)

    def _settle(self, claimed: Message, settled: Message) -> None:
        for _ in range(_TRIES):
            with suppress(ConflictError):
                self._commit(((claimed, settled),))
                return
            found = self._store.load([("outbox", claimed.id)]).rows["outbox", claimed.id]
            if found != claimed:
                break
        else:
            raise ConflictError("a message could not be settled", details={"tables": ("outbox",)})
        # We were too slow, and somebody else has given it up; but we know what became of it.
        if found is not None and found.state == "unknown" and settled.state in ("handed_over", "refused"):
            with suppress(ConflictError):
                self._commit(((found, evolve(settled, version=found.version + 1)),))
                return
        log.warning("a message was settled too late: its lease was over")

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
        tokens = self._share.tokens
        key = ("outbox", "" if claimed is None else claimed.id)
        ends = {key: tokens[key]} if key in tokens else {}
        self._store.commit(ChangeSet(read, {("outbox", after.id): after for _, after in moves}, claims=ends))
        tokens.pop(key, None)
