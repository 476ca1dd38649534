"""Links: which record there is which of ours, and what both sides agreed on.

A link is `sending` (committed) before anything leaves, and `synced` once the answer is noted. One found `sending` after a
crash is sent again: an upsert finds what it has made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from attrs import frozen

from leadflow.errors import ConflictError
from leadflow.model.making import quick, replaced
from leadflow.model.values import NOTHING
from leadflow.ports.store import ChangeSet, Store
from leadflow.room import Room, Table


@quick
@frozen(weakref_slot=False)
class Link:
    """A record of ours in a CRM.

    `state` is "sending", "due" (to be looked at again), "new" (made there; it must be told our id), "synced", "asked"
    (fields in `asks` wait for somebody to decide), "refused", "gone" (deleted there; it is not made anew) or "double" (a
    second record there that we take for the same; nothing goes to it). `told` are marks of what both sides agreed on,
    `sending` of what is on its way, `seen` is the version there, and `asks` holds their values.
    """

    table: ClassVar[str] = "crmlink"

    id: str
    kind: str
    record: str
    place: str | None = None
    remote: str | None = None
    seen: str | None = None
    state: str = "due"
    error: str | None = None
    updated_us: int = 0
    told: Mapping[str, Any] = NOTHING
    sending: Mapping[str, Any] = NOTHING
    asks: Mapping[str, Any] = NOTHING
    version: int = 0


ROOM = Room(
    name="crmlinks",
    prepare=lambda playbook, schema, policies: None,
    tables=(Table(Link, indexes=("place", "state")),),
)

Key = tuple[str, str]
"""Kind and id of a record of ours."""


class Links:
    """The links of one CRM, loaded as they are asked for."""

    def __init__(self, store: Store, crm: str) -> None:
        self._store = store
        self.crm = crm

    def id_of(self, kind: str, record: str) -> str:
        """The id of a record's link."""
        return f"{self.crm}|{kind}|{record}"

    def of(self, records: Iterable[Key]) -> dict[Key, Link]:
        """The links of some records of ours, where there are any."""
        ids = {self.id_of(*record): record for record in records}
        found = self._store.load([("crmlink", id_) for id_ in ids]).rows
        return {record: found["crmlink", id_] for id_, record in ids.items() if found["crmlink", id_] is not None}

    def at(self, places: Iterable[Key]) -> dict[Key, Link]:
        """The links of some records there, by kind and id there."""
        keys = {f"{self.crm}|{kind}|{remote}": (kind, remote) for kind, remote in places}
        found = self._store.load([("crmlink.place", place) for place in keys]).rows
        return {key: found["crmlink.place", place][0] for place, key in keys.items() if found["crmlink.place", place]}

    def place(self, kind: str, remote: str) -> str:
        """What a link to a record there is found by."""
        return f"{self.crm}|{kind}|{remote}"

    def put(self, links: Iterable[Link]) -> list[Link]:
        """Keep links as they are now. Errors: ConflictError when somebody else keeps the same CRM in step."""
        rows = {link.id: link for link in links}
        if not rows:
            return []
        before = self._store.load([("crmlink", id_) for id_ in rows])
        put = {}
        for id_, link in rows.items():
            held = before.rows["crmlink", id_]
            if held is not None and held.version != link.version:
                raise ConflictError("somebody else keeps this CRM in step at the same moment", hint="try again later")
            put["crmlink", id_] = replaced(link, version=link.version + 1)
        self._store.commit(ChangeSet(before, put))
        return list(put.values())
