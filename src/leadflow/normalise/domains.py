"""The domain of a company, from an e-mail address, a web address or a bare name; never a mail provider's."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from leadflow.normalise.emails import email
from leadflow.normalise.folding import BLANK
from leadflow.normalise.free_mail import is_impersonal
from leadflow.normalise.hostnames import ascii_host
from leadflow.normalise.normaliser import unavailable

_MAX_CHARS = 2_083
_SCHEME = re.compile(r"(?:[a-z][a-z0-9+.-]{0,20}:)?//", re.IGNORECASE)
_AFTER_HOST = re.compile(r"[/?#\\]")
_PORT = re.compile(r":\d{0,5}\Z")


def domain(text: str) -> str | None:
    """The host without www; None for free mail, social networks, IP addresses and what is no domain.

    >>> domain("ana@Acme.si"), domain("HTTPS://www.acme.si:443/about?x#y"), domain("acme.si")
    ('acme.si', 'acme.si', 'acme.si')
    >>> domain("ana@gmail.com"), domain("linkedin.com/company/acme"), domain("10.0.0.1")
    (None, None, None)
    """
    host = _host(text.strip(BLANK)[: _MAX_CHARS + 1])
    while host is not None and host.startswith("www.") and "." in host[4:]:
        host = host[4:]
    return None if host is None or is_impersonal(host) else host


def domain_registrable(text: str) -> str | None:
    """The part of the domain that somebody registered (shop.acme.co.uk -> acme.co.uk); needs the extra
    `normalize`.

    Errors: AdapterUnavailableError.

    >>> domain_registrable("https://shop.acme.co.uk/a"), domain_registrable("acme.github.io")
    ('acme.co.uk', 'acme.github.io')
    """
    split = suffix_splitter()
    host = domain(text)
    if host is None:
        return None
    parts = split(host)
    if not parts.domain or not parts.suffix:
        return None
    registered = f"{parts.domain}.{parts.suffix}"
    return None if is_impersonal(registered) else registered


@cache
def suffix_splitter() -> Any:
    """What cuts a host at its public suffix; the list is the package's own, nothing is fetched.

    Errors: AdapterUnavailableError when the package is not installed.
    """
    try:
        import tldextract
    except ImportError:
        raise unavailable("domain-registrable", "tldextract") from None
    return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)


def _host(text: str) -> str | None:
    if len(text) > _MAX_CHARS:
        return None
    scheme = _SCHEME.match(text)
    if scheme is None and "@" in text:
        key = email(text.removeprefix("mailto:"))
        return key.rpartition("@")[2] if key else None
    if scheme is not None:
        text = text[scheme.end() :]
    authority = _AFTER_HOST.split(text, maxsplit=1)[0].rpartition("@")[2]
    return ascii_host(_PORT.sub("", authority))
