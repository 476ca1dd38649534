"""What a message that came in says of messages that left. Pure: bytes in, a verdict out, never an error."""

from __future__ import annotations

from email.message import Message
from hashlib import blake2b
from typing import Final

from attrs import frozen

from leadflow_adapters.imap.answers import is_automatic
from leadflow_adapters.imap.bounces import DELAYED, DELIVERED, read_bounce
from leadflow_adapters.imap.complaints import read_feedback
from leadflow_adapters.imap.parts import header, ids_in, parsed, parts

KINDS: Final = ("bounced", "delayed", "delivered", "complained", "unsubscribed", "replied", "automatic", "other")


@frozen
class Verdict:
    """What a message is.

    `kind` is one of KINDS. `bounce` is hard, soft, blocked or policy for what bounced or is delayed, `status` the code by
    RFC 3463 where one was given. `messages` are the Message-IDs of what it is about, the likeliest first,
    `recipients` the addresses that a bounce names.
    """

    kind: str
    bounce: str = ""
    status: str = ""
    messages: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()


def classify(content: bytes) -> Verdict:
    """What a message is, whatever its bytes are.

    >>> classify(b"In-Reply-To: <k.leadflow@acme.example>\\r\\nFrom: ana@x.example\\r\\n\\r\\nYes, please call me.")
    Verdict(kind='replied', bounce='', status='', messages=('<k.leadflow@acme.example>',), recipients=())
    >>> classify(b"Auto-Submitted: auto-replied\\r\\nIn-Reply-To: <k@x.example>\\r\\n\\r\\nI am away.").kind
    'automatic'
    >>> classify(b"\\xff\\x00").kind
    'other'
    """
    message = parsed(content)
    found = parts(message)
    feedback = read_feedback(message, found)
    if feedback is not None:
        return Verdict(feedback.kind, messages=feedback.messages)
    bounce = read_bounce(message, found, content)
    if bounce is not None:
        kind = {DELAYED: "delayed", DELIVERED: "delivered"}.get(bounce.action, "bounced")
        return Verdict(kind, bounce.bounce, bounce.status, bounce.messages, bounce.recipients)
    referred = _referred(message)
    if is_automatic(message):
        return Verdict("automatic", messages=referred)
    return Verdict("replied" if referred else "other", messages=referred)


def _referred(message: Message) -> tuple[str, ...]:
    """What a message answers: its In-Reply-To, then its References from the newest."""
    referred = ids_in(header(message, "in-reply-to")) + ids_in(header(message, "references"))[::-1]
    return tuple(dict.fromkeys(referred))


def key_of(content: bytes) -> str:
    """The same for a message wherever it is read: from its Message-ID, else from what it holds.

    >>> key_of(b"Message-ID: <a@x.example>\\n\\nHi") == key_of(b"Message-ID: <a@x.example>\\r\\nX-Moved: yes\\r\\n\\r\\nHi")
    True
    """
    own = ids_in(header(parsed(content), "message-id"))
    named = own[0].encode("utf-8", "surrogatepass") if own else b"\0" + content
    return f"mail-{blake2b(named, digest_size=12).hexdigest()}"
