"""The CRM port: records go out, changes come in, and neither side is overwritten unseen.

Contract version 1. Units: instants in integer microseconds since 1970 UTC; decimals as text. Errors of every verb:

- TransientError: busy, away or over its rate; the same call again is harmless, after `retry_after` seconds at the soonest
- AuthenticationError, AdapterUnavailableError: nothing goes through; the synchronisation stops and everything waits
- UnsupportedCapabilityError: a kind, a field or a lock that the CRM does not offer; nothing was written
- InvalidInputError with the code `unknown_cursor`: the cursor is not known (any more); start from None

What happens to one record of a batch is no error: it is that record's outcome.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, Protocol

from attrs import field, frozen

from leadflow.crm.vocabulary import FIELDS, KINDS, LINKS, Value
from leadflow.errors import UnsupportedCapabilityError
from leadflow.model.values import NOTHING

__all__ = [
    "CAPABILITIES", "CONTRACT", "FIELDS", "KINDS", "LINKS", "Change", "Changes", "Conflict", "Crm", "CrmRecord", "Gone",
    "Offer", "Outcome", "Refused", "Value", "Written", "check_deletes", "check_records",
]  # fmt: skip

CONTRACT = 1
CAPABILITIES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "locks": "a record that changed there since the version that an upsert has seen is a Conflict, and is not written",
        "deletes": "`delete` takes records away",
        "tells_deletes": "`changes` tells which records have gone",
        "custom_fields": "keeps fields of any name, also the scores and grades of leads",
    }
)
"""What a CRM may claim. What it claims must work; what it does not claim must be refused."""


@frozen(kw_only=True)
class Offer:
    """What a CRM offers: its capabilities, and by kind the fields that it keeps. A kind that is not there is not kept.

    `score` and `grade` among the fields of a lead stand for those by any model. `links` are the roles of each kind that it
    keeps (by default all); kinds in `only_told` are told in `changes`, and taken from nobody else.
    """

    capabilities: frozenset[str] = frozenset()
    fields: Mapping[str, frozenset[str]] = NOTHING
    links: Mapping[str, frozenset[str]] = field(factory=lambda: {kind: frozenset(LINKS[kind]) for kind in LINKS})
    only_told: frozenset[str] = frozenset()

    def takes(self, kind: str) -> bool:
        """Whether records of a kind may be written."""
        return kind in self.fields and kind not in self.only_told

    def keeps_link(self, kind: str, role: str) -> bool:
        """Whether a record of a kind is kept with what it refers to in a role."""
        return kind in self.fields and role in self.links.get(kind, ()) and LINKS[kind][role] in self.fields

    def keeps(self, kind: str, name: str) -> bool:
        """Whether a field of a record of this kind is kept.

        >>> Offer(fields={"lead": frozenset({"state"})}).keeps("lead", "score.interest")
        False
        """
        kept = self.fields.get(kind)
        if kept is None:
            return False
        return name in kept or name.partition(".")[0] in kept or "custom_fields" in self.capabilities


@frozen(kw_only=True)
class CrmRecord:
    """A record on its way out.

    `id` is ours and stable; `remote` is its id there, once known. Fields that are not named stay as they are there; None
    makes one blank. `links` are ids there, by role. `seen` is the version there that this was decided on; None: it was
    never seen.
    """

    kind: str
    id: str
    fields: Mapping[str, Value] = NOTHING
    links: Mapping[str, str] = NOTHING
    remote: str | None = None
    seen: str | None = None


@frozen(kw_only=True)
class Written:
    """It is there now, also if it was so before. `version` is what `changes` tells of it until somebody else changes it."""

    remote: str
    version: str


@frozen(kw_only=True)
class Conflict:
    """Nothing was written: somebody else has changed it since. This is how it stands there."""

    remote: str
    version: str
    fields: Mapping[str, Value]
    links: Mapping[str, str] = NOTHING
    at_us: int = 0


@frozen(kw_only=True)
class Refused:
    """Nothing was written, and never will be as it is: a code, the field if it is one, words without personal data.

    The code is `unknown_link` for a link to what is not there, and `closed` for a record that is finished there and takes no
    changes any more.
    """

    code: str
    field: str = ""
    words: str = ""


@frozen(kw_only=True)
class Gone:
    """It is not there any more."""

    remote: str


Outcome = Written | Conflict | Refused | Gone


@frozen(kw_only=True)
class Change:
    """A record as it stands there, or word that it has gone.

    `id` is ours, where the record carries it. `version` is another after every change that somebody else made.
    """

    kind: str
    remote: str
    version: str
    at_us: int
    id: str | None = None
    fields: Mapping[str, Value] = NOTHING
    links: Mapping[str, str] = NOTHING
    is_deleted: bool = False


@frozen(kw_only=True)
class Changes:
    """A page of changes. `is_last`: there are no more for now; `cursor` is where the next page begins."""

    changes: tuple[Change, ...]
    cursor: str
    is_last: bool


class Crm(Protocol):
    """A CRM, or what stands for one."""

    @property
    def offer(self) -> Offer:
        """What it offers; the same all the time."""
        ...

    def upsert(self, records: Sequence[CrmRecord]) -> list[Outcome]:
        """Make records be there as told, found by `remote` or else by our `id`: one outcome each, in their order.

        The same again changes nothing and makes no second one, also after an error half-way. A record with `remote` that
        is not there is Gone, never made anew. With `locks`: one that stands there otherwise than told and than `seen` is a
        Conflict.
        """
        ...

    def changes(self, since: str | None = None, limit: int = 100) -> Changes:
        """Up to `limit` records that changed since a cursor; None: everything there is.

        Whatever changes after a cursor was given is told at or after it, also with equal times; some may be told again.
        """
        ...

    def delete(self, records: Sequence[CrmRecord]) -> list[Outcome]:
        """Take records away: Gone, also if they were. With `locks` and `seen`: a Conflict when somebody changed one."""
        ...

    def close(self) -> None:
        """Release what is held open. Closing twice is harmless."""
        ...


def check_records(records: Sequence[CrmRecord], offer: Offer, adapter: str) -> None:
    """Refuse what a CRM does not offer, before anything is written. Errors: UnsupportedCapabilityError."""
    for record in records:
        if not offer.takes(record.kind):
            raise _unsupported(adapter, f"it takes no {record.kind}")
        strange = [name for name in record.fields if not offer.keeps(record.kind, name)]
        if strange:
            raise _unsupported(adapter, f"it keeps no field {sorted(strange)[0]} of a {record.kind}")
        unknown = [role for role in record.links if not offer.keeps_link(record.kind, role)]
        if unknown:
            raise _unsupported(adapter, f"it keeps no {sorted(unknown)[0]} of a {record.kind}")
        if record.seen is not None and "locks" not in offer.capabilities:
            raise _unsupported(adapter, "it cannot tell whether somebody else has changed a record (locks)")


def check_deletes(offer: Offer, adapter: str) -> None:
    """Refuse to take records away where that is not offered. Errors: UnsupportedCapabilityError."""
    if "deletes" not in offer.capabilities:
        raise _unsupported(adapter, "it takes no records away (deletes)")


def _unsupported(adapter: str, what: str) -> UnsupportedCapabilityError:
    return UnsupportedCapabilityError(
        f"the CRM does not offer this: {what}", adapter=adapter, hint="ask its offer before"
    )
