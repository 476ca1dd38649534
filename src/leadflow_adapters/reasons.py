"""Why a message came back: hard, soft, blocked or policy. Tables, and a rule how to read them. Pure.

- hard: there is no such address, or it is closed for good
- soft: the mailbox is full, the server busy, the way broken; another day it may work
- blocked: our server, domain or message is taken for unwanted
- policy: who we are or what the message is like is not allowed: size, authentication, relaying, content

A wrong "hard" costs an address for good, so it needs evidence; what nobody can tell is soft.
"""

from __future__ import annotations

import re
from typing import Final

HARD, SOFT, BLOCKED, POLICY = "hard", "soft", "blocked", "policy"
BOUNCES: Final = (HARD, SOFT, BLOCKED, POLICY)

_ENHANCED: Final = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.]|-\d)")
_PLAIN: Final = re.compile(r"(?<![\d.:])([45][0-5]\d)(?=[ \-#:]|$)(?!\.\d)")

_CODES: Final = {
    # RFC 3463, RFC 5248, RFC 7372 and what the large providers document; the class digit is left out.
    HARD: "1.1 1.2 1.3 1.4 1.6 1.9 1.10 2.1 4.4 7.13 7.17 7.18",
    SOFT: "2.2 3.1 3.2 3.5 4.2 4.3 4.5 4.6 4.7 4.8 4.9 4.14 4.310 4.312 4.316 5.3 7.3 7.4 7.5 7.12 1.351",
    BLOCKED: "7.505 7.506 7.508 7.510 7.511 7.514 7.606 7.607 7.608 7.609 7.703 7.705 7.708 7.750",
    POLICY: (
        "1.7 1.8 2.3 2.4 2.254 3.3 3.4 6.0 6.1 6.2 6.3 6.4 6.5 6.6 6.7 6.8 6.9 6.10 7.2 7.6 7.7 7.8 7.9 7.14 7.19 7.20 7.21"
        " 7.22 7.23 7.24 7.25 7.26 7.27 7.28 7.29 7.30 7.57 7.60 7.64 7.124 7.129 7.133 7.134 7.135 7.136 7.137 7.193"
        " 7.507 7.509 7.512 7.513 7.515 7.54"
    ),
}
_BY_CODE: Final = {code: bounce for bounce, codes in _CODES.items() for code in codes.split()}

