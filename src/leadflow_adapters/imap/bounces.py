"""Delivery reports: by RFC 3464, and by what servers write that do not keep to it. Pure."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from email import message_from_bytes
from email.message import Message
from typing import Final

from attrs import frozen
from flufl.bounce import all_failures

from leadflow_adapters.imap.parts import (
    blocks,
    header,
    ids_in,
    ids_in_text,
    inner,
    kind_of,
    parameter,
    subject_of,
    text_of,
)
from leadflow_adapters.reasons import bounce_of, codes_in

FAILED, DELAYED, DELIVERED = "failed", "delayed", "delivered"
_ACTIONS: Final = {
    "failed": FAILED, "failure": FAILED, "fail": FAILED, "delayed": DELAYED,
    "delivered": DELIVERED, "relayed": DELIVERED, "expanded": DELIVERED,
}  # fmt: skip
_RETURNED: Final = (
    "message/rfc822",
    "message/global",
    "text/rfc822-headers",
    "text/rfc822-header",
    "message/global-headers",
)
_DAEMONS: Final = (
    "mailer-daemon", "mailerdaemon", "mail-daemon", "mail_daemon", "mail delivery", "microsoftexchange", "maildelivery",
)  # fmt: skip
_SENDERS: Final = ("postmaster", "mdaemon", "administrator", "complaints-noreply")
_SUBJECTS: Final = (
    "undeliver", "delivery status notification", "delivery failure", "delivery failed", "delivery has failed",
    "delivery report", "delivery error", "delivery problem", "failure notice", "failed delivery", "mail delivery",
    "returned mail", "returned to sender", "return to sender", "non-delivery", "nondeliverable", "non delivery",
    "could not be delivered", "mail failure", "mail failed", "mail error",
    "mail not delivered", "mail system error", "failed mail", "processing error", "message status - undeliverable",
    "warning: could not send", "warning: message", "delayed mail", "delayed:", "unzustellbar", "nicht zustellbar",
    "zustellung fehlgeschlagen",
    "non remis", "échec de la remise", "no se puede entregar", "no entregado", "non recapitabile", "onbestelbaar",
    "ikke leveret", "kan niet worden bezorgd", "olevererbart", "niedostarcz", "não entregue", "не доставлено",
)  # fmt: skip
_DELAYS: Final = ("delay", "warning", "not yet been delivered", "has not been delivered yet", "still being retried")
_ORIGINAL: Final = re.compile(
    r"^[- >*]{0,20}(?:this is a copy of|below this line is a copy|original message|the following is a copy|"
    r"a copy of the message|transcript of message follows|message header follows|unsent message|returned message|"
    r"original message (?:follows|headers)|return-path:)",
    re.IGNORECASE | re.MULTILINE,
)
_MOST_TEXT: Final = 32 * 1024
_MOST_RECIPIENTS: Final = 50

logging.getLogger("flufl.bounce").disabled = True  # it quotes what it cannot read, addresses and all


@frozen
class Bounce:
    """What a delivery report says: `action` is failed, delayed or delivered; `bounce` its kind, `status` its code.

    `recipients` are the addresses that it names as having failed.
    """

    action: str
    bounce: str
    status: str
    messages: tuple[str, ...]
    recipients: tuple[str, ...] = ()


def read_bounce(message: Message, found: list[Message], content: bytes) -> Bounce | None:
    """What a delivery report says of which messages; None when it is none. `found` are the parts of the message."""
    statuses = [
        part for part in found if kind_of(part) in ("message/delivery-status", "message/global-delivery-status")
    ]
    for part in statuses:
        told = _by_status(part, found, message)
        if told is not None:
            return told
    if statuses or looks_like_bounce(message):
        return _by_words(message, found, content)
    if subject_of(message).startswith(_SUBJECTS) and any(_by_library(content)):
        return _by_words(message, found, content)
    return None


def looks_like_bounce(message: Message) -> bool:
    """Whether a message has the manner of a delivery report, whatever its form."""
    if header(message, "x-failed-recipients"):
        return True
    if kind_of(message) == "multipart/report" and parameter(message, "report-type") == "delivery-status":
        return True
    sender, subject = header(message, "from").lower(), subject_of(message)
    if any(name in sender for name in _DAEMONS):
        return True
    is_null = header(message, "return-path") == "<>"
    is_sender = any(name in sender for name in _SENDERS)
    is_titled = any(word in subject for word in _SUBJECTS)
    return (is_null and is_sender) or ((is_null or is_sender) and is_titled)


# -- RFC 3464 -----------------------------------------------------------------------------------------------


def _by_status(part: Message, found: list[Message], message: Message) -> Bounce | None:
    """The worst that is said of any recipient: our messages have one."""
    worst: tuple[int, str, str, str] | None = None
    named: list[tuple[int, str]] = []
    ids: list[str] = []
    for fields in blocks(part):
        ids += ids_in(header(fields, "x-original-message-id"))
        action = _ACTIONS.get(header(fields, "action").lower().partition(" ")[0].strip(";."))
        status, _ = codes_in(header(fields, "status"))
        if action is None and not status and not header(fields, "final-recipient"):
            continue
        if header(fields, "status").startswith("2.") and action is None:
            action = DELIVERED
        told = header(fields, "diagnostic-code") or header(fields, "x-diagnostic-code")
        more, _ = codes_in(told)
        if more and (not status or status.endswith(".0.0") or (status.endswith(".0") and not more.endswith(".0"))):
            status = more
        if action is None:
            action = DELAYED if status.startswith("4") else FAILED
        rank = (FAILED, DELAYED, DELIVERED).index(action)
        named += [(rank, header(fields, name)) for name in ("final-recipient", "original-recipient")]
        if worst is None or rank < worst[0]:
            worst = (rank, action, status, told)
    if worst is None:
        return None
    lowest, action, status, told = worst
    words = told if len(told) > 20 else f"{told} {_words(found)}"
    bounce = "" if action == DELIVERED else bounce_of(status, words, is_final=action == FAILED)
    return Bounce(action, bounce, "" if action == DELIVERED else status, _returned(message, found, ids),
                  _addresses(text for rank, text in named if rank == lowest))  # fmt: skip


# -- everything else ----------------------------------------------------------------------------------------


def _by_words(message: Message, found: list[Message], content: bytes) -> Bounce | None:
    words = _words(found)
    status, plain = codes_in(words)
    temporary, permanent = _by_library(content)
    subject = subject_of(message)
    is_delay = any(word in subject for word in _DELAYS) or (
        not permanent and any(word in words[:2000].lower() for word in _DELAYS[2:])
    )
    ids = _returned(message, found, [])
    if not (temporary or permanent or status or plain or ids or header(message, "x-failed-recipients")):
        return None
    is_temporary = bool(temporary) and not permanent and not (status or plain).startswith("5")
    recipients = _addresses(
        [
            header(message, "x-failed-recipients"),
            *(each.decode("utf-8", "replace") for each in (*permanent, *temporary)),
        ]
    )
    if is_delay or is_temporary:
        return Bounce(DELAYED, bounce_of(status, words, is_final=False), status, ids, recipients)
    if not status and plain.startswith("4"):
        status = "4.0.0"
    return Bounce(FAILED, bounce_of(status, words), status, ids, recipients)


def _addresses(texts: Iterable[str]) -> tuple[str, ...]:
    """The addresses in fields such as `rfc822; bo@x.example`, or in a list of them."""
    found = [part.partition(";")[2] or part for text in texts for part in text[:_MOST_TEXT].split(",")]
    return tuple(dict.fromkeys(each for part in found if "@" in (each := part.strip(" <>\t")[:320])))[:_MOST_RECIPIENTS]


def _by_library(content: bytes) -> tuple[frozenset[bytes], frozenset[bytes]]:
    """(temporary, permanent) failures by the library's detectors; it fails on some messages, which then tell it nothing."""
    try:
        temporary, permanent = all_failures(message_from_bytes(content[:_MOST_TEXT]))
    except Exception:  # whatever it fails with, the message is none that it knows
        return frozenset(), frozenset()
    return frozenset(temporary), frozenset(permanent)


