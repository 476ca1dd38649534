"""Complaints: feedback reports by RFC 5965, and the older form of one large provider. Pure."""

from __future__ import annotations

from email.message import Message
from typing import Final

from attrs import frozen

from leadflow_adapters.imap.parts import blocks, header, ids_in, ids_in_text, inner, kind_of, text_of

_COMPLAINTS: Final = ("abuse", "fraud", "miscategorized")
_WITHDRAWALS: Final = ("opt-out", "opt-out-list")
_RETURNED: Final = ("message/rfc822", "message/global", "text/rfc822-headers", "text/rfc822-header")
_OLD_SENDER: Final = "staff@hotmail.com"
_OLD_SUBJECT: Final = "complaint about message from"


@frozen
class Feedback:
    """What a feedback report is: `kind` is complained, unsubscribed or other."""

    kind: str
    messages: tuple[str, ...]


def read_feedback(message: Message, found: list[Message]) -> Feedback | None:
    """What a feedback report says of which messages; None when it is none.

    A report of type `not-spam`, `auth-failure`, `virus` or `other` is no complaint of the person's.
    """
    reports = [part for part in found if kind_of(part) == "message/feedback-report"]
    if not reports:
        is_old = _OLD_SENDER in header(message, "from").lower()
        if not is_old or not header(message, "subject").lower().startswith(_OLD_SUBJECT):
            return None
    types = [header(block, "feedback-type").lower() for part in reports for block in blocks(part)]
    types = [each for each in types if each]
    ids: list[str] = []
    for part in found:
        if kind_of(part) in _RETURNED:
            held = inner(part)
            if held:
                ids += ids_in(header(held[0], "message-id"))
            else:
                ids += ids_in_text(text_of(part))
    for part in reports:
        for block in blocks(part):
            ids += ids_in(header(block, "original-message-id"))
    messages = tuple(dict.fromkeys(ids))
    if not reports or any(each in _COMPLAINTS for each in types):
        return Feedback("complained", messages)
    return Feedback("unsubscribed" if any(each in _WITHDRAWALS for each in types) else "other", messages)
