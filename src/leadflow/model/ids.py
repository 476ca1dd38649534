"""Typed ids. Ids derive from (input key, role, ordinal), so that planning the same input twice makes the same records."""

from __future__ import annotations

from hashlib import blake2b
from typing import NewType

ContactId = NewType("ContactId", str)
AccountId = NewType("AccountId", str)
LeadId = NewType("LeadId", str)
OpportunityId = NewType("OpportunityId", str)
UserId = NewType("UserId", str)
ProductId = NewType("ProductId", str)
VisitorId = NewType("VisitorId", str)
InputKey = NewType("InputKey", str)

_PREFIX = {"contact": "c", "account": "a", "lead": "l", "opportunity": "d", "visitor": "v", "batch": "b"}
_BASE32 = "abcdefghijklmnopqrstuvwxyz234567"
_PAIRS = [first + second for first in _BASE32 for second in _BASE32]
_SHIFTS = (70, 60, 50, 40, 30, 20, 10, 0)
_RECORD = {prefix: record for record, prefix in _PREFIX.items()}


def derive_id(role: str, key: str, ordinal: int = 0) -> str:
    """The id of the record that input `key` makes in a role.

    80 bits of BLAKE2b in lower-case base32 behind a letter that tells the kind of record. Never made from an address,
    so that an id can stand in logs and decisions.

    >>> derive_id("contact", "req-1")
    'c_b36y5d7fmx6tvy6l'
    >>> derive_id("contact", "req-1") == derive_id("contact", "req-1", 1)
    False
    """
    number = int.from_bytes(
        blake2b(f"{role}\0{ordinal}\0{key}".encode("utf-8", "surrogatepass"), digest_size=10).digest()
    )
    pairs = [_PAIRS[number >> shift & 1023] for shift in _SHIFTS]
    return f"{_PREFIX.get(role, role)}_{''.join(pairs)}"


def record_of(id_: str) -> str | None:
    """The kind of record an id of ours names, or None for a foreign id.

    >>> record_of("c_b36y5d7fmx6tvy6l"), record_of("00Q5e")
    ('contact', None)
    """
    head, separator, _ = id_.partition("_")
    return _RECORD.get(head) if separator else None
