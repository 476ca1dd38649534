"""What matching keeps: who holds a key, and who stands for whom."""

from __future__ import annotations

from typing import ClassVar

from attrs import frozen

from leadflow.model.identity import Alias
from leadflow.model.making import quick
from leadflow.room import Table


@quick
@frozen(weakref_slot=False)
class MatchKey:
    """One value of one key of a strategy, and the records that have it: (as they were made, who stands for them now).

    The id names target, fields, normalisers with versions, and the normalised value. A guard against two racing
    creators: both expect the same version of this row, and one loses.

    >>> MatchKey("contact|email@email.1|ana@example.si", (("c_1", "c_1"),)).holders
    ('c_1',)
    """

    table: ClassVar[str] = "matchkey"

    id: str
    records: tuple[tuple[str, str], ...] = ()
    version: int = 0

    @property
    def holders(self) -> tuple[str, ...]:
        """Who stands for the records of this key now, each once."""
        return tuple(dict.fromkeys(now for _, now in self.records))


def _pack(records: tuple[tuple[str, str], ...]) -> str:
    return " ".join(made if made == now else f"{made}>{now}" for made, now in records)


def _unpack(text: str) -> tuple[tuple[str, str], ...]:
    if " " not in text and ">" not in text:
        return ((text, text),) if text else ()
    pairs = (part.partition(">") for part in text.split(" "))
    return tuple((made, now or made) for made, _, now in pairs)


TABLES = (
    Table(MatchKey, packed={"records": (_pack, _unpack)}),
    Table(Alias, indexes=("root", "into")),
)
