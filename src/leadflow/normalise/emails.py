"""E-mail addresses: the stored form, the match key and the looser hint.

Policy: no display names, comments, quoted local parts or IP literals; the domain has two labels or more and
becomes ASCII (IDNA), a trailing dot is dropped; the local part may be in any script and is stored as typed.
Homographs stay apart, since their ASCII forms differ. The key folds the case of the local part; +tags and
dots stay.
"""

from __future__ import annotations

import re
import unicodedata

from leadflow.normalise.folding import BLANK, casefolded
from leadflow.normalise.hostnames import ascii_host

_MAX_ADDRESS_BYTES = 254
_MAX_LOCAL_BYTES = 64
# Plain ASCII, the usual case. Possessive, so that junk fails in linear time; up to 64 characters, so that no
# length needs checking; no double hyphen, so that IDNA labels take the long way.
_PLAIN_KEY = re.compile(
    r"[a-z0-9_'%+-]++(?:\.[a-z0-9_'%+-]++)*+@(?:[a-z0-9]++(?:-[a-z0-9]++)*+\.)++[a-z]{2,}"
).fullmatch
_PLAIN_ADDRESS = re.compile(
    r"[A-Za-z0-9_'%+-]++(?:\.[A-Za-z0-9_'%+-]++)*+@(?:[A-Za-z0-9]++(?:-[A-Za-z0-9]++)*+\.)++[A-Za-z]{2,}"
).fullmatch
_PLAIN_MAX_CHARS = 64
_LOCAL_ASCII = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+/=?^_`{|}~-.")
_GMAIL = ("gmail.com", "googlemail.com")


def email(text: str) -> str | None:
    """The match key of an e-mail address, or None for what is none.

    >>> email("Ana.Kos+news@EXAMPLE.si"), email(" žiga@bücher.example\\u200b")
    ('ana.kos+news@example.si', 'žiga@xn--bcher-kva.example')
    >>> email("ana@"), email('"ana kos"@example.si'), email("ana@[127.0.0.1]")
    (None, None, None)
    """
    key = text.lower()
    if len(key) <= _PLAIN_MAX_CHARS and _PLAIN_KEY(key):
        return key
    parts = _parts(text)
    return f"{casefolded(parts[0])}@{parts[1]}" if parts else None


def email_loose(text: str) -> str | None:
    """The key without the +tag, and for Gmail without dots: a hint that two addresses may be one person's.

    Never use it for sending or suppression.

    >>> email_loose("a.na+news@googlemail.com"), email_loose("a.na+news@example.si")
    ('ana@gmail.com', 'a.na@example.si')
    """
    key = email(text)
    if key is None:
        return None
    local, _, domain = key.rpartition("@")
    local = local.split("+", 1)[0] or local
    if domain in _GMAIL:
        return f"{local.replace('.', '')}@{_GMAIL[0]}"
    shorter = f"{local}@{domain}"
    # "a.+b" is an address, "a." is none: then the + belongs to the name.
    return shorter if email(shorter) == shorter else key


def parse_email(text: str) -> str | None:
    """The address to store: trimmed, domain in lower-case ASCII, local part exactly as typed; None when
    invalid.

    >>> parse_email(" Ana.Kos@Example.SI "), parse_email("ana@bücher.example"), parse_email("ana@example")
    ('Ana.Kos@example.si', 'ana@xn--bcher-kva.example', None)
    """
    if len(text) <= _PLAIN_MAX_CHARS and _PLAIN_ADDRESS(text):
        local, _, domain = text.rpartition("@")
        return f"{local}@{domain.lower()}"
    parts = _parts(text)
    return f"{parts[0]}@{parts[1]}" if parts else None


def _parts(text: str) -> tuple[str, str] | None:
    text = text.strip(BLANK)
    if len(text) > _MAX_ADDRESS_BYTES:
        return None
    local, _, domain = text.rpartition("@")
    host = ascii_host(domain) if _is_local(local) else None
    if host is None:
        return None
    longest = max(len(local.encode()), len(casefolded(local).encode()))
    return (local, host) if longest <= _MAX_LOCAL_BYTES and longest + 1 + len(host) <= _MAX_ADDRESS_BYTES else None


def _is_local(local: str) -> bool:
    if not local or local[0] == "." or local[-1] == "." or ".." in local:
        return False
    if local.isascii():
        return _LOCAL_ASCII.issuperset(local)
    # The canonical form is what is compared later, so that is what must be clean.
    composed = unicodedata.normalize("NFC", local)
    return all(char in _LOCAL_ASCII or unicodedata.category(char)[0] in "LMN" for char in composed + local)
