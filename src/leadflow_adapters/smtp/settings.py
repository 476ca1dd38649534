"""How to reach a mail server."""

from __future__ import annotations

from typing import Final

from attrs import frozen

from leadflow.ports.wire import envelope
from leadflow_adapters.secrets import check_reference
from leadflow_adapters.urls import Place, invalid, read_url

PORTS: Final = {"none": 25, "starttls": 587, "tls": 465}
PARAMETERS: Final = (
    "security", "secret", "timeout", "rate", "reuse", "bounces", "hello", "ca", "dkim_domain", "dkim_selector", "dkim_key"
)  # fmt: skip
_HERE: Final = ("localhost", "127.0.0.1", "::1")


@frozen(kw_only=True)
class Dkim:
    """How messages are signed. `key` refers to a private key in PEM form."""

    domain: str
    selector: str
    key: str


@frozen(kw_only=True)
class SmtpSettings:
    """How to reach a mail server.

    `secret` is a reference (`env:NAME`, `file:PATH`). `timeout_s` bounds each step, `rate_per_s` the messages in a second
    (None: as many as go); a connection serves `reuse` messages; `bounces` is the address that failures are reported to,
    where that is not the sender; `hello` is what we call ourselves; `ca` is a file of certificates to trust beside the
    system's.
    """

    host: str
    port: int = 587
    security: str = "starttls"
    user: str | None = None
    secret: str | None = None
    timeout_s: float = 30.0
    rate_per_s: float | None = None
    reuse: int = 100
    bounces: str | None = None
    hello: str | None = None
    ca: str | None = None
    dkim: Dkim | None = None


def read_settings(url: str) -> SmtpSettings:
    """The settings that a URL stands for. Errors: InvalidInputError, which never repeats the URL.

    >>> read_settings("smtp://ana@mail.example?secret=env:SMTP_PASSWORD").port
    587
    """
    place = read_url(url, PARAMETERS)
    given = place.parameters
    security = place.choice("security", "tls" if place.port == PORTS["tls"] else "starttls", tuple(PORTS))
    secret = None if "secret" not in given else check_reference(given["secret"], "secret")
    if (place.user is None) != (secret is None):
        raise invalid("smtp", "a user needs a secret, and a secret a user", "smtp://user@host?secret=env:NAME")
    if secret is not None and security == "none" and place.host not in _HERE:
        raise invalid("smtp", "the secret would travel in the clear", "security=starttls or security=tls")
    if place.path.strip("/"):
        raise invalid("smtp", "nothing may follow the host but parameters")
    return SmtpSettings(
        host=place.host,
        port=place.port or PORTS[security],
        security=security,
        user=place.user,
        secret=secret,
        timeout_s=place.number("timeout", 30.0),
        rate_per_s=place.number("rate", 0.0) or None,
        reuse=int(place.number("reuse", 100)) or 1,
        bounces=None if "bounces" not in given else envelope(given["bounces"]),
        hello=given.get("hello"),
        ca=given.get("ca"),
        dkim=_dkim(place),
    )


def _dkim(place: Place) -> Dkim | None:
    given = {name: place.parameters[name] for name in place.parameters if name.startswith("dkim_")}
    if not given:
        return None
    if len(given) < 3:
        raise invalid("smtp", "signing needs all of dkim_domain, dkim_selector, dkim_key")
    return Dkim(
        domain=given["dkim_domain"],
        selector=given["dkim_selector"],
        key=check_reference(given["dkim_key"], "dkim_key"),
    )
