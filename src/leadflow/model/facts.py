"""Causes that are not kept, because the input itself is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from attrs import frozen

from leadflow.model.making import quick
from leadflow.model.values import NOTHING


@quick
@frozen(weakref_slot=False)
class InteractionReceived:
    """An interaction counts for a contact (or a visitor not known yet: then `contact` is None)."""

    type: ClassVar[str] = "interaction_received"
    input: str
    kind: str
    at_us: int
    contact: str | None
    lead: str | None
    properties: Mapping[str, Any]

    @property
    def subject(self) -> str:
        """The contact, else the input."""
        return self.contact or self.input


@quick
@frozen(kw_only=True, weakref_slot=False)
class RecordsGiven:
    """An input's mapped values, by record, are ready to find or make their records.

    `wanted` are the records to find or make; `known` gives ids that the input named itself; `strategies` overrides the
    default per target; `always_new` are made without matching; `update` overrides the strategies' update policy;
    `kind` is set when the input also counts as an interaction, with `properties`.
    """

    type: ClassVar[str] = "records_given"
    input: str
    at_us: int
    values: Mapping[str, Mapping[str, Any]]
    wanted: tuple[str, ...]
    known: Mapping[str, str] = NOTHING
    strategies: Mapping[str, str] = NOTHING
    always_new: tuple[str, ...] = ()
    update: str | None = None
    visitor: str | None = None
    kind: str | None = None
    properties: Mapping[str, Any] = NOTHING

    @property
    def subject(self) -> str:
        """The input."""
        return self.input


@quick
@frozen(weakref_slot=False)
class ScoreChanged:
    """The points of a subject changed; a measurement, not a decision."""

    type: ClassVar[str] = "score_changed"
    subject: str
    model: str
    before: int | None
    after: int
