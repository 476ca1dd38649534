"""DKIM signatures (RFC 6376), by dkimpy."""

from __future__ import annotations

from typing import Final

from leadflow.errors import AdapterUnavailableError, AuthenticationError
from leadflow_adapters.secrets import read_secret
from leadflow_adapters.smtp.settings import Dkim

SIGNED: Final = (
    b"from", b"to", b"cc", b"subject", b"date", b"message-id", b"reply-to", b"in-reply-to", b"references",
    b"mime-version", b"content-type", b"content-transfer-encoding", b"auto-submitted",
    b"list-id", b"list-unsubscribe", b"list-unsubscribe-post",
)  # fmt: skip


def sign(content: bytes, settings: Dkim) -> bytes:
    """The message with its signature in front.

    Headers that a message may have once only are signed once more than they are there, so that none can be added. Errors:
    AdapterUnavailableError without dkimpy; AuthenticationError when the key cannot be used.
    """
    try:
        import dkim
    except ImportError as error:
        raise AdapterUnavailableError(
            "signing needs dkimpy", adapter="smtp", operation="sign", hint='pip install "leadflow[smtp]"'
        ) from error
    key = read_secret(settings.key, adapter="smtp")
    head = content.partition(b"\r\n\r\n")[0]
    there = {line.partition(b":")[0].lower() for line in head.split(b"\r\n") if line[:1] not in b" \t"}
    names = [name for name in SIGNED if name in there]
    try:
        signature: bytes = dkim.sign(
            content,
            settings.selector.encode("ascii"),
            settings.domain.encode("ascii"),
            key.encode("ascii"),
            canonicalize=(b"relaxed", b"relaxed"),
            include_headers=[*names, b"from", b"subject", b"to"],
        )
    except (dkim.DKIMException, ValueError, TypeError) as error:
        # The cause may quote the key: it is not passed on.
        raise AuthenticationError(
            f"the key for signing cannot be used ({type(error).__name__})",
            adapter="smtp",
            operation="sign",
            hint="dkim_key refers to a private key in PEM form",
        ) from None
    return signature + content
