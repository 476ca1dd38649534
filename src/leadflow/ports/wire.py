"""A message as it leaves: refused when it is not what it seems, else in the form of RFC 5322.

A mailer calls `wire` for the bytes and `envelope` for addresses. What somebody typed must not become a header, a second
recipient or a second message: control characters are refused, not taken out.
"""

from __future__ import annotations

import re
from copy import deepcopy
from datetime import datetime
from email import message_from_bytes, policy
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage, Message
from email.utils import getaddresses
from typing import Any, Final, NoReturn

from leadflow.errors import RejectedError, UnsupportedCapabilityError
from leadflow.ports.mail import Mail, message_id

LONGEST_LINE: Final = 998
"""Octets in a line, without its end (RFC 5322)."""

_LONGEST_ADDRESS: Final = 254
_LONGEST_LOCAL: Final = 64
_FOLD: Final = re.compile(r"\r?\n(?=[ \t])")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_NAME: Final = re.compile(r"[!-9;-~]+")
_LOCAL: Final = re.compile(r"""[^\s<>()\[\],;:"@\\]+|"(?:[^"\\]|\\.)*\"""")
_DOMAIN: Final = re.compile(r"[^\s<>()\[\],;:\"@\\]+|\[[0-9A-Fa-f:.]+\]|\[IPv6:[0-9A-Fa-f:.]+\]")
_LINE_END: Final = re.compile(rb"\r\n|\r|\n")
_ADDRESSES: Final = ("from", "sender", "reply-to", "to", "cc")
_ONCE: Final = ("from", "sender", "reply-to", "to", "cc", "date", "subject", "message-id", "in-reply-to", "references")
_BLIND: Final = ("bcc", "resent-bcc")


def envelope(address: str, *, smtputf8: bool = False) -> str:
    """An address as a server is told it: the part before the @ byte for byte, the domain in ASCII (UTS 46).

    Errors: RejectedError for what is no address; UnsupportedCapabilityError for a part before the @ that is not ASCII, unless
    `smtputf8`.

    >>> envelope("Ana+demo@acme.example")
    'Ana+demo@acme.example'
    """
    local, _, domain = address.rpartition("@")
    if _CONTROL.search(address):
        _refuse("the address has a control character")
    if not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(domain):
        _refuse("the address is not of the form name@domain")
    domain = _ascii_domain(domain, smtputf8)
    if not local.isascii() and not smtputf8:
        raise UnsupportedCapabilityError(
            "the address is not ASCII before the @",
            operation="send",
            hint="this way takes no such addresses (SMTPUTF8)",
        )
    told = f"{local}@{domain}"
    if len(local.encode()) > _LONGEST_LOCAL or len(told.encode()) > _LONGEST_ADDRESS:
        _refuse("the address is too long")
    return told


