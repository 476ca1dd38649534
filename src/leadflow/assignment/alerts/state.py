"""What alerting keeps: when an owner was last told, what his next digest names, how he wants to hear of what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from attrs import frozen

from leadflow.model.making import quick
from leadflow.model.values import NOTHING
from leadflow.room import Table


@quick
@frozen(weakref_slot=False)
class Alert:
    """When an owner was last told of a kind of activity of a lead; `count` is what happened since without a word."""

    table: ClassVar[str] = "alert"

    id: str
    lead_id: str
    told_us: int = 0
    count: int = 0
    version: int = 0


@quick
@frozen(weakref_slot=False)
class Digest:
    """The leads of a user that were active since his last digest; `due_us` is when he gets the next."""

    table: ClassVar[str] = "digest"

    id: str
    leads: tuple[str, ...] = ()
    due_us: int | None = None
    version: int = 0


@quick
@frozen(weakref_slot=False)
class Preference:
    """How a user wants to hear of kinds of activity."""

    table: ClassVar[str] = "preference"

    id: str
    kinds: Mapping[str, str] = NOTHING
    version: int = 0


TABLES = (Table(Preference), Table(Alert, indexes=("lead_id",)), Table(Digest, due="due_us"))
