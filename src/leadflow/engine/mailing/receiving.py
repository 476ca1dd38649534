"""Receiving: what comes back to a mailbox is matched to what left, and reported.

Only what is about a message of the outbox counts, and only for the address that this message went to: whoever writes to the
mailbox of his own accord cannot have anybody else's address stopped. Each page of the mailbox is taken in before its place
is remembered; a page that is read twice changes nothing, because every message has its key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from attrs import define, field

from leadflow.engine.mailing.addresses import address_id
from leadflow.engine.mailing.messages import LEFT, Message
from leadflow.engine.upkeep.settings import remember
from leadflow.model.commands import ReportMail
from leadflow.ports.mail import Mailbox, Page, Returned, mark_in

if TYPE_CHECKING:
    from leadflow.engine.flow import Flow
    from leadflow.plugins import Plugins

_REPORTED = ("bounced", "delayed", "delivered", "complained", "unsubscribed", "replied")
_MOST_FAULTS = 100


@define
class MailRead:
    """What was read: messages by kind, how many reports were taken in, repeated or refused, and how many were not ours.

    `faults` are (message, what was wrong with it); such a message does not keep the others from being read.
    """

    kinds: dict[str, int] = field(factory=dict)
    reported: int = 0
    repeated: int = 0
    refused: int = 0
    not_ours: int = 0
    faults: list[tuple[str, str]] = field(factory=list)

    @property
    def total(self) -> int:
        """How many messages were read."""
        return sum(self.kinds.values())


def read_mail(
    flow: Flow, mailbox: Mailbox, *, dry_run: bool, again: bool, progress: Callable[[int, int], None] | None
) -> MailRead:
    """Read what came in since last time. Errors: those of the mailbox; what was read before them is taken in."""
    done, place = MailRead(), f"mailbox:{mailbox.name}"
    held = flow.store.load([("setting", place)]).rows["setting", place]
    after = None if held is None or again else str(held.content["place"])
    total = 0
    for page in mailbox.read(after):
        total = total or page.total
        reports = _reports(flow, page, done)
        if dry_run:
            done.reported += len(reports)
        else:
            taken = flow.ingest(reports).counts
            done.reported += taken.get("accepted", 0)
            done.repeated += taken.get("repeated", 0)
            done.refused += sum(taken.get(status, 0) for status in ("refused", "conflict", "failed", "invalid"))
            remember(flow.store, place, {"place": page.place})
            mailbox.settle({report.key.partition(":")[0] for report in reports})
        if progress is not None:
            progress(done.total, max(total, done.total))
    return done


def _reports(flow: Flow, page: Page, done: MailRead) -> list[ReportMail]:
    """What a page says of messages of ours."""
    meant = {id_: mark_in(id_) for each in page.returned if each.kind in _REPORTED for id_ in each.messages}
    found = flow.store.load({("outbox.mark", mark) for mark in meant.values()}).rows if meant else {}
    ours: dict[str, Message] = {}
    for id_, mark in meant.items():
        left = [row for row in found["outbox.mark", mark] if row.state in LEFT]
        if left:
            ours[id_] = left[0]
    reports: list[ReportMail] = []
    for each in page.returned:
        done.kinds[each.kind] = done.kinds.get(each.kind, 0) + 1
        if each.fault and len(done.faults) < _MOST_FAULTS:
            done.faults.append((each.key, each.fault))
        if each.kind in _REPORTED:
            made = list(_reports_of(each, ours, flow.now()))
            done.not_ours += not made
            reports += made
    return reports


def _reports_of(returned: Returned, ours: Mapping[str, Message], now_us: int) -> Iterator[ReportMail]:
    """One report for each message of ours that is meant; an answer answers one."""
    messages = {message.id: message for id_ in returned.messages if (message := ours.get(id_)) is not None}
    for message in list(messages.values())[: 1 if returned.kind == "replied" else None]:
        has_bounce = returned.kind in ("bounced", "delayed")
        yield ReportMail(
            key=f"{returned.key}:{message.mark}",
            at_us=now_us if returned.at_us is None else returned.at_us,
            kind=f"email.{returned.kind}",
            message=message.id,
            address=message.address,
            contact=message.recipient if message.recipient.startswith("c_") else None,
            lead=message.subject if message.subject.startswith("l_") else None,
            bounce=_bounce(returned, message) if has_bounce else None,
            status=returned.status or None,
        )


def _bounce(returned: Returned, message: Message) -> str:
    """The kind of a bounce. What failed behind the address that we wrote to, where mail was passed on, is not its end."""
    ids = {address_id(each) for each in returned.recipients if "@" in each}
    is_behind = bool(ids) and message.address is not None and message.address not in ids
    return "soft" if is_behind and returned.bounce == "hard" else returned.bounce


@contextmanager
def mailbox_for(source: str | Mailbox, *, plugins: Plugins | None = None, **options: Any) -> Iterator[Mailbox]:
    """The mailbox that is meant; one that was made here is closed afterwards.

    Errors: InvalidInputError for a scheme that nobody registers, or a URL that is wrong or names no mailbox.
    """
    if not isinstance(source, str):
        yield source
        return
    if plugins is None:
        from leadflow.plugins import load

        plugins = load()
    scheme = source.partition(":")[0]
    mailbox = plugins.find("mailboxes", scheme).make(source, **options)
    try:
        yield mailbox
    finally:
        close: Callable[[], None] = getattr(mailbox, "close", lambda: None)
        close()