def _words(found: Iterable[Message]) -> str:
    """What the report says in its own words, up to where it quotes the message."""
    told: list[str] = []
    size = 0
    for part in found:
        kind = kind_of(part)
        if kind in _RETURNED and told:
            break
        if kind in ("text/plain", "text/html") and not part.is_multipart() and size < _MOST_TEXT:
            text = text_of(part)[:_MOST_TEXT]
            if kind == "text/html":
                text = re.sub(r"<[^<>]{0,500}>", " ", text)
            quoted = _ORIGINAL.search(text)
            told.append(text if quoted is None else text[: quoted.start()])
            size += len(told[-1])
    return "\n".join(told)


def _returned(message: Message, found: list[Message], ids: list[str]) -> tuple[str, ...]:
    """The Message-IDs of what was returned: in its header, or in a quoted text; else what the report says it answers."""
    told = ids + ids_in(header(message, "x-original-message-id"))
    for place, part in enumerate(found):
        kind = kind_of(part)
        if kind in ("text/rfc822-headers", "text/rfc822-header", "message/global-headers"):
            told += ids_in_text(text_of(part))
        elif kind in ("message/rfc822", "message/global"):
            held = inner(part)
            if held:
                told += ids_in(header(held[0], "message-id"))
            else:
                told += ids_in_text(text_of(part))
        elif (place and kind == "text/plain") or not message.is_multipart():
            told += ids_in_text(text_of(part))
    if not told:
        told += ids_in(header(message, "in-reply-to")) or ids_in(header(message, "references"))[-1:]
    return tuple(dict.fromkeys(told))
