"""The mailbox: what came in since a place, page by page, whatever the messages and the server do."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from typing import Final, TypeVar

from leadflow.errors import TransientError
from leadflow.ports.mail import Page, Returned
from leadflow_adapters.imap.classify import classify, key_of
from leadflow_adapters.imap.lines import Fetched
from leadflow_adapters.imap.link import Link
from leadflow_adapters.imap.settings import ImapSettings

T = TypeVar("T")

_ATTEMPTS: Final = 2
_MOST_STUCK: Final = 3


class ImapMailbox:
    """Reads over IMAP. One thread at a time; what it holds of a server is one connection.

    A place is UIDVALIDITY and UID. Where the server has numbered its messages anew, everything is read again.
    """

    def __init__(self, settings: ImapSettings) -> None:
        self.settings = settings
        self._link = Link(settings)
        self._pid = os.getpid()
        self._page: dict[str, list[int]] = {}

    @property
    def name(self) -> str:
        """What the mailbox is remembered by."""
        return self.settings.name

    def read(self, after: str | None) -> Iterator[Page]:
        """What came in since a place, page by page.

        Errors: TransientError once the link has broken several times in a row, AuthenticationError, RejectedError.
        """
        self._connected()
        validity = self._link.validity
        since = _place(after, validity)
        uids = self._again(lambda link: link.uids(since), validity)
        total = len(uids)
        for start in range(0, total, self.settings.page):
            chunk = uids[start : start + self.settings.page]
            returned = self._returned(chunk, validity)
            yield Page(f"{validity}:{chunk[-1]}", tuple(returned), total)

    def settle(self, keys: Collection[str]) -> None:
        """Delete these messages of the last page, if the URL says delete=yes. Errors: TransientError."""
        uids = sorted(uid for key in keys for uid in self._page.get(key, ()))
        if self.settings.deletes and uids:
            validity = self._link.validity
            self._again(lambda link: link.delete(uids), validity)

    def close(self) -> None:
        """End the connection."""
        if os.getpid() == self._pid:
            self._link.quit()

    # -- one page -----------------------------------------------------------------------------------------

    def _returned(self, uids: Sequence[int], validity: int) -> list[Returned]:
        self._page = {}
        told: list[Returned] = []
        for uid, fetched in self._fetched(uids, validity):
            if fetched is None:
                told.append(Returned(key=f"mail-{validity}-{uid}", kind="other", fault="unreadable"))
                continue
            verdict, key = classify(fetched.content), key_of(fetched.content)
            self._page.setdefault(key, []).append(uid)
            is_lost = fetched.size > len(fetched.content) and not verdict.messages
            told.append(
                Returned(
                    key=key,
                    kind=verdict.kind,
                    messages=verdict.messages,
                    bounce=verdict.bounce,
                    status=verdict.status,
                    recipients=verdict.recipients,
                    at_us=fetched.at_us,
                    fault="too_large" if is_lost and verdict.kind not in ("automatic", "other") else "",
                )
            )
        return told

    def _fetched(self, uids: Sequence[int], validity: int) -> list[tuple[int, Fetched | None]]:
        """All at once; what is lacking then, one by one, so that a message that breaks the link is known alone."""
        found: dict[int, Fetched | None] = {}
        try:
            found.update((each.uid, each) for each in self._again(partial(Link.fetch, uids=uids), validity))
            lacking = [uid for uid in uids if uid not in found]
            if lacking:
                lacking = self._again(partial(Link.present, uids=lacking), validity)
        except _StuckError:
            lacking = [uid for uid in uids if uid not in found]
        stuck = 0
        for uid in lacking:
            found[uid] = None
            try:
                for each in self._again(partial(Link.fetch, uids=[uid]), validity, 1):
                    found[uid] = each
            except _StuckError:
                stuck += 1
                if stuck > _MOST_STUCK:
                    raise
        return [(uid, found[uid]) for uid in uids if uid in found]

    # -- the connection -----------------------------------------------------------------------------------

    def _connected(self) -> Link:
        if os.getpid() != self._pid:
            # After a fork: the parent's connection is the parent's.
            self._link, self._pid = Link(self.settings), os.getpid()
        if not self._link.is_open:
            self._link.open()
        return self._link

    def _again(self, work: Callable[[Link], T], validity: int, attempts: int = _ATTEMPTS) -> T:
        """Do something over a connection, over a new one where it breaks. A server that is away is an error at once."""
        for attempt in range(attempts):
            link = self._connected()
            if link.validity != validity:
                raise TransientError(
                    f"{self.settings.host} has numbered its messages anew",
                    adapter="imap",
                    operation="select",
                    hint="read again",
                )
            try:
                return work(link)
            except TransientError as error:
                link.drop()
                if attempt + 1 == attempts:
                    raise _StuckError(
                        error.message, adapter="imap", operation=error.operation, retry_after=error.retry_after
                    ) from error
        raise AssertionError("attempts is 1 or more")


class _StuckError(TransientError):
    """A link could be made, and broke each time at the same work."""


def _place(text: str | None, validity: int) -> int:
    """The UID after which to read: 0 for a place of other numbers, or none."""
    before, _, uid = (text or "").partition(":")
    return int(uid) if before == str(validity) and uid.isascii() and uid.isdigit() else 0
