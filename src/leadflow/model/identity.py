"""Who stands for whom: inputs keep their original subject, aliases say who that is now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from attrs import frozen

from leadflow.model.making import quick
from leadflow.model.values import NOTHING


@quick
@frozen(weakref_slot=False)
class Alias:
    """A visitor or a merged-away record, and who stands for it: `into` directly, `root` in the end.

    For a merged record, `children` are the records that moved with it, `before` the values that the other record had in
    the fields it took over, and `state` its own state until then: what taking the merge back needs.
    """

    table: ClassVar[str] = "alias"

    id: str
    into: str
    root: str
    merge: str
    since_us: int = 0
    children: tuple[str, ...] = ()
    before: Mapping[str, Any] = NOTHING
    state: str = ""
    version: int = 0


def standing_for(view: Any, row: type[Any], id_: str) -> Any:
    """The record that stands for `id_` now, or None. Raises Missing like every read of a view."""
    found = view.get(row, id_)
    while found is not None and found.merged_into is not None:
        found = view.get(row, found.merged_into)
    return found


def group_of(view: Any, root: str) -> tuple[str, ...]:
    """The ids that `root` stands for, itself first: merged-away records and visitors."""
    return (root, *(alias.id for alias in view.find(Alias, "root", root)))