_WORDS: Final = {
    BLOCKED: (
        "spam", "blacklist", "black list", "blocklist", "block list", "blocked", "blocking", "dnsbl", "rbl", "reputation",
        "unsolicited", "junk mail", "banned", "senderscore", "denylist", "suspicious", "likely unwanted",
        "temporarily deferred due to user complaints", "not accepting mail from", "poor-reputation", "listed by", "listed at",
    ),
    SOFT: (
        "mailbox full", "mailbox is full", "over quota", "overquota", "quota exceeded", "exceeded quota",
        "exceeded storage", "exceeds quota", "out of storage", "insufficient storage", "insufficient system storage",
        "disk quota", "quota", "inbox is full", "try again", "temporar", "greylist", "graylist", "deferred", "timed out",
        "timeout", "time out", "connection refused", "retry time", "retry timeout", "too many", "rate limit", "loop",
        "message expired", "expired", "delivery time", "undeliverable for", "has been delayed", "hop count", "hops",
        "network is unreachable", "no route to host", "lost connection", "not reachable", "overloaded", "resources",
        "storage space", "full mailbox", "postvak vol", "boîte pleine", "postfach voll", "postfach ist voll", "casella piena",
        "buzón lleno",
    ),
    POLICY: (
        "policy", "dmarc", "spf", "dkim", "not authenticated", "authentication required", "unauthenticated",
        "not authorized", "not permitted", "not allowed", "message size", "too large", "too big", "size limit",
        "exceeds size", "maximum size", "content reject", "rejected content", "attachment", "virus", "malware", "relay",
        "relaying", "sender verify", "sender rejected", "sender address rejected", "prohibited", "restricted",
        "administrative prohibition", "line too long", "bare lf", "rfc 5322", "rfc5322", "not rfc", "security polic",
        "helo", "reverse dns", "ptr record", "smtputf8",
    ),
    HARD: (
        "user unknown", "unknown user", "no such user", "no such mailbox", "no such recipient", "no such address",
        "no such person", "no such account", "unknown recipient", "recipient unknown", "unknown address", "unknown account",
        "address unknown", "addressee unknown", "user not found", "recipient not found", "recipientnotfound",
        "mailbox not found", "account not found", "address not found", "couldn't be found", "could not be found",
        "wasn't found", "was not found", "not found by smtp address", "does not exist", "doesn't exist", "dosn't exist",
        "no longer exist", "no longer available", "no longer in use", "no longer valid", "no longer on server",
        "no longer with", "no longer works", "invalid recipient", "invalid mailbox", "invalid address", "invalid user",
        "not a valid", "isn't valid", "no mailbox here", "no mailbox by that name", "not a known", "not known",
        "unrouteable address", "unroutable address", "address rejected", "bad destination mailbox", "account disabled",
        "account is disabled", "account has been disabled", "mailbox disabled", "mailbox is disabled", "disabled",
        "deactivated", "discontinued", "inactive", "account closed", "has been closed", "terminated", "user doesn't have",
        "host or domain name not found", "domain not found", "host not found", "host unknown", "unknown host", "nxdomain",
        "name service error", "unknown domain", "mailbox unavailable", "user is unknown", "unknown or illegal alias",
        "not our customer", "no valid recipients", "not listed in", "isn't in our", "nullmx", "null mx",
        "does not accept mail", "unknown or invalid", "is unknown", "wurde nicht gefunden", "existiert nicht",
        "inconnu", "n'existe pas", "desconocido", "no existe", "sconosciuto", "inesistente", "onbekend", "nieznany",
    ),
}  # fmt: skip
_HARD_ANYWAY: Final = (
    "user unknown", "unknown user", "no such user", "does not exist", "doesn't exist", "unknown in", "user not found",
    "recipient not found", "address not found", "mailbox not found",
    "invalid recipient", "unknown recipient", "no such recipient", "recipientnotfound", "couldn't be found", "wasn't found",
)  # fmt: skip


def codes_in(text: str) -> tuple[str, str]:
    """The first enhanced code of a failure (RFC 3463) and the first plain code (RFC 5321) in a text, or nothing.

    >>> codes_in("smtp; 550 5.1.1 <ana@x.example>: user unknown at 10.1.1.5")
    ('5.1.1', '550')
    """
    enhanced = next((found for found in _ENHANCED.findall(text) if found[0] != "2"), "")
    plain = _PLAIN.search(text)
    return enhanced, "" if plain is None else plain[1]


def bounce_of(status: str, text: str, *, is_final: bool = True) -> str:
    """What kind of bounce a status and the words beside it tell of.

    >>> bounce_of("5.1.1", "user unknown"), bounce_of("5.0.0", "mailbox is full"), bounce_of("5.7.1", "listed at a DNSBL")
    ('hard', 'soft', 'blocked')
    >>> bounce_of("5.7.26", "not authenticated"), bounce_of("5.0.0", ""), bounce_of("4.4.1", "no such user")
    ('policy', 'soft', 'soft')
    """
    words = " ".join(text.lower().split())
    if not is_final or status.startswith("4"):
        return SOFT if not is_final or not _says(words, BLOCKED) else BLOCKED
    code = status.partition(".")[2]
    known = _BY_CODE.get(code)
    if known == HARD and not any(word in words for word in _HARD_ANYWAY):
        # Many a server says "no such address" and means something else; its words say what.
        return next((bounce for bounce in (BLOCKED, SOFT, POLICY) if _says(words, bounce)), HARD)
    if known is not None:
        return known
    if code.startswith("7."):
        # About us or the message, never about the address.
        return next((bounce for bounce in (BLOCKED, SOFT) if _says(words, bounce)), POLICY)
    if any(word in words for word in _HARD_ANYWAY) and not _says(words, BLOCKED):
        return HARD
    return next((bounce for bounce in (BLOCKED, SOFT, POLICY, HARD) if _says(words, bounce)), SOFT)


def _says(words: str, bounce: str) -> bool:
    return any(word in words for word in _WORDS[bounce])
