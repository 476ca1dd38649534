"""What changed since: by the moment of the last change, and by id among those of one moment.

A transaction becomes visible when it ends and bears the moment at which it began. So a new walk begins some minutes before
the last one ended, and tells what changed in these minutes again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from attrs import evolve, frozen

from leadflow_adapters.tryton.door import Door
from leadflow_adapters.tryton.translate import STATUSES

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NAME: Final = "tryton"

SOURCES: Final = (
    ("lead", "sale.opportunity", "id", ()),
    ("opportunity", "sale.opportunity", "id", (("state", "in", [*STATUSES]),)),
    ("party", "party.party", "id", ()),
    ("party", "party.contact_mechanism", "party.id", ()),
    ("party", "party.address", "party.id", ()),
    ("user", "company.employee", "id", ()),
)
"""(what changed, where it is looked for, the id it is known by, what else must hold)."""


@frozen(order=True)
class Listed:
    """Something that changed."""

    at_us: int
    what: str
    id: int


@frozen
class Cursor:
    """`since_us`: up to where the last walk came. `at`: where this one stands."""

    since_us: int = 0
    at: Listed | None = None

    @classmethod
    def read(cls, text: str | None) -> Cursor | None:
        """The cursor of a text; None for one that is not ours.

        >>> Cursor.read(Cursor(5, Listed(9, "lead", 3)).text), Cursor.read("x")
        (Cursor(since_us=5, at=Listed(at_us=9, what='lead', id=3)), None)
        """
        if text is None:
            return cls()
        name, *parts = text.split(":")
        if name != _NAME or len(parts) not in (1, 4) or not all(part.isdigit() for part in (*parts[:2], *parts[3:])):
            return None
        return cls(int(parts[0]), None if len(parts) == 1 else Listed(int(parts[1]), parts[2], int(parts[3])))

    @property
    def text(self) -> str:
        """As it is handed out."""
        at = "" if self.at is None else f":{self.at.at_us}:{self.at.what}:{self.at.id}"
        return f"{_NAME}:{self.since_us}{at}"

    def after(self, listed: Sequence[Listed], *, is_last: bool) -> Cursor:
        """Where to go on."""
        at = listed[-1] if listed else self.at
        if not is_last:
            return evolve(self, at=at)
        return Cursor(max(self.since_us, 0 if at is None else at.at_us))


def candidates(door: Door, cursor: Cursor, limit: int, overlap_s: float) -> tuple[list[Listed], bool]:
    """Up to `limit` changes after a cursor, in order, and whether these are all."""
    floor_us = max(0, cursor.since_us - round(overlap_s * 1e6))
    found: set[Listed] = set()
    for what, model, id_field, also in SOURCES:
        found.update(_query(door, what, model, id_field, [*also, *_after(cursor, what, id_field, floor_us)], limit + 1))
    listed = sorted(found)
    return listed[:limit], len(listed) <= limit


def _after(cursor: Cursor, what: str, id_field: str, floor_us: int) -> list[Any]:
    if cursor.at is None:
        return [["last_modified_at", ">=", moment_of(floor_us)]] if floor_us else []
    moment = moment_of(cursor.at.at_us)
    later: list[Any] = ["last_modified_at", ">", moment]
    if what < cursor.at.what:
        return [later]
    if what > cursor.at.what:
        return [["last_modified_at", ">=", moment]]
    return [["OR", later, [["last_modified_at", "=", moment], [id_field, ">", cursor.at.id]]]]


def _query(door: Door, what: str, model: str, id_field: str, domain: list[Any], limit: int) -> Iterable[Listed]:
    order = [["last_modified_at", "ASC"], [id_field, "ASC"]]
    name = id_field.removesuffix(".id")
    fields = ["last_modified_at", *([] if name == "id" else [name])]
    rows = door.call(f"{model}.search_read", domain, 0, limit, order, fields, context={"active_test": what != "user"})
    return (Listed(us_of(row["last_modified_at"]), what, row[name]) for row in rows if row[name] is not None)


def us_of(moment: datetime) -> int:
    """A moment in microseconds since 1970 UTC."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def moment_of(at_us: int) -> datetime:
    """The moment of so many microseconds."""
    return _EPOCH + timedelta(microseconds=at_us)
