"""A message as it came, taken apart with bounds on size, depth and time. Pure.

Whatever the bytes are, something comes of them: a message that is nested too deep or cannot be parsed is its header alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.parser import BytesHeaderParser
from typing import Any, Final

MOST_BYTES: Final = 256 * 1024
"""As much of a message is looked at: reports and headers come first, what was returned comes last."""
_MOST_NESTED: Final = 30
_MOST_PARTS: Final = 60
_MOST_HEADER_BYTES: Final = 64 * 1024
_MOST_IDS: Final = 60
_NESTING: Final = re.compile(rb"multipart/|message/", re.IGNORECASE)
ODD: Final = (ValueError, LookupError, AttributeError, TypeError, AssertionError, RecursionError)
"""What the standard library's parser raises on messages that it does not expect; found with random bytes."""
_TAGS: Final = re.compile(r"^(?:\[[^\]]{0,40}\]|\([^)]{0,40}\)|\*+|\s+)+")
_ID: Final = re.compile(r"<[^<>\s@]{1,200}@[^<>\s@]{1,200}>")
_TEXT_ID: Final = re.compile(
    r"^[>| \t]{0,20}message-id:[ \t]{0,20}(?:\r?\n[ \t]{1,20})?(<[^<>\s]{3,400}>)", re.I | re.M
)


def parsed(content: bytes) -> Message:
    """The message, or its header where the whole cannot be had."""
    content = content[:MOST_BYTES]
    if len(_NESTING.findall(content)) <= _MOST_NESTED:
        try:
            return message_from_bytes(content)
        except ODD:
            pass
    head = content.replace(b"\r\n", b"\n").partition(b"\n\n")[0][:_MOST_HEADER_BYTES]
    try:
        found: Message = BytesHeaderParser().parsebytes(head + b"\n\n")
    except ODD:
        found = Message()
    return found


def header(message: Message, name: str) -> str:
    """A header's value on one line; empty when there is none, or none that can be read.

    >>> header(parsed(b"Subject: a\\n b\\n\\n"), "subject")
    'a b'
    """
    try:
        value = message.get(name)
    except ODD:
        return ""
    return " ".join(str(value)[:_MOST_HEADER_BYTES].split()) if value is not None else ""


def subject_of(message: Message) -> str:
    """The subject, decoded, in lower case, without the tags that servers put before it."""
    subject = header(message, "subject")[:500]
    try:
        pieces = [
            text.decode(charset or "ascii", "replace") if isinstance(text, bytes) else text
            for text, charset in decode_header(subject)
        ]
    except (HeaderParseError, *ODD):
        pieces = [subject]
    return _TAGS.sub("", " ".join("".join(pieces).split())).lower()


def parts(message: Message) -> list[Message]:
    """The message and its parts in order, the first few of them; what is inside returned messages too."""
    found: list[Message] = []
    waiting = [message]
    while waiting and len(found) < _MOST_PARTS:
        part = waiting.pop(0)
        found.append(part)
        waiting = inner(part) + waiting
    return found


def inner(part: Message) -> list[Message]:
    """The parts of a part; of a returned message, the message."""
    held = part.get_payload() if part.is_multipart() else None
    return [each for each in held if isinstance(each, Message)] if isinstance(held, list) else []


def kind_of(part: Message) -> str:
    """The content type, in lower case.

    >>> kind_of(parsed(b"Content-Type: Message/RFC822\\n\\n"))
    'message/rfc822'
    """
    try:
        return part.get_content_type()
    except ODD:
        return "text/plain"


def parameter(part: Message, name: str) -> str:
    """A parameter of the content type, in lower case."""
    try:
        value: Any = part.get_param(name, "")
    except ODD:
        return ""
    return value.strip().lower() if isinstance(value, str) else ""


def text_of(part: Message) -> str:
    """A part's content as text, decoded as well as it goes."""
    try:
        content = part.get_payload(decode=True)
    except ODD:
        return ""
    if not isinstance(content, bytes):
        return ""
    try:
        return content.decode(part.get_content_charset() or "utf-8", "replace")
    except ODD:
        return content.decode("utf-8", "replace")


def ids_in(text: str) -> list[str]:
    """The Message-IDs in a header such as References, the last ones where there are many.

    >>> ids_in("<a@x.example> <b@x.example>")
    ['<a@x.example>', '<b@x.example>']
    """
    return _ID.findall(text)[-_MOST_IDS:]


def ids_in_text(text: str) -> list[str]:
    """The Message-IDs of messages that are quoted with their headers in a text."""
    return [found[:500] for found in _TEXT_ID.findall(text)[:_MOST_IDS]]


def blocks(part: Message) -> Iterator[Message]:
    """The groups of fields in a message/delivery-status or message/feedback-report, however it was labelled."""
    held = inner(part)
    if not held:
        yield from _fields(text_of(part))
    for each in held[:_MOST_PARTS]:
        # Servers that leave a blank line out, or too many in, put fields into what is parsed as a body.
        yield each
        yield from _fields(text_of(each))


def _fields(text: str) -> Iterator[Message]:
    for group in re.split(r"\n[ \t]*\n", text[:_MOST_HEADER_BYTES].replace("\r\n", "\n"))[:_MOST_PARTS]:
        if ":" in group:
            yield BytesHeaderParser().parsebytes(group.strip().encode("utf-8", "replace") + b"\n\n")