def wire(mail: Mail, *, smtputf8: bool = False, date: datetime | None = None) -> bytes:
    """The bytes of a message: CRLF, no line over 998 octets, body in 7 bits, a Message-ID, no Bcc.

    The message itself is left as it is. `smtputf8` lets addresses be written as they are; only then may headers hold UTF-8.
    `date` is for a message that has none.
    Dots at the start of lines are not doubled: that is part of the transport. Errors: RejectedError for what cannot or must
    not be written; UnsupportedCapabilityError for addresses that need `smtputf8`.

    >>> message = EmailMessage(); message["From"] = "ana@acme.example"; message.set_content("Hello")
    >>> content = wire(Mail(key="1", to="bo@acme.example", message=message))
    >>> content.splitlines()[:2]
    [b'From: ana@acme.example', b'Content-Type: text/plain; charset="utf-8"']
    """
    try:
        return _wire(mail, smtputf8, date)
    except (MessageError, ValueError, LookupError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise RejectedError(
            f"cannot be written as mail ({type(error).__name__})",
            operation="send",
            hint="look at its headers and charset",
        ) from error


def is_international(content: bytes) -> bool:
    """Whether the headers of a message hold UTF-8, so that only a server with SMTPUTF8 takes it."""
    return not content.partition(b"\r\n\r\n")[0].isascii()


def _wire(mail: Mail, smtputf8: bool, date: datetime | None) -> bytes:
    for part in mail.message.walk():
        _check_headers(part)
    message = _modern(mail.message)
    for name in _BLIND:
        del message[name]
    for name in _ADDRESSES:
        _rewrite(message, name, smtputf8)
    if "From" not in message:
        _refuse("there is no From")
    if "Message-ID" not in message:
        message["Message-ID"] = message_id(mail.key, str(message["From"]))
    if "Date" not in message and date is not None:
        message["Date"] = date
    is_utf8 = any(not address.isascii() for name in _ADDRESSES for _, address in _read(message, name))
    form = (policy.SMTPUTF8 if is_utf8 else policy.SMTP).clone(cte_type="7bit")
    content = _lines(message.as_bytes(policy=form))
    if _longest(content) > LONGEST_LINE:
        _wrap(message)
        content = _lines(message.as_bytes(policy=form))
        if _longest(content) > LONGEST_LINE:
            _refuse(f"a line is longer than {LONGEST_LINE} octets and cannot be folded")
    _check_written(message, content)
    return content


def _check_headers(part: Message) -> None:
    seen: set[str] = set()
    for name, value in part.raw_items():
        lower = str(name).lower()
        if not _NAME.fullmatch(str(name)):
            _refuse("a header has no proper name")
        if _CONTROL.search(_FOLD.sub("", str(value))):
            _refuse(f"{lower}: a control character, or the end of a line")
        if lower in _ONCE and lower in seen:
            _refuse(f"{lower}: there twice")
        seen.add(lower)


def _modern(message: Any) -> EmailMessage:
    """A copy under today's policy, whatever it was made with."""
    if isinstance(message, EmailMessage) and isinstance(message.policy, policy.EmailPolicy):
        return deepcopy(message)
    read: Any = message_from_bytes(message.as_bytes(), policy=policy.SMTP)
    assert isinstance(read, EmailMessage)  # noqa: S101 - what this policy makes
    return read


def _read(message: EmailMessage, name: str) -> list[tuple[str, str]]:
    value = message[name]
    if value is None:
        return []
    found = getattr(value, "addresses", None)
    if found is not None:
        return [(each.display_name, each.addr_spec) for each in found]
    return getaddresses([str(value)])


def _rewrite(message: EmailMessage, name: str, smtputf8: bool) -> None:
    """Addresses of a header as a server is told them, where they are not ASCII."""
    found = _read(message, name)
    if all(address.isascii() for _, address in found):
        return
    written = []
    for display, address in found:
        local, _, domain = envelope(address, smtputf8=smtputf8).rpartition("@")
        written.append(Address(display, local, domain))
    message.replace_header(name, written)


def _ascii_domain(domain: str, smtputf8: bool) -> str:
    if domain.isascii():
        return domain
    try:
        import idna
    except ImportError as error:
        if smtputf8:
            return domain  # may be told as it is
        raise UnsupportedCapabilityError(
            "the domain is not ASCII", operation="send", hint='install "leadflow[smtp]" for such domains'
        ) from error
    try:
        return idna.encode(domain, uts46=True, transitional=False).decode("ascii")
    except UnicodeError:
        _refuse("the domain is not a name of the domain system")


def _lines(content: bytes) -> bytes:
    return _LINE_END.sub(b"\r\n", content)


def _longest(content: bytes) -> int:
    return max(map(len, content.split(b"\r\n")))


def _wrap(message: EmailMessage) -> None:
    """Texts whose lines are too long are written in quoted-printable."""
    for part in message.walk():
        if part.get_content_maintype() == "text" and part.get("Content-Transfer-Encoding", "7bit") in ("7bit", "8bit"):
            payload = part.get_payload(decode=True)
            assert isinstance(payload, bytes)  # noqa: S101 - a text has one
            charset = part.get_content_charset() or "utf-8"
            disposition, parameters = part.get("Content-Disposition"), part.get_params() or []
            part.set_content(payload.decode(charset), subtype=part.get_content_subtype(), cte="quoted-printable")
            for name, value in parameters[1:]:
                if name.lower() != "charset":
                    part.set_param(name, value)
            if disposition is not None and "Content-Disposition" not in part:
                part["Content-Disposition"] = disposition


def _check_written(message: EmailMessage, content: bytes) -> None:
    """What is read back has the headers that were meant, and no more."""
    read = message_from_bytes(content, policy=policy.SMTP)
    if [name.lower() for name in read.keys()] != [name.lower() for name in message.keys()]:  # noqa: SIM118
        _refuse("its headers would not be read as they were meant")


def _refuse(what: str) -> NoReturn:
    raise RejectedError(what, operation="send", hint="it is not sent; mend the message or the address")
