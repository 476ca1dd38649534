"""How to reach a mailbox."""

from __future__ import annotations

from base64 import b64encode
from typing import Final

from attrs import frozen

from leadflow_adapters.secrets import check_reference
from leadflow_adapters.urls import Place, invalid, read_url

PORTS: Final = {"none": 143, "starttls": 143, "tls": 993}
PARAMETERS: Final = ("security", "secret", "timeout", "page", "bytes", "delete", "ca")
_HERE: Final = ("localhost", "127.0.0.1", "::1")
_MOST_BYTES: Final = 16 * 1024 * 1024


@frozen(kw_only=True)
class ImapSettings:
    """How to reach a mailbox.

    `secret` is a reference (`env:NAME`, `file:PATH`). `timeout_s` bounds each step; `page` messages are read at once, and
    `most_bytes` of each; with `deletes`, those that were reported are deleted. `ca` is a file of certificates to trust
    beside the system's.
    """

    host: str
    user: str
    secret: str
    port: int = 993
    security: str = "tls"
    folder: str = "INBOX"
    timeout_s: float = 30.0
    page: int = 50
    most_bytes: int = 256 * 1024
    deletes: bool = False
    ca: str | None = None

    @property
    def name(self) -> str:
        """What the mailbox is remembered by."""
        return f"imap://{self.user}@{self.host}:{self.port}/{self.folder}"


def read_settings(url: str) -> ImapSettings:
    """The settings that a URL stands for. Errors: InvalidInputError, which never repeats the URL.

    >>> read_settings("imaps://back%40acme.example@mail.example/INBOX?secret=env:IMAP_PASSWORD").user
    'back@acme.example'
    >>> read_settings("imap://ana@mail.example?secret=env:IMAP_PASSWORD").security
    'starttls'
    """
    place = read_url(url, PARAMETERS)
    given, scheme = place.parameters, place.scheme
    security = place.choice("security", "tls" if scheme == "imaps" else "starttls", tuple(PORTS))
    if scheme == "imaps" and security != "tls":
        raise invalid(scheme, "imaps is TLS from the first byte", "imap://...?security=starttls")
    if place.user is None or "secret" not in given:
        raise invalid(scheme, "it names no user, or no secret", f"{scheme}://user@host/INBOX?secret=env:NAME")
    if security == "none" and place.host not in _HERE:
        raise invalid(scheme, "the secret would travel in the clear", "security=starttls, or imaps://")
    folder = place.path.strip("/") or "INBOX"
    if not all(char.isprintable() for char in f"{folder}{place.user}"):
        raise invalid(scheme, "it holds control characters")
    return ImapSettings(
        host=place.host,
        port=place.port or PORTS[security],
        security=security,
        user=place.user,
        secret=check_reference(given["secret"], "secret"),
        folder=folder,
        timeout_s=place.number("timeout", 30.0),
        page=_whole(place, "page", 50, 1000),
        most_bytes=_whole(place, "bytes", 256 * 1024, _MOST_BYTES),
        deletes=place.choice("delete", "no", ("no", "yes")) == "yes",
        ca=given.get("ca"),
    )


def _whole(place: Place, name: str, default: int, most: int) -> int:
    text = place.parameters.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and 0 < int(text[:12]) <= most):
        raise invalid(place.scheme, f"{name}: expected a whole number from 1 to {most}")
    return int(text)


def quoted(folder: str) -> str:
    """A folder's name as IMAP wants it: in modified UTF-7 (RFC 3501), in quotes.

    >>> quoted("INBOX"), quoted("Rückläufer & mehr")
    ('"INBOX"', '"R&APw-ckl&AOQ-ufer &- mehr"')
    """
    pieces: list[str] = []
    odd = ""
    for char in folder + "\0":
        if " " <= char <= "~" or char == "\0":
            if odd:
                pieces.append(f"&{b64encode(odd.encode('utf-16-be')).decode().rstrip('=').replace('/', ',')}-")
                odd = ""
            pieces.append("&-" if char == "&" else "\\" + char if char in '"\\' else char.strip("\0"))
        else:
            odd += char
    return f'"{"".join(pieces)}"'
